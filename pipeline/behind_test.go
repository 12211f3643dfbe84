package pipeline

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sources"
)

// behind makes an instance whose table knows what was published before, and follows
// the sessions topic only from when follow is called.
func (b *bench) behind() (in *instance, follow func()) {
	b.t.Helper()
	in = b.build()
	in.letters = &deadLetters{}
	if err := in.table.CatchUp(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	close(ended)
	b.t.Cleanup(func() {
		stop()
		<-ended
		in.table.Close()
	})
	return in, func() {
		ended = make(chan struct{})
		go func() {
			defer close(ended)
			_ = in.table.Run(ctx, func([]correlate.Key) {}) // until the end
		}()
	}
}

// TestANewOwnerKnowsWhatTheFormerKnew: a lane starts on an instance that is behind
// with the facts. The former owner may have written chains from them, so the lane
// must not walk anything before it has read them.
func TestANewOwnerKnowsWhatTheFormerKnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		in, follow := b.behind()
		happened := time.Now()
		b.publish(issues(1, keyOf(1), "alice@example.com", happened.Add(-time.Minute)))
		src, _ := sources.Find("aws.cloudtrail")
		l := newLane(in.shared, b.cfg.Topics[0], src, 0, 1)
		l.push([]*kgo.Record{{Topic: trailTopic, Value: []byte(deletes(2, keyOf(1), happened))}}, 1)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.run(ctx, place{}) }()
		time.Sleep(time.Minute)
		if n := b.sink.written(); n > 0 {
			t.Errorf("%d rows were written by somebody who knows less than is published", n)
		}
		follow()
		time.Sleep(time.Minute)
		b.want(2, correlate.Attributed, true)
		if n := b.sink.written(); n != 1 {
			t.Errorf("%d rows were written; want the best at once", n)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestStopWhileBehind: a lane is told to stop before it knows what others know. Whoever
// takes its partition away waits for it.
func TestStopWhileBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		in, follow := b.behind()
		defer follow()
		happened := time.Now()
		b.publish(issues(1, keyOf(1), "alice@example.com", happened.Add(-time.Minute)))
		src, _ := sources.Find("aws.cloudtrail")
		l := newLane(in.shared, b.cfg.Topics[0], src, 0, 1)
		l.push([]*kgo.Record{{Topic: trailTopic, Value: []byte(deletes(2, keyOf(1), happened))}}, 1)
		from := place{head: 7, bookmarks: []int64{0, 3}, seen: happened.UTC()}
		ended := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { ended <- l.run(ctx, from) }()
		time.Sleep(10 * time.Second)
		close(l.stop)
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Second):
			t.Error("it does not hear that it is to stop")
		}
		if n := b.sink.written(); n > 0 {
			t.Errorf("%d rows were written", n)
		}
		if p, _ := l.progress(); !samePlace(p, from) {
			t.Errorf("it would commit %+v; want what it began with", p)
		}
	})
}

// TestRepairKnowsWhatItRepairsAfter: the fact that calls for a repair reaches the
// repair before it reaches the table that chains are walked over.
func TestRepairKnowsWhatItRepairsAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		happened := time.Now()
		b.send(0, deletes(1, keyOf(1), happened))
		first := b.start(nil)
		time.Sleep(5 * time.Minute)
		first.stop(t)
		b.want(1, correlate.Unattributed, true)

		b.cfg.RepairEvery = 5 * time.Second
		in, follow := b.behind()
		b.publish(issues(2, keyOf(1), "alice@example.com", happened.Add(-time.Minute)))
		in.repairing.client = b.client()
		defer in.repairing.client.Close()
		late := lateBatch{facts: 1, keys: touched{{Kind: "aws.access_key", Value: keyOf(1)}: happened.Add(-time.Hour)}, next: map[int32]kgo.EpochOffset{0: {}}}
		done := make(chan error, 1)
		go func() { done <- in.repairing.repair(t.Context(), late) }()
		time.Sleep(time.Minute)
		select {
		case err := <-done:
			t.Errorf("it was done before the fact was known: %v", err)
		default:
		}
		follow()
		if err := <-done; err != nil {
			t.Error(err)
		}
		b.want(1, correlate.Attributed, true)
	})
}
