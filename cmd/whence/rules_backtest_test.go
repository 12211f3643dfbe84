package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"whence/correlate"
	"whence/sinks"
)

// drafts are a rule of single chains that matches two of the lines, one that a later
// line closes, and one over time.
var drafts = map[string]string{
	"bucket-read.yaml": `{id: bucket-read, title: An object was read, severity: low, why: w, group: [executor.id], suppress: 1h,
		when: 'action startsWith "s3:"', tests: [{name: n, match: false, chain: {class: read}}]}`,
	"nobody.yaml": `{id: nobody, title: Nobody is known, severity: high, why: w,
		when: 'status == "unattributed" and class == "write"', tests: [{name: n, match: false, chain: {class: read}}]}`,
	"many.yaml": `{id: many, title: Many, severity: low, why: w, sources: [aws.cloudtrail], group: [executor.id],
		when: 'outcome == "success"', over: {window: 1h, more_than: 1},
		tests: [{name: n, chains: [{class: read, executor: {id: a}}], alerts: []}]}`,
}

func draftRules(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range drafts {
		write(t, filepath.Join(dir, name), []byte(text))
	}
	return dir
}

// backtested runs whence rules backtest --json and returns what it says of each rule.
func backtested(t *testing.T, args ...string) (backtestReport, map[string]ruleReport) {
	t.Helper()
	code, out := whence(t, append([]string{"rules", "backtest", "--json"}, args...)...)
	if code != exitDone {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	var all backtestReport
	of := map[string]ruleReport{}
	lines := bufio.NewScanner(strings.NewReader(out))
	for n := 0; lines.Scan(); n++ {
		var r ruleReport
		into := any(&r)
		if n == 0 {
			into = &all
		}
		if err := json.Unmarshal(lines.Bytes(), into); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if n > 0 {
			of[r.Rule] = r
		}
	}
	return all, of
}

func TestBacktestFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trail.json")
	// The line that tells of the session comes after one that uses it: as seconds are
	// all that CloudTrail has, that happens.
	late := strings.Replace(lines[1], "2026-03-04T12:00:00Z", "2026-03-04T12:05:30Z", 1)
	write(t, path, []byte(lines[0]+"\n"+late+"\n"+lines[2]+"\n"))
	folder := draftRules(t)
	all, of := backtested(t, "--rules", folder, path)
	if all.Events != 3 || all.Alerts != 3 || all.Rules != 3 {
		t.Errorf("%+v", all)
	}
	read := of["bucket-read"]
	if read.Alerts != 2 || read.Told != 1 || read.Days["2026-03-04"] != 2 || len(read.Chains) != 2 || read.Groups[0].Alerts != 2 || read.Principals[0].Alerts != 2 {
		t.Errorf("%+v", read)
	}
	if r := of["many"]; r.Alerts != 1 {
		t.Errorf("of the rule over time: %+v", r)
	}
	if r := of["nobody"]; r.Alerts != 0 || r.Closed == nil || *r.Closed != 1 {
		t.Errorf("of the rule that a later line answers: %+v", r)
	}
	code, out := whence(t, "rules", "backtest", "--rules", folder, "--rule", "bucket-read", "--max-per-day", "1", path)
	if code != exitFailed || !strings.Contains(out, "bucket-read 2.0") || strings.Contains(out, "many") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if code, out := whence(t, "rules", "backtest", "--rule", "root-account-used", "--max-per-day", "0", path); code != exitDone {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if _, of := backtested(t, "--rules", folder, "--since", "30s", path); of["bucket-read"].Alerts != 1 {
		t.Errorf("of the last seconds: %+v", of["bucket-read"])
	}
	for _, args := range [][]string{{"--rule", "nothing", path}, {"--since", "a while", path}, {"--rules", t.TempDir(), path}} {
		if code, out := whence(t, append([]string{"rules", "backtest"}, args...)...); code != exitWrong {
			t.Errorf("%v: exit code %d\n%s", args, code, out)
		}
	}
}

func TestBacktestStored(t *testing.T) {
	ctx, broker, engine := servers(t)
	config := configFile(t, broker.Addr(), engine.Addr(), "")
	s, err := readSettings(config)
	if err != nil {
		t.Fatal(err)
	}
	store, err := sinks.OpenClickHouse(ctx, s.sinks().ClickHouse, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	var out sinks.Output
	for i := range 100 {
		c := correlate.Chain{Event: correlate.Event{
			ID: correlate.NewID("chain", fmt.Sprint(i)), ActionID: correlate.NewID("chain", fmt.Sprint(i)), Source: "aws.cloudtrail", Time: now.Add(-time.Duration(i+1) * time.Hour),
			Primary: true, Action: "s3:GetObject", Class: correlate.Write, Outcome: correlate.Success, Actor: correlate.Principal{Issuer: "aws", ID: fmt.Sprint("u", i%3)},
		}, Status: correlate.Unattributed, Settled: true}
		c.Seal(0)
		out.Chains = append(out.Chains, c)
	}
	out.Alerts = []correlate.Alert{{ID: correlate.NewID("x"), Rule: "bucket-read", State: correlate.AlertClosed, Version: 3, Time: now.Add(-time.Hour)}}
	if err := store.Write(ctx, &out); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(ctx); err != nil {
		t.Fatal(err)
	}
	all, of := backtested(t, "-c", config, "--rules", draftRules(t), "--since", "2d")
	read := of["bucket-read"]
	if all.Events < 47 || all.Events > 48 || read.Alerts != all.Events || len(read.Groups) != 3 {
		t.Errorf("%+v\n%+v", all, read)
	}
	if read.Installed == nil || *read.Installed != (counted{0, 1}) || read.Closed != nil {
		t.Errorf("of what is installed: %+v", read.Installed)
	}
	code, text := whence(t, "rules", "backtest", "-c", config, "--rules", draftRules(t))
	if code != exitDone || !strings.Contains(text, "100 events, 3 rules, 200 alerts") || !strings.Contains(text, "has raised 1: 0 open now, 1 closed") {
		t.Errorf("exit code %d\n%s", code, text)
	}
}
