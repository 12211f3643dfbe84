//go:build unix

package sinks_test

import (
	"syscall"
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

// One row is one chain, encoded, sent and acknowledged. The server is a process of
// its own on the same cores: cpu-ns/row is what the sink costs us, ns/row is not.
func BenchmarkClickHouse(b *testing.B) {
	for name, one := range map[string]func(int) correlate.Chain{"full": fullChain, "usual": usualChain} {
		for _, compression := range []string{"lz4", "zstd", "none"} {
			b.Run(name+"/"+compression, func(b *testing.B) {
				c := clickHouse(b, func(cfg *sinks.ClickHouseConfig) {
					cfg.BatchRows, cfg.Linger, cfg.Compression = lanes*each, 200*time.Millisecond, compression
				})
				outs := make([]sinks.Output, lanes)
				for i := range outs {
					for j := range each {
						outs[i].Chains = append(outs[i].Chains, one((i*each+j)%3600))
					}
				}
				b.ReportAllocs()
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
			})
		}
	}
}

// processorTime is what this process has used so far, collector included.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Encoding alone: what else a row costs is the connection's, ch-go's and the
// kernel's.
func BenchmarkEncode(b *testing.B) {
	for name, one := range map[string]func(int) correlate.Chain{"full": fullChain, "usual": usualChain} {
		b.Run(name, func(b *testing.B) {
			encode := sinks.NewEncoder()
			var out sinks.Output
			for i := range each {
				out.Chains = append(out.Chains, one(i))
			}
			b.ReportAllocs()
			var size int
			cpu := processorTime(b)
			for b.Loop() {
				var err error
				if size, err = encode(&out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(processorTime(b)-cpu)/float64(b.N*each), "cpu-ns/row")
			b.ReportMetric(float64(size)/each, "B/row")
		})
	}
}

// What an insert does to a row beside talking: encode it with those of its lane, join
// blocks into parts, and compress these.
func BenchmarkWire(b *testing.B) {
	const step = 512 // as a lane writes
	var outs []sinks.Output
	for i := range lanes {
		var out sinks.Output
		for j := range step {
			out.Chains = append(out.Chains, usualChain(i*step+j))
		}
		outs = append(outs, out)
	}
	pack := sinks.NewPacker(func() time.Duration { return processorTime(b) })
	var sum sinks.Packed
	if err := pack(outs, &sum); err != nil { // the memory grows
		b.Fatal(err)
	}
	sum = sinks.Packed{}
	b.ReportAllocs()
	for b.Loop() {
		if err := pack(outs, &sum); err != nil {
			b.Fatal(err)
		}
	}
	rows := float64(b.N * len(outs) * step)
	b.ReportMetric(float64(sum.Encode)/rows, "encode-ns/row")
	b.ReportMetric(float64(sum.Join)/rows, "join-ns/row")
	b.ReportMetric(float64(sum.Compress)/rows, "lz4-ns/row")
	b.ReportMetric(float64(sum.Bytes)/rows, "B/row")
	b.ReportMetric(float64(sum.Compressed)/rows, "lz4-B/row")
}
