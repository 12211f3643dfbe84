//go:build unix

package sinks_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
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

// usualChain is what most chains look like: two hops, nothing minted or approved,
// and as many different names, addresses and numbers as an estate has.
func usualChain(n int) correlate.Chain {
	c := fullChain(n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	pick := func(format string, n int) string { return fmt.Sprintf(format, int(float64(n)*r.Float64()*r.Float64())) }
	random := func(bytes int) string {
		b := make([]byte, bytes)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return hex.EncodeToString(b)
	}
	c.Mints, c.Approvers, c.Candidates, c.Waits = nil, nil, nil, nil
	c.Missing, c.Reason, c.Error, c.Outcome = correlate.Key{}, "", "", correlate.Success
	c.Uses, c.Hops, c.Usage = c.Uses[:1], c.Hops[:2], correlate.Usage{}
	c.Requestor.ID = pick("person%d@example.com", 5000)
	c.Requestor.Name = c.Requestor.ID
	c.Actor.ID = pick("arn:aws:sts::123456789012:assumed-role/deploy/session-%d", 100_000)
	c.EventID, c.Evidence.SHA256, c.Evidence.Offset = random(16), random(32), int64(n)
	c.Action = pick("svc:DescribeSomething%d", 400)
	c.Context = correlate.Context{
		IP: fmt.Sprintf("10.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256)), Account: pick("12345678%04d", 40), Region: pick("eu-west-%d", 12),
		Agent: pick("aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOARCH#amd64 api/s3#1.58.%d", 300),
	}
	c.Resources[0].ID = pick("arn:aws:s3:::shop/receipts/%d", 1_000_000)
	key := correlate.Key{Kind: "aws.access_key", Value: "ASIA" + random(8)}
	c.Hops[0].Key, c.Hops[0].Principal, c.Uses[0].Key, c.Uses[0].Principal = key, c.Actor, key, correlate.Principal{}
	c.Hops[0].EventID, c.Hops[1].EventID, c.Walked = random(16), random(16), []correlate.Key{key, c.Hops[1].Key}
	for i := range c.Hops {
		c.Hops[i].Principal.Names, c.Hops[i].State = nil, ""
	}
	c.Actor.Names, c.Requestor.Names = nil, nil
	c.Seal(1)
	return c
}
