package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/index"
	"whence/rules"
	"whence/sources"
)

// keyOf is the temporary key that the nth line was executed with, where every
// line has its own.
func keyOf(n int) string { return fmt.Sprintf("ASIAEXAMPLE%09d", n) }

// TestFullWindow parks more chains than fit. The oldest are let go: they are
// counted, have no bookmark any more, and repair takes them up.
func TestFullWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const lines = 10
		b := trailBench(t)
		b.cfg.WindowBytes = 8 << 10 // of two lanes
		now := time.Now()
		for n := range lines {
			b.send(0, deletes(n, keyOf(n), now))
		}
		in := b.start(nil)
		time.Sleep(10 * time.Second)

		kept := int(in.metric("whence_chains_parked"))
		if kept < 2 || kept > 5 {
			t.Fatalf("%d chains are parked in %d bytes; the test wants some, and not all", kept, b.cfg.WindowBytes/2)
		}
		if got := in.metric("whence_window_let_go_total"); int(got) != lines-kept {
			t.Errorf("%g chains are counted as let go; want %d", got, lines-kept)
		}
		want := place{head: lines}
		for n := lines - kept; n < lines; n++ {
			want.bookmarks = append(want.bookmarks, int64(n))
		}
		if d := cmp.Diff(want, b.committed(0), samePlaces); d != "" {
			t.Errorf("committed (-want +got):\n%s", d)
		}

		for n := 1; n < lines; n++ { // nobody ever tells of the first
			b.send(1, issues(100+n, keyOf(n), "alice@example.com", now.Add(-time.Minute)))
		}
		time.Sleep(10 * time.Minute)
		in.stop(t)
		for n := range lines {
			if n < lines-kept {
				b.want(n, correlate.Unattributed, false)
			} else {
				b.want(n, correlate.Attributed, true)
			}
		}

		b.repair()
		b.want(0, correlate.Unattributed, true)
		for n := 1; n < lines; n++ {
			b.want(n, correlate.Attributed, true)
		}
		if b.repaired.Improved != lines-kept {
			t.Errorf("repair improved %d chains; want the %d that were let go", b.repaired.Improved, lines-kept)
		}
		b.repair()
		if d := cmp.Diff(Repaired{}, b.repaired); d != "" {
			t.Errorf("another repair found something to do (-want +got):\n%s", d)
		}
	})
}

// TestMaxWait has a partition that cannot be read: a producer left a transaction
// open. Nobody can say what is in it, so chains wait, and settle when they have
// waited for MaxWait.
func TestMaxWait(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.trail()
		b.cfg.MaxWait = 5 * time.Minute
		if b.real() {
			b.cfg.MaxWait = 3 * time.Second
		}
		b.send(0, deletes(1, keyOf(1), time.Now()))
		producer := b.client(kgo.TransactionalID("collector"), kgo.TransactionTimeout(15*time.Minute), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		defer producer.Close()
		if err := producer.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		record := &kgo.Record{Topic: trailTopic, Partition: 1, Value: []byte(deletes(2, keyOf(2), time.Now()))}
		if err := producer.ProduceSync(t.Context(), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
		in := b.start(nil)
		b.until("the chain is parked", func() bool { return in.metric("whence_chains_parked") == 1 })
		parked := time.Now()
		time.Sleep(b.cfg.MaxWait * 4 / 5)
		b.want(1, correlate.Unattributed, false)
		if got := in.metric("whence_chains_settled_total"); got != 0 {
			t.Errorf("%g chains settled before MaxWait", got)
		}
		b.until("the chain has settled", b.sink.settled)
		if waited := time.Since(parked); waited < b.cfg.MaxWait-b.every-time.Second {
			t.Errorf("the chain waited for %s; want %s", waited, b.cfg.MaxWait)
		}
		b.want(1, correlate.Unattributed, true)
		if got := in.metric("whence_chains_settled_total", "by=max_wait"); got != 1 {
			t.Errorf("%g chains are counted as settled by max_wait; want 1", got)
		}
		if got := in.metric("whence_chains_settled_total", "by=clock"); got != 0 {
			t.Errorf("%g chains are counted as settled by the clock; want 0", got)
		}
		in.stop(t)
		b.commits(place{head: 1})
		b.repair()
		b.want(1, correlate.Unattributed, true) // what has settled stays settled
	})
}

// TestSettledByTheClock is the usual case, with the same counts.
func TestSettledByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.send(0, deletes(1, keyOf(1), time.Now()), deletes(2, keyOf(2), time.Now()))
		in := b.start(nil)
		time.Sleep(10 * time.Second)
		b.send(1, issues(3, keyOf(2), "alice@example.com", time.Now()))
		time.Sleep(50 * time.Second)
		b.want(1, correlate.Unattributed, false)
		b.want(2, correlate.Attributed, true)
		time.Sleep(50 * time.Second)
		b.want(1, correlate.Unattributed, true)
		if got := in.metric("whence_chains_settled_total", "by=clock"); got != 2 {
			t.Errorf("%g chains are counted as settled by the clock; want 2", got)
		}
		if got := in.metric("whence_chains_improved_total"); got != 2 {
			t.Errorf("%g chains are counted as improved; want 2", got)
		}
		in.stop(t)
	})
}

// nothing is an index without facts.
type nothing struct{}

func (nothing) Lookup(_ context.Context, k correlate.Key, _ time.Time) (correlate.Session, error) {
	return correlate.Session{Key: k}, nil
}

// lonelyLane is a lane without a group, of a topic that nobody else witnesses.
func lonelyLane(t testing.TB) *lane {
	t.Helper()
	src, _ := sources.Find("aws.cloudtrail")
	cfg := Default()
	cfg.Topics = []Topic{{Name: trailTopic, Source: src.Name}}
	s := &shared{
		cfg: cfg, table: new(index.Table), resolver: &correlate.Resolver{Index: nothing{}, Kinds: Kinds(cfg)}, rules: rules.Library(),
		metrics: newMetrics(nil), log: slog.New(slog.DiscardHandler), at: func(string) error { return nil },
		clock:  correlate.NewMarks(cfg.Group, 1, Witnesses(cfg), nil),
		resume: func(string, int32) {}, poison: true,
	}
	s.turns, s.intake = newTurns(cfg, s.newKit), &intake{clock: s.clock, bound: cfg.QueueBytes}
	l := newLane(s, cfg.Topics[0], src, 0, 1)
	l.kit = s.newKit()
	return l
}

// TestWokenAndSettledAtOnce writes a chain once, whatever the reasons to look at
// it again.
func TestWokenAndSettledAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lonelyLane(t)
		l.source.DecodeRecord(sources.Input{Raw: []byte(deletes(1, keyOf(1), time.Now()))}, &l.work.decoded)
		if err := l.resolve(t.Context(), nil, false); err != nil {
			t.Fatal(err)
		}
		first := l.work.out.Chains
		if len(first) != 1 || l.window.Len() != 1 {
			t.Fatalf("%d versions and %d parked chains; want one of each", len(first), l.window.Len())
		}
		waits := slices.Clone(first[0].Waits)
		for i := range waits {
			waits[i] = waits[i].Clone()
		}
		l.work.reset()
		l.walker.Reset()
		l.clock.Expect(trailTopic, 1)
		l.clock.Observe(0, correlate.Mark{Group: l.cfg.Group, Topic: trailTopic, Generation: 1, Time: time.Now().Add(time.Hour)})
		if err := l.resolve(t.Context(), waits, false); err != nil {
			t.Fatal(err)
		}
		again := l.work.out.Chains
		if len(again) != 1 || !again[0].Settled || l.window.Len() != 0 {
			t.Errorf("%d versions were written when the chain settled; want 1", len(again))
		}
	})
}

// TestMoreKeysThanALaneRemembers looks at every chain instead.
func TestMoreKeysThanALaneRemembers(t *testing.T) {
	l := lonelyLane(t)
	keys := make([]correlate.Key, maxWoken+1)
	for i := range keys {
		keys[i] = correlate.Key{Kind: sources.AWSAccessKey, Value: keyOf(i)}
	}
	l.wake(keys[:maxWoken])
	l.wake(keys[maxWoken:])
	_, woken, all := l.take()
	if len(woken) != 0 || !all {
		t.Errorf("%d keys and all=%t; want all chains", len(woken), all)
	}
	l.wake(keys[:1])
	_, woken, all = l.take()
	if len(woken) != 1 || all {
		t.Errorf("%d keys and all=%t; want the one key", len(woken), all)
	}
}
