package pipeline

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/correlate"
)

func newIntake(bound int) *intake {
	return &intake{clock: correlate.NewMarks("g", 1, nil, nil), bound: bound, long: time.Second}
}

// waits reports whether somebody who waits for room is held up.
func (i *intake) waits(t *testing.T) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		i.wait(ctx)
	}()
	synctest.Wait()
	held := true
	select {
	case <-done:
		held = false
	default:
	}
	cancel() // that ends it too
	<-done
	return held
}

// TestIntake: up to the bound nobody waits. One fetch may go beyond it; then all wait
// until what is left is below, however it got there.
func TestIntake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIntake(100)
		for _, step := range []struct {
			bytes int
			held  bool
		}{{99, false}, {1, true}, {500, true}, {-500, true}, {-1, false}, {1, true}, {-100, false}} {
			i.add(step.bytes)
			if got := i.waits(t); got != step.held {
				t.Errorf("at %d bytes of %d it waits: %t", i.bytes, i.bound, got)
			}
		}
	})
}

// TestIntakeLetsAllGo: whoever waits goes on as soon as there is room, and not before.
func TestIntakeLetsAllGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIntake(100)
		i.add(300)
		gone := make(chan time.Time, 2)
		for range cap(gone) {
			go func() {
				i.wait(t.Context())
				gone <- time.Now()
			}()
		}
		began := time.Now()
		for range 3 {
			time.Sleep(time.Minute)
			i.add(-70)
		}
		for range cap(gone) {
			if took := (<-gone).Sub(began); took != 3*time.Minute {
				t.Errorf("it waited for %s; there was room after three minutes", took)
			}
		}
	})
}

// TestIntakeSince: while nobody polls for long, lanes may have records that they do not
// know of. A short wait, as there is one with every fetch under load, is nothing.
func TestIntakeSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIntake(100)
		wait := func(d time.Duration) {
			i.add(100)
			done := make(chan struct{})
			go func() {
				defer close(done)
				i.wait(t.Context())
			}()
			time.Sleep(d)
			if now := i.since(); d >= i.long != now.Equal(time.Now()) {
				t.Errorf("while somebody has waited for %s nobody did since %s; it is %s", d, now, time.Now())
			}
			i.add(-100)
			<-done
		}
		wait(i.long - 1)
		if got := i.since(); !got.IsZero() {
			t.Errorf("after a short wait: %s", got)
		}
		wait(time.Minute)
		ended := time.Now()
		time.Sleep(time.Hour)
		wait(i.long - 1)
		if got := i.since(); !got.Equal(ended) {
			t.Errorf("nobody has waited for long since %s; want %s", got, ended)
		}
	})
}

// TestIntakeOfLanes: what lanes have in their queues counts until they take it, and no
// longer than they live.
func TestIntakeOfLanes(t *testing.T) {
	l := lonelyLane(t)
	other := newLane(l.shared, l.topic, l.source, 1, 1)
	var records []*kgo.Record
	for range l.turns.size + 10 {
		records = append(records, &kgo.Record{Value: make([]byte, 1000)})
	}
	all := sizeOf(records)
	l.push(records, 0)
	other.push(records, 0)
	if l.intake.bytes != 2*all {
		t.Errorf("%d bytes are counted; want %d", l.intake.bytes, 2*all)
	}
	taken, _, _ := l.take()
	if want := 2*all - sizeOf(taken); len(taken) != l.turns.size || l.intake.bytes != want {
		t.Errorf("%d bytes are counted after %d records were taken; want %d", l.intake.bytes, len(taken), want)
	}
	l.drain()
	l.drain()
	if l.intake.bytes != all {
		t.Errorf("%d bytes are counted; want the %d of the lane that is left", l.intake.bytes, all)
	}
}

// TestIntakeIsBounded: while the sinks take nothing, as much is fetched as may be and a
// fetch on top, however many partitions there are, each of which would take one. What
// waits for lanes that are lost counts no more, and is read again.
func TestIntakeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := emptyBench(t)
		b.cfg.QueueBytes, b.cfg.StepRecords, b.cfg.FlightRows = 64<<10, 1, 1
		var records []*kgo.Record
		for n := range 8 {
			name := fmt.Sprintf("raw.trail.%d", n)
			b.cfg.Topics = append(b.cfg.Topics, Topic{Name: name, Source: "aws.cloudtrail"})
			for range 80 {
				value := deletes(len(records), keyOf(0), time.Now()) + strings.Repeat(" ", 16<<10)
				records = append(records, &kgo.Record{Topic: name, Partition: int32(len(records) % rawPartitions), Value: []byte(value)})
			}
		}
		b.makeTopics(nil, topicNames(b.cfg)...)
		in := b.start(nil)
		b.ready(in)
		answer := b.sink.blocks()
		client := b.client(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(64<<10), kgo.ProducerBatchCompression(kgo.NoCompression()))
		defer client.Close()
		if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		bytes := func() int {
			in.intake.mu.Lock()
			defer in.intake.mu.Unlock()
			return in.intake.bytes
		}
		bounded := func(when string) {
			t.Helper()
			if got, most := bytes(), b.cfg.QueueBytes+2*(512<<10); got < b.cfg.QueueBytes || got > most {
				t.Errorf("%s %d bytes wait; want %d to %d", when, got, b.cfg.QueueBytes, most)
			}
		}
		time.Sleep(time.Minute)
		bounded("at first")
		b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID, Count: 1})
		time.Sleep(time.Minute)
		bounded("after the partitions were lost and came back")
		answer()
		b.until("all lines are in", b.read)
		if got, want := b.sink.len(), len(records); bytes() != 0 || got != want {
			t.Errorf("%d bytes wait, and there are %d chains; want none, and %d", bytes(), got, want)
		}
		in.stop(t)
	})
}
