package pipeline

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate/index"
	"whence/sinks"
	"whence/sources"
)

// nowhere is a sink that everything fits into.
type nowhere struct{ chains int }

func (n *nowhere) Name() string                { return "nowhere" }
func (n *nowhere) Close(context.Context) error { return nil }
func (n *nowhere) Write(_ context.Context, out *sinks.Output) error {
	n.chains += len(out.Chains)
	return nil
}

// steadyLane is a lane whose sessions are all known, and n records of theirs.
func steadyLane(t testing.TB, n int) (*lane, []*kgo.Record, *nowhere) {
	t.Helper()
	l := lonelyLane(t)
	store, sink, at := index.NewMemory(), &nowhere{}, time.Now().Truncate(time.Second)
	l.resolver.Index, l.sink, l.poison = store, sink, false
	l.walker, l.work = l.resolver.NewWalker(), newWork(false)
	var minted sources.Batch
	records := make([]*kgo.Record, n)
	for i := range n {
		l.source.DecodeRecord(sources.Input{Raw: []byte(issues(i, keyOf(i), "alice@example.com", at.Add(-time.Minute)))}, &minted)
		records[i] = &kgo.Record{Topic: trailTopic, Offset: int64(i), Timestamp: at, Value: []byte(deletes(n+i, keyOf(i), at))}
	}
	for i := range minted.Events {
		if err := store.Put(minted.Events[i].Mints, nil); err != nil {
			t.Fatal(err)
		}
	}
	return l, records, sink
}

// TestStepAllocatesNothing: from the fetched record to what the sinks are given, once
// a lane has its size.
func TestStepAllocatesNothing(t *testing.T) {
	const n = 1000
	l, records, sink := steadyLane(t, n)
	batch := make([]*kgo.Record, n)
	perStep := testing.AllocsPerRun(10, func() {
		copy(batch, records)
		if err := l.step(t.Context(), batch, nil, false); err != nil {
			t.Fatal(err)
		}
	})
	if l.window.Len() != 0 || sink.chains < 10*n {
		t.Fatalf("%d chains are parked, %d were written", l.window.Len(), sink.chains)
	}
	if perStep > n/20 { // of the step itself: metrics, the place
		t.Errorf("%v allocations in a step of %d events", perStep, n)
	}
}

func BenchmarkStep(b *testing.B) {
	const n = 2000
	l, records, _ := steadyLane(b, n)
	batch := make([]*kgo.Record, n)
	b.ReportAllocs()
	for b.Loop() {
		copy(batch, records)
		if err := l.step(b.Context(), batch, nil, false); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
}
