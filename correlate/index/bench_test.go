package index

import (
	"fmt"
	"testing"

	"whence/correlate"
)

const benchSessions = 100_000

// filled is a table over Pebble that holds benchSessions sessions of one fact.
func filled(b *testing.B, hotBytes, cacheBytes int64) (*Table, []correlate.Key) {
	b.Helper()
	p, err := OpenPebble(b.TempDir(), 256<<20)
	if err != nil {
		b.Fatal(err)
	}
	table := local(b, hotBytes, cacheBytes, p)
	keys := make([]correlate.Key, benchSessions)
	var facts []correlate.Fact
	for i := range keys {
		keys[i] = key(i)
		facts = append(facts, account(keys[i], fmt.Sprint(i), day))
	}
	if _, err := table.apply(facts, nil); err != nil {
		b.Fatal(err)
	}
	return table, keys
}

// benchLookup asks for all keys evenly, which is the worst case for the
// processor's caches: real look-ups come back to few keys.
func benchLookup(b *testing.B, table *Table, keys []correlate.Key) {
	look := lookerOf(table)
	b.ReportAllocs()
	began := cpuSeconds()
	for i := 0; b.Loop(); i++ {
		look(b, keys[(i*7919)%len(keys)])
	}
	b.ReportMetric((cpuSeconds()-began)*1e9/float64(b.N), "cpu-ns/op")
}

func BenchmarkLookupHot(b *testing.B) {
	table, keys := filled(b, 256<<20, 0)
	_, bytes, _, _ := table.hot.stats()
	for _, n := range []int{1000, benchSessions} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			benchLookup(b, table, keys[:n])
			b.ReportMetric(float64(bytes)/benchSessions, "B/session")
		})
	}
}

func BenchmarkLookupCold(b *testing.B) {
	table, keys := filled(b, 0, 256<<20)
	for range 2 { // a burst of fills loses some
		for i, k := range keys {
			if _, err := table.Lookup(b.Context(), k, day); err != nil {
				b.Fatal(err)
			}
			if i%1000 == 0 {
				table.cold.settle()
			}
		}
	}
	benchLookup(b, table, keys)
}

func BenchmarkLookupPebble(b *testing.B) {
	table, keys := filled(b, 0, 0)
	benchLookup(b, table, keys)
}

func BenchmarkLookupUnknown(b *testing.B) {
	table, keys := filled(b, 64<<20, 64<<20)
	for i := range keys {
		keys[i].Value += "x"
	}
	ctx := b.Context()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if s, err := table.Lookup(ctx, keys[(i*7919)%len(keys)], day); err != nil || len(s.Facts) > 0 {
			b.Fatal(s, err)
		}
	}
}

// BenchmarkApply is Bind without Kafka: read, merge, store, show.
func BenchmarkApply(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("facts=%d", size), func(b *testing.B) {
			table, _ := filled(b, 64<<20, 64<<20)
			facts := make([]correlate.Fact, size)
			b.ReportAllocs()
			for n := benchSessions; b.Loop(); {
				for i := range facts {
					facts[i] = account(key(n), "x", day)
					n++
				}
				if _, err := table.apply(facts, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/fact")
		})
	}
}

func BenchmarkBind(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("facts=%d", size), func(b *testing.B) {
			broker := newBroker(b)
			store, err := OpenPebble(b.TempDir(), 64<<20)
			if err != nil {
				b.Fatal(err)
			}
			table := broker.table(b, store)
			facts := make([]correlate.Fact, size)
			b.ReportAllocs()
			for n := 0; b.Loop(); {
				for i := range facts {
					facts[i] = account(key(n), "x", day)
					n++
				}
				bind(b, table, facts...)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/fact")
		})
	}
}
