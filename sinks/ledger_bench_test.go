//go:build unix

package sinks_test

import (
	"crypto/ed25519"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"whence/correlate/ledger"
	"whence/sinks"
)

func benchRun(lane string) *ledger.Run {
	signer := ledger.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	return signer.Open(lane, ledger.Head{}, func() time.Time { return day })
}

// What a ledger costs: steps of 500 usual rows, encoded with and without one.
func BenchmarkLedger(b *testing.B) {
	const step = 500
	for name, run := range map[string]*ledger.Run{"off": nil, "on": benchRun("raw/0")} {
		b.Run(name, func(b *testing.B) {
			encode := sinks.NewEncoder()
			out := sinks.Output{Ledger: run}
			for i := range step {
				out.Chains = append(out.Chains, usualChain(i))
			}
			b.ReportAllocs()
			cpu := processorTime(b)
			for b.Loop() {
				if _, err := encode(&out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(processorTime(b)-cpu)/float64(b.N*step), "cpu-ns/row")
		})
	}
}

// The same with a ClickHouse behind it, whose own work is not counted.
func BenchmarkLedgerInserted(b *testing.B) {
	for _, on := range []bool{false, true} {
		b.Run(map[bool]string{false: "off", true: "on"}[on], func(b *testing.B) {
			c := clickHouse(b, func(cfg *sinks.ClickHouseConfig) { cfg.BatchRows, cfg.Linger = 3*lanes*each, 200*time.Millisecond })
			outs := make([]sinks.Output, lanes)
			for i := range outs {
				for j := range each {
					outs[i].Chains = append(outs[i].Chains, usualChain((i*each+j)%3600))
				}
				if on {
					outs[i].Ledger = benchRun("raw/" + string(rune('a'+i)))
				}
			}
			cpu := processorTime(b)
			for b.Loop() {
				var g errgroup.Group
				for i := range outs {
					g.Go(func() error { return c.Write(b.Context(), &outs[i]) })
				}
				if err := g.Wait(); err != nil {
					b.Fatal(err)
				}
			}
			rows := float64(b.N * lanes * each)
			b.ReportMetric(float64(processorTime(b)-cpu)/rows, "cpu-ns/row")
			b.ReportMetric(float64(b.Elapsed())/rows, "ns/row")
			if !on {
				return
			}
			b.StopTimer()
			begun, mine := time.Now(), processorTime(b)
			r, err := ledger.Verify(b.Context(), c, ledger.Options{Keys: ledger.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))).Keys(), Now: day})
			if err != nil || !r.Intact() {
				b.Fatalf("%v: %+v", err, r)
			}
			b.ReportMetric(float64(time.Since(begun))/float64(r.Entries), "verify-ns/entry")
			b.ReportMetric(float64(processorTime(b)-mine)/float64(r.Entries), "verify-cpu-ns/entry")
		})
	}
}
