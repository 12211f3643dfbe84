package sinks_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"whence/correlate"
	"whence/sinks"
)

// A bench is one sink with what the contract test needs to look behind it.
type bench struct {
	sink sinks.Sink
	// current returns the version of each chain that a reader of the
	// destination takes for the current one.
	current func(t *testing.T) map[correlate.ID]uint64
	// stall makes the destination take nothing until resume is called.
	stall, resume func()
}

// Every sink is in this table and keeps the whole contract.
func TestContract(t *testing.T) {
	for name, open := range map[string]func(*testing.T) bench{
		"clickhouse": benchClickHouse,
		"kafka":      benchKafka,
		"lines":      benchLines,
		"fan":        benchFan,
		"feeds":      benchFeeds,
	} {
		t.Run(name, func(t *testing.T) {
			for name, test := range map[string]func(*testing.T, bench){
				"durable before return":    durableBeforeReturn,
				"repeat is harmless":       repeatIsHarmless,
				"older version loses":      olderVersionLoses,
				"empty output":             emptyOutput,
				"big output":               bigOutput,
				"concurrent writers":       concurrentWriters,
				"cancel is prompt":         cancelIsPrompt,
				"cancelled before":         cancelledBefore,
				"close waits, then refuse": closeWaitsThenRefuses,
				"close gives up":           closeGivesUp,
			} {
				t.Run(name, func(t *testing.T) {
					b := open(t)
					t.Cleanup(func() {
						b.resume()
						_ = b.sink.Close(context.Background())
					})
					test(t, b)
				})
			}
		})
	}
}

func durableBeforeReturn(t *testing.T, b bench) {
	c := fullChain(1)
	err := b.sink.Write(t.Context(), &sinks.Output{
		Chains: []correlate.Chain{c}, Facts: c.Mints,
		Alerts: []correlate.Alert{alertOn(&c, correlate.AlertOpen)}, Rejects: []correlate.Reject{someReject(1)},
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, b, c)
}

func repeatIsHarmless(t *testing.T, b bench) {
	write(t, b.sink, fullChain(1), bareChain(1), bareChain(1))
	write(t, b.sink, bareChain(1), fullChain(1))
	want(t, b, fullChain(1), bareChain(1))
}

func olderVersionLoses(t *testing.T, b bench) {
	old := fullChain(1)
	write(t, b.sink, improved(old))
	write(t, b.sink, old)
	want(t, b, improved(old))
	other := bareChain(2) // both in one output
	write(t, b.sink, improved(other), other)
	want(t, b, improved(old), improved(other))
}

func emptyOutput(t *testing.T, b bench) {
	write(t, b.sink)
	want(t, b)
}

func bigOutput(t *testing.T, b bench) {
	chains := make([]correlate.Chain, 20_000)
	for i := range chains {
		chains[i] = bareChain(i * 450) // 105 days: more partitions than an insert may touch by default
	}
	write(t, b.sink, chains...)
	want(t, b, chains...)
}

func concurrentWriters(t *testing.T, b bench) {
	var all []correlate.Chain
	var g errgroup.Group
	for w := range 8 {
		for i := range 10 {
			all = append(all, bareChain(100*w+i))
		}
		mine := all[len(all)-10:]
		g.Go(func() error {
			for _, c := range mine {
				if err := b.sink.Write(t.Context(), &sinks.Output{Chains: []correlate.Chain{c}}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	want(t, b, all...)
}

func cancelIsPrompt(t *testing.T, b bench) {
	write(t, b.sink, bareChain(0)) // it is connected
	b.stall()
	patient := make(chan error, 1)
	go func() {
		patient <- b.sink.Write(context.Background(), &sinks.Output{Chains: []correlate.Chain{bareChain(1)}})
	}()
	ctx, cancel := context.WithCancel(t.Context())
	impatient := make(chan error, 1)
	out := &sinks.Output{Chains: []correlate.Chain{fullChain(2)}}
	go func() { impatient <- b.sink.Write(ctx, out) }()
	select {
	case err := <-impatient:
		t.Fatalf("the destination takes nothing, and Write returned %v", err)
	case err := <-patient:
		t.Fatalf("the destination takes nothing, and Write returned %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	cancel()
	if err := soon(t, impatient); !errors.Is(err, context.Canceled) {
		t.Errorf("after the cancel: got %v", err)
	}
	// out is the caller's again: the sink must not look at it any more.
	out.Chains[0].Version++
	out.Chains[0].Hops[0].Method = "scribble"
	b.resume()
	if err := soon(t, patient); err != nil {
		t.Errorf("the one who waited: %v", err)
	}
	got := b.current(t)
	if v, ok := got[fullChain(2).ID]; ok && v != fullChain(2).Version {
		t.Errorf("the row that was let go has version %d, want %d or no row", v, fullChain(2).Version)
	}
	if got[bareChain(1).ID] != bareChain(1).Version {
		t.Errorf("the row of the one who waited is not there")
	}
}

func cancelledBefore(t *testing.T, b bench) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.sink.Write(ctx, &sinks.Output{Chains: []correlate.Chain{bareChain(1)}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func closeWaitsThenRefuses(t *testing.T, b bench) {
	write(t, b.sink, bareChain(0))
	b.stall()
	under := make(chan error, 1)
	go func() {
		under <- b.sink.Write(context.Background(), &sinks.Output{Chains: []correlate.Chain{bareChain(1)}})
	}()
	select {
	case err := <-under:
		t.Fatalf("the destination takes nothing, and Write returned %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	closed := make(chan error, 1)
	go func() { closed <- b.sink.Close(context.Background()) }()
	b.resume()
	if err := soon(t, under); err != nil {
		t.Errorf("the write under way: %v", err)
	}
	if err := soon(t, closed); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := b.sink.Close(t.Context()); err != nil {
		t.Errorf("close again: %v", err)
	}
	if err := b.sink.Write(t.Context(), &sinks.Output{Chains: []correlate.Chain{bareChain(2)}}); !errors.Is(err, sinks.ErrClosed) {
		t.Errorf("write after close: got %v, want %v", err, sinks.ErrClosed)
	}
}

func closeGivesUp(t *testing.T, b bench) {
	write(t, b.sink, bareChain(0))
	b.stall()
	under := make(chan error, 1)
	go func() {
		under <- b.sink.Write(context.Background(), &sinks.Output{Chains: []correlate.Chain{bareChain(1)}})
	}()
	select {
	case err := <-under:
		t.Fatalf("the destination takes nothing, and Write returned %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	closed := make(chan error, 1)
	go func() { closed <- b.sink.Close(ctx) }()
	if err := soon(t, closed); !errors.Is(err, context.Canceled) {
		t.Errorf("close: got %v", err)
	}
	b.resume()
	_ = soon(t, under) // either way: it must not hang
}

// want compares what a reader takes for current.
func want(t *testing.T, b bench, chains ...correlate.Chain) {
	t.Helper()
	w := map[correlate.ID]uint64{}
	for _, c := range chains {
		w[c.ID] = c.Version
	}
	if got := b.current(t); !maps.Equal(got, w) {
		t.Errorf("current rows: got %s, want %s", brief(got), brief(w))
	}
}

func brief(m map[correlate.ID]uint64) string {
	if len(m) > 5 {
		return fmt.Sprintf("%d rows", len(m))
	}
	return fmt.Sprint(m)
}

// soon waits for what should come at once, with a bound that a slow machine keeps.
func soon(t *testing.T, c <-chan error) error {
	t.Helper()
	select {
	case err := <-c:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("nothing happened for 20 seconds")
		return nil
	}
}
