package sinks_test

import (
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"whence/correlate"
	"whence/sinks"
)

const (
	lanes = 16
	each  = 1500 // chains of one write
)

// One row is one chain, encoded, sent and acknowledged; the server works on the
// same cores.
func BenchmarkClickHouse(b *testing.B) {
	for name, one := range map[string]func(int) correlate.Chain{"full": fullChain, "usual": usualChain} {
		b.Run(name, func(b *testing.B) {
			c := clickHouse(b, func(cfg *sinks.ClickHouseConfig) { cfg.BatchRows, cfg.Linger = lanes*each, time.Second })
			outs := make([]sinks.Output, lanes)
			for i := range outs {
				for j := range each {
					outs[i].Chains = append(outs[i].Chains, one((i*each+j)%3600))
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				var g errgroup.Group
				for i := range outs {
					g.Go(func() error { return c.Write(b.Context(), &outs[i]) })
				}
				if err := g.Wait(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*lanes*each), "ns/row")
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
