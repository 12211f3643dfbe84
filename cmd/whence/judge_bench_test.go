package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"whence/correlate"
	"whence/rules"
	"whence/sources"
	"whence/sources/simulate"
)

// BenchmarkJudgeAll asks the library, all Sigma rules of WHENCE_SIGMA or
// ../shared/sigma, and made-up rules until there are 500, about the events of a simulated
// month: first of the line, then of the chain. Quiet are the events that raise nothing,
// as nearly all do where people are known. The naive loop asks each rule by itself.
func BenchmarkJudgeAll(b *testing.B) {
	dir := os.Getenv("WHENCE_SIGMA")
	if dir == "" {
		dir = filepath.FromSlash("../../../shared/sigma")
	}
	if _, err := os.Stat(dir); err != nil {
		b.Skip("SIGMA'S PUBLIC RULES ARE NOT HERE: set WHENCE_SIGMA to their folder to run this benchmark")
	}
	cfg := rules.Config{Library: true, Sigma: []rules.Folder{{FS: os.DirFS(dir)}}}
	set, err := rules.Open(cfg)
	if err != nil {
		b.Fatal(err)
	}
	cfg.Folders = []rules.Folder{{FS: fillers(500 - len(set.Rules()))}}
	if set, err = rules.Open(cfg); err != nil {
		b.Fatal(err)
	}
	events, chains := judged(b)
	var alerts []correlate.Alert
	every, quiet := quietOf(set, events, chains)
	for _, part := range []struct {
		name          string
		of            []int
		notice, judge bool
	}{{"", every, true, true}, {"/notice", every, true, false}, {"/judge", every, false, true}, {"/quiet", quiet, true, true}} {
		b.Run(fmt.Sprintf("rules=%d%s", len(set.Rules()), part.name), func(b *testing.B) {
			j := set.NewJudge()
			b.ReportAllocs()
			raised := 0
			began := cpuTime()
			for i := 0; b.Loop(); i++ {
				at := part.of[i%len(part.of)]
				if part.notice {
					events[at].Signals = nil
					j.Notice(events[at])
				}
				if part.judge {
					alerts = j.Judge(nil, &chains[at], alerts[:0])
					raised += len(alerts)
				}
			}
			b.ReportMetric(float64(cpuTime()-began)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(raised)/float64(b.N), "alerts/op")
		})
	}
	b.Run("naive", func(b *testing.B) {
		var each []*rules.Judge
		for _, id := range idsOf(set) {
			only, err := set.Only(id)
			if err != nil {
				b.Fatal(err)
			}
			each = append(each, only.NewJudge())
		}
		began := cpuTime()
		for i := 0; b.Loop(); i++ {
			at := i % len(events)
			for _, j := range each {
				events[at].Signals = nil
				j.Notice(events[at])
				alerts = j.Judge(nil, &chains[at], alerts[:0])
			}
		}
		b.ReportMetric(float64(cpuTime()-began)/float64(b.N), "cpu-ns/op")
	})
}

// quietOf are the places of all events, and of those that raise nothing.
func quietOf(set *rules.Set, events []*correlate.Event, chains []correlate.Chain) (every, quiet []int) {
	j := set.NewJudge()
	for i, e := range events {
		every = append(every, i)
		if j.Notice(e); len(e.Signals) == 0 && len(j.Judge(nil, &chains[i], nil)) == 0 {
			quiet = append(quiet, i)
		}
	}
	return every, quiet
}

// fillers are n rules about named actions, classes and accounts, as those of a SOC are.
func fillers(n int) fstest.MapFS {
	class := []string{"write", "admin", "secret", "deploy", "model"}
	out := fstest.MapFS{}
	for i := range n {
		when := fmt.Sprintf(`action in ["s3:Put%d", "ec2:Run%d"] and outcome == "success" and requestor.type != "human" and context.account == "1234567890%02d"`, i, i, i%97)
		switch i % 4 {
		case 0:
			when = fmt.Sprintf(`class == %q and outcome == "success" and not proven and context.account == "1234567890%02d"`, class[i%5], i%97)
		case 1:
			when = fmt.Sprintf(`class == %q and any(resources, .id startsWith "arn:aws:s3:::vault-%d/")`, class[i%5], i)
		}
		out[fmt.Sprintf("filler-%03d.yaml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"{id: filler-%03d, title: t, severity: low, why: w, when: '%s', tests: [{name: n, match: false, chain: {class: read}}]}", i, when)}
	}
	return out
}

// judged are events of a simulated month with their lines, and their chains.
func judged(b *testing.B) (events []*correlate.Event, chains []correlate.Chain) {
	b.Helper()
	cfg := simulate.Month(30)
	cfg.Events = 4000
	estate := simulate.New(cfg)
	seen := map[correlate.ID][]byte{}
	var all []*correlate.Event
	var batch sources.Batch
	for r := range estate.Records {
		s, _ := sources.Find(r.Source)
		batch.Reset()
		line := bytes.Clone(r.Value)
		s.DecodeRecord(sources.Input{Raw: line, Scope: estate.Scopes()[r.Source]}, &batch)
		for i := range batch.Events {
			e := batch.Events[i].Clone()
			if seen[e.ID] == nil {
				seen[e.ID] = line
				all = append(all, &e)
			}
		}
	}
	chains, err := settle(b.Context(), all, nil, false)
	if err != nil {
		b.Fatal(err)
	}
	for i := range chains {
		e := chains[i].Event
		e.Line = seen[e.ID]
		events = append(events, &e)
	}
	return events, chains
}
