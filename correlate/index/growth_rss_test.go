package index

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"whence/correlate"
)

// BenchmarkGrowth is the whole table over Pebble, caches by default: what a look-up
// costs in processor time, evenly spread and as it is in life (the youngest tenth is
// asked for nine times of ten), and what the process has taken at the most. Run it
// for one size at a time: the peak is that of the process.
func BenchmarkGrowth(b *testing.B) {
	for _, n := range benchSizes() {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			p, err := OpenPebble(b.TempDir(), 64<<20)
			if err != nil {
				b.Fatal(err)
			}
			d := Default()
			table := local(b, d.HotBytes, d.CacheBytes, p)
			began := cpuSeconds()
			settled(b, table, n)
			atRest(b, p)
			stored := (cpuSeconds() - began) * 1e9 / float64(n)
			r := rand.New(rand.NewPCG(1, 1))
			for _, w := range []struct {
				name string
				next func() int
			}{
				{"even", func() int { return r.IntN(n) }},
				{"young", func() int {
					if r.IntN(10) > 0 {
						return n - 1 - r.IntN(n/10)
					}
					return r.IntN(n)
				}},
			} {
				b.Run(w.name, func(b *testing.B) {
					keys := make([]string, 1<<18)
					for i := range keys {
						keys[i] = estateKey(w.next()).Value
					}
					look := lookerOf(table)
					before := table.Stats().StoreReads
					began := cpuSeconds()
					for i := 0; b.Loop(); i++ {
						look(b, correlate.Key{Kind: session, Value: keys[i%len(keys)]})
					}
					b.ReportMetric((cpuSeconds()-began)*1e9/float64(b.N), "cpu-ns/op")
					b.ReportMetric(100*float64(table.Stats().StoreReads-before)/float64(b.N), "store-%")
					b.ReportMetric(stored, "store-cpu-ns/fact")
					b.ReportMetric(peakMiB(), "peak-MiB")
				})
			}
		})
	}
}

// atRest waits until the store has done what it is behind with, or that counts as
// look-ups'.
func atRest(b *testing.B, p *Pebble) {
	if err := p.db.Flush(); err != nil {
		b.Fatal(err)
	}
	p.work()
	for idle := 0; idle < 3; idle++ {
		if p.db.Metrics().Compact.NumInProgress > 0 {
			idle = 0
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// peakMiB is the most memory this process has had.
func peakMiB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(fields[0], 64)
	return kib / 1024
}
