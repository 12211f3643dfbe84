package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/sinks"
)

// TestBrokerAwayWhileRunning takes an instance off the network for as long as it
// takes, and it goes on by itself. It says what it waits for, and says it once.
func TestBrokerAwayWhileRunning(t *testing.T) {
	want := calm(t)
	inFakeTime(t, func(t *testing.T, b *bench) {
		b.cfg.RepairEvery = 5 * time.Second
		b.fill(testEvents)
		in := b.start(nil)
		b.ready(in)
		b.until("some lines are in", func() bool { return b.sink.len() > 0 })
		in.wire.cut()
		began := time.Now()
		time.Sleep(time.Minute)
		ws := in.Waiting()
		if len(ws) != 1 || ws[0].For != "kafka" || ws[0].Since.Sub(began).Abs() > 30*time.Second || ws[0].Why == "" {
			t.Errorf("after a minute without brokers it waits for %+v", ws)
		}
		if got := in.metric("whence_waiting_seconds", "for=kafka"); got < 30 || got > 60 {
			t.Errorf("it has waited for kafka for %g seconds; want nearly 60", got)
		}
		time.Sleep(b.outage())
		select {
		case err := <-in.done:
			t.Fatalf("Run returned %v", err)
		default:
		}
		in.wire.mend()
		b.until("everything is in", func() bool { return b.sink.len() >= testEvents && b.read() })
		time.Sleep(time.Minute)
		if ws := in.Waiting(); len(ws) > 0 {
			t.Errorf("it still waits for %+v", ws)
		}
		in.stop(t)
		if said := in.log.saying(""); len(said) > 10 {
			t.Errorf("an outage took %d lines to log: %q", len(said), said)
		}
		b.finish()
		if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
			t.Errorf("(-calm +got):\n%s", d)
		}
	})
}

// TestStopWithoutBroker ends in time although nothing can be committed.
func TestStopWithoutBroker(t *testing.T) {
	inFakeTime(t, func(t *testing.T, b *bench) {
		b.fill(testEvents)
		in := b.start(nil)
		b.ready(in)
		b.until("some lines are in", func() bool { return b.sink.len() > 0 })
		in.wire.cut()
		time.Sleep(time.Minute)
		began := time.Now()
		in.stop(t)
		if took := time.Since(began); took > 4*b.cfg.DrainTimeout {
			t.Errorf("the stop took %s; want no more than four times DrainTimeout (%s)", took, b.cfg.DrainTimeout)
		}
	})
}

// TestSinksAwayInTurn has two sinks, of which one is away, and then the other. What
// one has, the other gets; nothing goes on without either.
func TestSinksAwayInTurn(t *testing.T) {
	want := calm(t)
	inFakeTime(t, func(t *testing.T, b *bench) {
		b.open(testEvents)
		half := testEvents / 2
		b.produce(lines(testEvents)[:half])
		first, second := b.sink, newMemSink()
		in := b.build()
		in.sink = sinks.NewFan(first, second)
		answer := first.blocks()
		b.launch(in)
		b.ready(in)
		members := b.members()
		time.Sleep(b.outage())
		if first.written() > 0 || second.len() == 0 || second.len() >= len(want) {
			t.Errorf("while the first is away it has %d rows, and the second %d chains of %d", first.written(), second.len(), len(want))
		}
		if b.read() {
			t.Error("it commits what one of the sinks lacks")
		}
		later := second.blocks()
		b.produce(lines(testEvents)[half:])
		answer()
		time.Sleep(b.outage())
		if first.len() == 0 || b.read() {
			t.Errorf("while the second is away the first has %d chains, and all is committed: %t", first.len(), b.read())
		}
		later()
		b.until("everything is in", func() bool { return first.len() >= testEvents && second.len() >= testEvents && b.read() })
		if after := b.members(); after != members {
			t.Errorf("the members were %q and are %q", members, after)
		}
		in.stop(t)
		b.finish()
		if d := cmp.Diff(want, first.contents(t)); d != "" {
			t.Errorf("the first (-calm +got):\n%s", d)
		}
	})
}

// produce writes records to the topics they are of.
func (b *bench) produce(records []*kgo.Record) {
	b.t.Helper()
	client := b.client()
	defer client.Close()
	if err := client.ProduceSync(b.t.Context(), records...).FirstErr(); err != nil {
		b.t.Fatal(err)
	}
}

// TestBoundsDuringAnOutage has more waiting than any bound allows, on every lane.
func TestBoundsDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const records, rows = 3000, 400
		b := trailBench(t)
		b.cfg.QueueRecords, b.cfg.StepRecords, b.cfg.FlightRows, b.cfg.WindowBytes = 200, 1, rows, 1<<20
		for p := range int32(rawPartitions) {
			var lines []string
			for n := range records {
				lines = append(lines, deletes(int(p)*records+n, keyOf(n), time.Now()))
			}
			for some := range slices.Chunk(lines, 300) {
				b.sendTogether(p, some)
			}
		}
		answer := b.sink.blocks()
		in := b.build()
		in.sink = taking{b.sink}
		b.launch(in)
		b.ready(in)
		for range 120 {
			time.Sleep(5 * time.Second)
			synctest.Wait()
			parked := 0
			for p := range int32(rawPartitions) {
				parked += in.lane(p).window.Len()
			}
			in.turns.mu.Lock()
			flying := in.turns.flying
			in.turns.mu.Unlock()
			// One step may come on top where nothing else is on its way.
			if flying > rows || flying == 0 {
				t.Fatalf("%d rows are on their way; want up to %d", flying, rows)
			}
			if most := 2*rows + rawPartitions*maxBatch; parked > most {
				t.Fatalf("%d chains are parked; want up to %d", parked, most)
			}
		}
		answer()
		b.until("everything is in", func() bool { return b.sink.len() == rawPartitions*records && b.read() })
		in.stop(t)
	})
}

// taking is a sink that needs nothing of what it is given while its destination is away.
type taking struct{ *memSink }

func (s taking) Write(ctx context.Context, out *sinks.Output) error {
	mine := sinks.Output{}
	for i := range out.Chains {
		mine.Chains = append(mine.Chains, out.Chains[i].Clone())
	}
	out.Taken()
	return s.memSink.Write(ctx, &mine)
}

// told is a sink that waits for something.
type told struct {
	*memSink
	since time.Time
}

func (s told) Waiting() []sinks.Wait {
	return []sinks.Wait{{For: "clickhouse", Since: s.since, Why: "it cannot be reached", Err: fmt.Errorf("connection refused")}}
}

// TestWaitingForSinks passes on what sinks tell.
func TestWaitingForSinks(t *testing.T) {
	inFakeTime(t, func(t *testing.T, b *bench) {
		b.trail()
		in := b.build()
		in.sink = sinks.NewFan(b.sink, told{newMemSink(), time.Now()})
		b.launch(in)
		b.ready(in)
		time.Sleep(time.Minute)
		if ws := in.Waiting(); len(ws) != 1 || ws[0].For != "sink clickhouse" || ws[0].Why != "it cannot be reached" {
			t.Errorf("it waits for %+v", ws)
		}
		if got := in.metric("whence_waiting_seconds", "for=sink clickhouse"); got < 60 || got > 70 {
			t.Errorf("it has waited for %g seconds; want a minute", got)
		}
		in.stop(t)
	})
}

// TestSessionTimeoutRefused ends with what to do about it: the broker will not change
// its mind.
func TestSessionTimeoutRefused(t *testing.T) {
	inFakeTime(t, func(t *testing.T, b *bench) {
		b.trail()
		b.cfg.SessionTimeout = 2 * time.Second
		in := b.start(nil)
		if err := <-in.done; err == nil || !strings.Contains(err.Error(), "pipeline.session_timeout") {
			t.Errorf("Run returned %v", err)
		}
	})
}
