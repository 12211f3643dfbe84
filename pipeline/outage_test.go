package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/sources"
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

// TestSinkAway keeps its membership in the group for as long as the sink is away,
// and everything ends as if nothing had happened.
func TestSinkAway(t *testing.T) {
	want := calm(t)
	everywhere(t, func(t *testing.T, b *bench) {
		b.fill(testEvents)
		in := b.start(nil)
		b.ready(in)
		answer := b.sink.blocks()
		time.Sleep(2 * time.Second)
		before, rows := b.members(), b.sink.written()
		generation := in.generations()
		time.Sleep(b.outage())
		if after := b.members(); before != after || before == "" {
			t.Errorf("the members were %q and are %q", before, after)
		}
		if d := cmp.Diff(generation, in.generations()); d != "" {
			t.Errorf("generations of the lanes (-before +after):\n%s", d)
		}
		if n := b.sink.written(); n != rows || b.sink.len() == len(want) {
			t.Errorf("%d rows were written meanwhile, and %d chains: the sink was not away", n-rows, b.sink.len())
		}
		answer()
		b.until("everything is in", func() bool { return b.sink.len() >= testEvents && b.read() })
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

// generations are those that the instance's lanes speak for.
func (in *instance) generations() map[string]int32 {
	in.group.mu.Lock()
	defer in.group.mu.Unlock()
	all := map[string]int32{}
	for _, l := range in.group.lanes {
		m := l.reading()
		all[fmt.Sprintf("%s/%d", m.Topic, m.Partition)] = m.Generation
	}
	return all
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

// TestBrokerLostAsPartitionsMove: partitions often move because a broker went away,
// and then it does not tell either where topics end. Who takes over waits for that,
// and so does who starts.
func TestBrokerLostAsPartitionsMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		first, second := b.start(nil), b.start(nil)
		b.ready(first)
		b.ready(second)
		b.until("both have a partition", func() bool { return first.owns() == 1 && second.owns() == 1 })
		var lost atomic.Bool
		b.cluster.ControlKey(int16(kmsg.ListOffsets), func(kmsg.Request) (kmsg.Response, error, bool) {
			b.cluster.KeepControl()
			return nil, errors.New("the broker is lost"), lost.Load()
		})
		lost.Store(true)
		second.stop(t)
		third := b.start(nil)
		time.Sleep(10 * time.Minute)
		lost.Store(false)
		b.ready(third)
		// A commit waits for a join that is under way with a lock, and while a lock
		// is waited for fake time stands still: nothing is read before all is quiet.
		b.until("both have a partition", func() bool { return first.owns() == 1 && third.owns() == 1 })
		time.Sleep(time.Minute)
		for n := range rawPartitions {
			b.send(int32(n), deletes(n, keyOf(n), time.Now()))
		}
		b.until("the lines are in", b.read)
		first.stop(t)
		third.stop(t)
	})
}

// TestLostWhileCatchingUp: a partition may go to somebody else before its lane has
// read what the former owner knew. That is no failure of the instance.
func TestLostWhileCatchingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		first := b.start(nil)
		b.ready(first)
		time.Sleep(10 * time.Second) // it announces marks
		first.stop(t)
		in := b.build() // and nothing follows the sessions topic for it
		defer in.table.Close()
		src, _ := sources.Find("aws.cloudtrail")
		l := newLane(in.shared, b.cfg.Topics[0], src, 0, 1)
		ctx, lose := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, lose)
		if err := l.run(ctx, place{}); err != nil {
			t.Errorf("the lane ended with %v", err)
		}
	})
}

// TestTopicsMissingAtStart waits for the raw topics and says which, once.
func TestTopicsMissingAtStart(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.trail()
		b.cfg.Topics = append(b.cfg.Topics, Topic{Name: "raw.okta", Source: "okta.system_log"}, Topic{Name: "raw.vault", Source: "vault.audit", Scope: "prod"})
		b.send(0, deletes(1, "ASIAEXAMPLE000000001", time.Now()))
		in := b.start(nil)
		waits := func(topics string) {
			b.until("it says that it waits for "+topics, func() bool { return len(in.log.saying("waiting for topics "+topics+" to be created")) == 1 })
		}
		waits("raw.okta, raw.vault")
		time.Sleep(b.outage()) // it says so once
		b.makeTopics(nil, "raw.okta")
		waits("raw.vault")
		time.Sleep(b.outage())
		if said := in.log.saying("waiting for"); len(said) != 2 {
			t.Errorf("it waits for topics and said %q", said)
		}
		if n := b.sink.len(); n != 0 {
			t.Errorf("%d chains were written before all topics were there", n)
		}
		b.makeTopics(nil, "raw.vault")
		b.ready(in)
		b.until("the line is in", func() bool { return b.sink.len() == 1 })
		b.chain(1)
		in.stop(t)
	})
}

// outage is a long time to be without something: longer than members may be silent
// and rebalances may take.
func (b *bench) outage() time.Duration {
	if b.real() {
		return b.cfg.SessionTimeout + 2*b.cfg.DrainTimeout + time.Second
	}
	return 10 * time.Minute
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
