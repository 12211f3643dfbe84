package pipeline

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// blocks makes every write wait until the returned function is called, as a sink
// does whose destination is away.
func (s *memSink) blocks() (answer func()) {
	back := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = func(ctx context.Context) error {
		select {
		case <-back:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return func() { close(back) }
}

// TestSinkAwayForTenMinutes keeps its membership in the group, and everything
// ends as if nothing had happened.
func TestSinkAwayForTenMinutes(t *testing.T) {
	want := calm(t)
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, testEvents)
		in := b.start(nil)
		<-in.Ready
		answer := b.sink.blocks()
		time.Sleep(2 * time.Second)
		before, rows := b.cluster.GroupInfo(b.cfg.Group), b.sink.written()
		time.Sleep(10 * time.Minute)
		after := b.cluster.GroupInfo(b.cfg.Group)
		if d := cmp.Diff(before.Members, after.Members); d != "" || before.Epoch != after.Epoch {
			t.Errorf("generation %d became %d; members (-before +after):\n%s", before.Epoch, after.Epoch, d)
		}
		if n := b.sink.written(); n != rows || b.sink.len() == len(want) {
			t.Errorf("%d rows were written meanwhile, and %d chains: the sink was not away", n-rows, b.sink.len())
		}
		answer()
		time.Sleep(time.Minute)
		in.stop(t)
		if said := in.log.saying(""); len(said) > 0 {
			t.Errorf("an outage that was sat out was logged: %q", said)
		}
		b.finish()
		if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
			t.Errorf("(-calm +got):\n%s", d)
		}
	})
}

// TestMemoryDuringAnOutage has far more waiting on a partition than a lane may
// hold.
func TestMemoryDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const (
			records  = 600
			size     = 20 << 10 // so that many fetches are needed
			oneFetch = 1<<20/size + 1
		)
		b := trailBench(t)
		b.cfg.QueueRecords = 100
		var lines []string
		for n := range records {
			lines = append(lines, pad(deletes(n, "ASIAEXAMPLE000000001", time.Now()), size))
		}
		b.send(0, lines...)
		answer := b.sink.blocks()
		in := b.start(nil)
		<-in.Ready
		l := in.lane(0)
		most := 0
		for range 600 {
			time.Sleep(time.Second)
			most = max(most, l.queued())
		}
		if most < b.cfg.QueueRecords || most > b.cfg.QueueRecords+oneFetch {
			t.Errorf("a queue of %d held %d; want no more than one fetch (%d) above it", b.cfg.QueueRecords, most, oneFetch)
		}
		if got := in.metric("whence_partition_paused", "topic="+trailTopic, "partition=0"); got != 1 {
			t.Errorf("paused: %g; want 1", got)
		}
		answer()
		time.Sleep(time.Minute)
		if n := b.sink.len(); n != records {
			t.Errorf("%d chains of %d after the outage", n, records)
		}
		if got := in.metric("whence_partition_paused"); got != 0 {
			t.Errorf("paused after the outage: %g; want 0", got)
		}
		in.stop(t)
	})
}

// pad makes a line of size bytes with a member that nobody reads.
func pad(line string, size int) string {
	open := `{"serviceEventDetails":"`
	return open + strings.Repeat("x", size-len(line)-len(open)-1) + `",` + line[1:]
}

// lane returns the lane of a partition of the raw topic.
func (in *instance) lane(partition int32) *lane {
	in.group.mu.Lock()
	defer in.group.mu.Unlock()
	return in.group.lanes[tp{trailTopic, partition}]
}

func (l *lane) queued() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue)
}

// TestSinkRefusesForGood ends Run with the sink's own error: rows that can never
// be stored must neither be lost nor tried for ever.
func TestSinkRefusesForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("there is no such column")
		b := trailBench(t)
		b.sink.hold = func(context.Context) error { return refused }
		b.send(0, deletes(1, "ASIAEXAMPLE000000001", time.Now()))
		in := b.start(nil)
		err := <-in.done
		if !errors.Is(err, refused) || !strings.Contains(err.Error(), trailTopic+"/0") {
			t.Errorf("Run returned %v; want where it happened, and %v", err, refused)
		}
		<-in.closed
		if d := b.cluster.GroupInfo(b.cfg.Group).Commits; len(d) > 0 {
			t.Errorf("what was refused has been committed: %v", d)
		}
		b.sink.hold = nil
		b.finish()
		b.chain(1)
	})
}

// TestBrokerAwayAtStart waits for the broker and says so once.
func TestBrokerAwayAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.send(0, deletes(1, "ASIAEXAMPLE000000001", time.Now()))
		in := b.build()
		in.wire.cut()
		b.launch(in)
		time.Sleep(10 * time.Minute)
		if said := in.log.saying("waiting for"); len(said) != 1 || !strings.Contains(said[0], "waiting for kafka to answer") {
			t.Errorf("it waits for the broker and said %q", said)
		}
		select {
		case <-in.Ready:
			t.Error("it is ready without a broker")
		case err := <-in.done:
			t.Fatalf("Run returned %v", err)
		default:
		}
		in.wire.mend()
		time.Sleep(time.Minute)
		<-in.Ready
		b.chain(1)
		if said := in.log.saying("kafka is there"); len(said) != 1 {
			t.Errorf("when the broker came it said %q", in.log.saying(""))
		}
		in.stop(t)
	})
}

// TestTopicsMissingAtStart waits for the raw topics and says which, once.
func TestTopicsMissingAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.cfg.Topics = append(b.cfg.Topics, Topic{Name: "raw.okta", Source: "okta.system_log"}, Topic{Name: "raw.vault", Source: "vault.audit", Scope: "prod"})
		b.send(0, deletes(1, "ASIAEXAMPLE000000001", time.Now()))
		in := b.start(nil)
		time.Sleep(10 * time.Minute)
		b.makeTopics(nil, "raw.okta")
		time.Sleep(10 * time.Minute)
		said := in.log.saying("waiting for")
		if len(said) != 2 || !strings.Contains(said[0], "waiting for topics raw.okta, raw.vault to be created") || !strings.Contains(said[1], "waiting for topics raw.vault to be created") {
			t.Errorf("it waits for topics and said %q", said)
		}
		if n := b.sink.len(); n != 0 {
			t.Errorf("%d chains were written before all topics were there", n)
		}
		b.makeTopics(nil, "raw.vault")
		time.Sleep(time.Minute)
		<-in.Ready
		b.chain(1)
		in.stop(t)
	})
}

// TestStopWhileWaiting ends in order before there ever was a broker.
func TestStopWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		in := b.build()
		in.wire.cut()
		b.launch(in)
		time.Sleep(time.Minute)
		in.stop(t)
	})
}

// TestStopWhileTheSinkHangs gives a batch DrainTimeout to finish and then leaves
// it to the next owner.
func TestStopWhileTheSinkHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.send(0, deletes(1, "ASIAEXAMPLE000000001", time.Now()))
		in := b.start(nil)
		time.Sleep(10 * time.Second)
		done := b.cluster.GroupInfo(b.cfg.Group).Commits

		answer := b.sink.blocks()
		b.send(0, deletes(2, "ASIAEXAMPLE000000002", time.Now()))
		b.send(1, deletes(3, "ASIAEXAMPLE000000003", time.Now()))
		time.Sleep(10 * time.Second)
		began := time.Now()
		in.stop(t)
		if took := time.Since(began); took < b.cfg.DrainTimeout || took > b.cfg.DrainTimeout+time.Second {
			t.Errorf("the stop took %s; want DrainTimeout (%s)", took, b.cfg.DrainTimeout)
		}
		if d := cmp.Diff(done, b.cluster.GroupInfo(b.cfg.Group).Commits); d != "" {
			t.Errorf("commits (-before the batch +after the stop):\n%s", d)
		}
		if said := in.log.saying("did not finish in time"); len(said) != 1 {
			t.Errorf("it gave up a batch and said %q", in.log.saying(""))
		}
		answer()
		b.finish()
		for n := 1; n <= 3; n++ {
			b.chain(n)
		}
	})
}
