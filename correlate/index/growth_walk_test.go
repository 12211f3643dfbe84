package index

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"whence/correlate"
)

// BenchmarkCold walks events of sessions that are met for the first time, as when a
// million sessions act once each: chains of two to four hops, every look-up by a key
// and by a name, and nothing of it in the caches of the processor.
func BenchmarkCold(b *testing.B) {
	for _, n := range benchSizes() {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			p, err := OpenPebble(b.TempDir(), 64<<20)
			if err != nil {
				b.Fatal(err)
			}
			d := Default()
			table := local(b, d.HotBytes, d.CacheBytes, p)
			site{n}.settle(b, table)
			atRest(b, p)
			began, reads := peakMiB(), table.Stats().StoreReads
			walks(b, table, site{n})
			entries, bytes, _, _ := table.hot.stats()
			b.ReportMetric(began, "peak-MiB")
			b.ReportMetric(float64(entries)/float64(n), "entries/session")
			b.ReportMetric(float64(bytes)/float64(n), "B/session")
			b.ReportMetric(float64(table.Stats().StoreReads-reads)/float64(b.N*coldBatch), "reads/walk")
		})
	}
}

const coldBatch = 512

func walks(b *testing.B, table *Table, s site) {
	r := &correlate.Resolver{Index: table, Kinds: kinds(), Directory: s.directory(b), Finished: correlate.NewFinished(1 << 20)} // which is soon full
	w := r.NewWalker()
	events, chains := make([]correlate.Event, coldBatch), make([]correlate.Chain, coldBatch)
	other := make([]byte, 16<<20)
	rng := rand.New(rand.NewPCG(7, 1))
	var cpu float64
	hops, reused := 0, 0
	b.ResetTimer()
	for range b.N {
		for i := range events {
			s.act(&events[i], rng.IntN(s.sessions))
		}
		for i := 0; i < len(other); i += 64 {
			other[i]++
		}
		began := cpuSeconds()
		w.Ahead(events)
		for i := range events {
			if err := w.Walk(b.Context(), &events[i], &chains[i]); err != nil {
				b.Fatal(err)
			}
			w.Settle(&chains[i], correlate.FileClock{})
		}
		cpu += cpuSeconds() - began
		for i := range chains {
			hops += len(chains[i].Hops)
			if chains[i].Status != correlate.Attributed {
				b.Fatalf("%+v", chains[i])
			}
		}
		reused += w.Reused()
		w.Reset()
	}
	n := float64(b.N * coldBatch)
	b.ReportMetric(cpu*1e9/n, "cpu-ns/walk")
	b.ReportMetric(float64(hops)/n, "hops/walk")
	b.ReportMetric(float64(reused)/n, "reused/walk")
}

// A site is an estate in which three sessions in ten are those of persons, and the
// others were asked for with one of them, or with one of the four in ten after them.
type site struct{ sessions int }

const (
	sitePeople = 5000
	siteRoles  = 300
)

// facts are what is told of session n: its account, and the name it goes by.
func (s site) facts(n int) [2]correlate.Fact {
	first, second := s.sessions*3/10, s.sessions*7/10
	rng := rand.New(rand.NewPCG(uint64(n), 2))
	f := estateFact(n)
	l := &f.Parents[0]
	switch {
	case n < first:
		l.Key, l.Proof = correlate.Key{}, correlate.Attested
		l.Principal = correlate.Principal{Type: correlate.Human, ID: fmt.Sprintf("person.%d@example.com", rng.IntN(sitePeople)), Issuer: "saml"}
	case n < second:
		l.Key = estateKey(rng.IntN(first))
	default:
		l.Key = estateKey(first + rng.IntN(second-first))
	}
	f.Time = day.Add(time.Duration(n*3600/s.sessions) * time.Second)
	f.Start, f.End = f.Time, f.Time.Add(12*time.Hour)
	f.Principal.ID = fmt.Sprintf("%s.%d", f.Principal.ID, n)
	name := f
	name.Kind, name.Target, name.Principal, name.Parents = correlate.Binding, f.Key, correlate.Principal{}, nil
	role := estateBytes("role", rng.IntN(siteRoles), 10)
	own := f.Principal.ID[strings.LastIndexByte(f.Principal.ID, '/')+1:]
	name.Key = correlate.Key{Kind: roleName, Value: fmt.Sprintf("AROA%X:%s", role[:8], own)}
	return [2]correlate.Fact{f, name}
}

func (s site) settle(tb testing.TB, table *Table) {
	facts := make([]correlate.Fact, 0, applyBatch)
	for i := range s.sessions {
		told := s.facts(i)
		if facts = append(facts, told[:]...); len(facts) == cap(facts) || i == s.sessions-1 {
			if _, err := table.apply(facts, nil); err != nil {
				tb.Fatal(err)
			}
			facts = facts[:0]
		}
	}
}

// act makes e an action by session n.
func (s site) act(e *correlate.Event, n int) {
	told := s.facts(n)
	f, name := &told[0], &told[1]
	*e = correlate.Event{
		ID: f.Origin, Source: f.Source, EventID: "event", Time: day.Add(2 * time.Hour), Actor: f.Principal,
		Action: "s3:GetObject", Class: correlate.Read, Outcome: correlate.Success,
		Uses: []correlate.Link{
			{Role: correlate.Acting, Key: f.Key, Proof: correlate.Attested, Method: "aws.cloudtrail.accessKeyId"},
			{Role: correlate.Requestor, Key: name.Key, Proof: correlate.Inferred, Method: "aws.role_session", At: f.Start},
		},
	}
}

func (s site) directory(tb testing.TB) *correlate.Directory {
	entries := make([]correlate.Entry, 4*sitePeople)
	for i := range entries {
		entries[i] = correlate.Entry{
			ID: fmt.Sprintf("person.%d@example.com", i), Type: correlate.Human, Name: fmt.Sprintf("Person %d", i), Unit: "shop",
			Aliases: []string{fmt.Sprintf("aws:arn:aws:iam::123456789012:user/person.%d", i)},
		}
	}
	d, err := correlate.NewDirectory(1, entries)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}
