package sinks_test

import (
	"testing"
	"time"

	"whence/correlate"
	"whence/sinks"
)

// One row is one chain, encoded, sent and acknowledged; the server works on the
// same cores.
func BenchmarkClickHouse(b *testing.B) {
	for name, one := range map[string]func(int) correlate.Chain{"full": fullChain, "usual": usualChain} {
		b.Run(name, func(b *testing.B) {
			c := clickHouse(b, func(cfg *sinks.ClickHouseConfig) { cfg.Linger = time.Millisecond })
			out := &sinks.Output{Chains: make([]correlate.Chain, 20_000)}
			for i := range out.Chains {
				out.Chains[i] = one(i % 3600)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Write(b.Context(), out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(out.Chains)), "ns/row")
		})
	}
}

// usualChain is what most chains look like: two hops, nothing minted or approved.
func usualChain(n int) correlate.Chain {
	c := fullChain(n)
	c.Mints, c.Approvers, c.Candidates, c.Waits = nil, nil, nil, nil
	c.Uses, c.Hops, c.Usage = c.Uses[:1], c.Hops[:2], correlate.Usage{}
	for i := range c.Hops {
		c.Hops[i].Principal.Names = nil
	}
	c.Actor.Names, c.Requestor.Names = nil, nil
	c.Seal(1)
	return c
}
