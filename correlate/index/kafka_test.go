package index

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/correlate"
)

// A broker is a fake Kafka with our topics in it.
type broker struct {
	*kfake.Cluster
	cfg Config
}

func newBroker(t testing.TB) *broker {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	b := &broker{cluster, Default()}
	b.cfg.Partitions = 3
	if err := EnsureTopics(t.Context(), b.client(t), b.cfg); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *broker) opts() []kgo.Opt {
	return []kgo.Opt{kgo.SeedBrokers(b.ListenAddrs()...), kgo.MetadataMinAge(50 * time.Millisecond)}
}

func (b *broker) client(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(b.opts(), opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// table opens a table that has caught up.
func (b *broker) table(t testing.TB, store Store) *Table {
	t.Helper()
	table := b.behind(t, store)
	if err := table.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return table
}

// behind opens a table that has not caught up.
func (b *broker) behind(t testing.TB, store Store) *Table {
	t.Helper()
	table, err := Open(t.Context(), b.cfg, b.opts(), store, kinds(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	})
	return table
}

// records is how many records were written to a topic since it was made.
func (b *broker) records(topic string) (n int64) {
	for _, p := range b.PartitionInfos(topic) {
		n += p.HighWatermark
	}
	return n
}

func bind(t testing.TB, table *Table, facts ...correlate.Fact) {
	t.Helper()
	if err := table.Bind(t.Context(), facts); err != nil {
		t.Fatal(err)
	}
}

// ears hears what Run tells, until the test ends.
type ears struct {
	mu    sync.Mutex
	heard map[correlate.Key]int
	rang  chan struct{} // holds one; a ring that is not heard yet is enough
}

func run(t *testing.T, table *Table) *ears {
	t.Helper()
	e := &ears{heard: map[correlate.Key]int{}, rang: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- table.Run(ctx, e.notify) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return e
}

func (e *ears) notify(keys []correlate.Key) {
	e.mu.Lock()
	for _, k := range keys {
		e.heard[k]++
	}
	e.mu.Unlock()
	select {
	case e.rang <- struct{}{}:
	default:
	}
}

func (e *ears) times(k correlate.Key) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heard[k]
}

// await returns once k was told of.
func (e *ears) await(t *testing.T, k correlate.Key) {
	t.Helper()
	for e.times(k) == 0 {
		select {
		case <-e.rang:
		case <-time.After(20 * time.Second):
			t.Fatalf("nobody told of %v", k)
		}
	}
}

// equal compares what two indexes know of every key the facts are about.
func equal(t *testing.T, what string, got, want correlate.Index, facts []correlate.Fact) {
	t.Helper()
	for _, g := range byKey(facts) {
		k := g.key
		diff(t, fmt.Sprintf("%s, %v", what, k), lookup(t, got, k, day.Add(3*time.Hour)), lookup(t, want, k, day.Add(3*time.Hour)))
	}
}

func TestColdTableKnowsWhatOthersBound(t *testing.T) {
	b := newBroker(t)
	first := b.table(t, NewMemory())
	r := newRandom(10)
	var all []correlate.Fact
	for range 30 {
		facts := r.facts(20)
		bind(t, first, facts...)
		all = append(all, facts...)
	}
	alone := local(t, 0, 0, NewMemory())
	for i := range all {
		all[i] = normal(all[i])
	}
	if _, err := alone.apply(all, nil); err != nil {
		t.Fatal(err)
	}
	equal(t, "the table that bound", first, alone, all)
	equal(t, "a cold table in memory", b.table(t, NewMemory()), alone, all)
	cold := b.table(t, openPebble(t, t.TempDir()))
	equal(t, "a cold table on disk", cold, alone, all)
	if lag := cold.Lag(); lag != 0 {
		t.Errorf("lag %d after catching up", lag)
	}
}

func TestBindIsVisibleWhenItReturns(t *testing.T) {
	b := newBroker(t)
	table := b.table(t, NewMemory())
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 25 {
				f := account(key(w), fmt.Sprintf("%d/%d", w, i), day)
				if err := table.Bind(t.Context(), []correlate.Fact{f}); err != nil {
					t.Error(err)
				} else if got := lookup(t, table, f.Key, day); len(got.Facts) != i+1 {
					t.Errorf("%d facts after %d", len(got.Facts), i+1)
				}
			}
		})
	}
	wg.Wait()
}

func TestKnownFactsCostNoTraffic(t *testing.T) {
	b := newBroker(t)
	table := b.table(t, NewMemory())
	f := account(key(1), "a", day)
	weaker := f
	weaker.Proof = correlate.Claimed
	bind(t, table, f, f)
	was := b.records(b.cfg.SessionsTopic)
	bind(t, table, f)
	bind(t, table, weaker, binding("sub", 1, day))
	bind(t, table, binding("sub", 1, day))
	if got := b.records(b.cfg.SessionsTopic); was != 1 || got != 2 {
		t.Errorf("%d records, then %d; want 1, then 2", was, got)
	}
	if s := table.Stats(); s.Bound != 6 || s.Published != 2 || s.Skipped != 4 || s.Applied != 2 {
		t.Errorf("stats %+v", s)
	}
	diff(t, "look-up", lookup(t, table, key(1), day), gather(key(1), []correlate.Fact{f}))
}

// docs/DESIGN.md 7.2, with the broker's own compaction and with the harshest one.
func TestFactsSurviveCompaction(t *testing.T) {
	b := newBroker(t)
	table := b.table(t, NewMemory())
	reviewer := func(who string) correlate.Fact {
		return correlate.Fact{Kind: correlate.Approval, Key: key(1), Origin: correlate.NewID("review", who), Source: "github.webhook", EventID: who,
			Time: day, Start: day, Proof: correlate.Issued, Method: "github.deployment_review", Principal: correlate.Principal{Type: correlate.Human, ID: who}}
	}
	weak, strong := account(key(1), "vault", day), account(key(1), "cloudtrail", day)
	weak.Proof = correlate.Claimed
	end := correlate.Fact{Kind: correlate.Ending, Key: key(1), Origin: correlate.NewID("revoke"), Time: day, Start: day, Reason: "revoked"}
	facts := []correlate.Fact{
		weak, strong, reviewer("alice@example.com"), reviewer("bob@example.com"), end,
		binding("sub", 1, day), binding("sub", 2, day),
	}
	for range 3 {
		for _, f := range facts {
			bind(t, table, f)
			// What a crash between publish and store, or another instance, does.
			if err := table.publish(t.Context(), []*kgo.Record{press1(b.cfg.SessionsTopic, table.sessions, &f)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.Compact()
	equal(t, "after the broker's compaction", b.table(t, NewMemory()), table, facts)

	last := map[string]*kgo.Record{}
	for _, r := range b.read(t, b.cfg.SessionsTopic) {
		last[string(r.Key)] = r
	}
	if len(last) != len(facts) {
		t.Errorf("%d record keys for %d facts", len(last), len(facts))
	}
	cold := local(t, 0, 0, NewMemory())
	for _, r := range last {
		f, err := DecodeFact(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cold.apply([]correlate.Fact{*f}, nil); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "with one record left per record key", cold, table, facts)
}

// read returns everything in a topic.
func (b *broker) read(t *testing.T, topic string) (records []*kgo.Record) {
	t.Helper()
	client := b.client(t, kgo.ConsumeTopics(topic))
	var live int64
	for _, p := range b.PartitionInfos(topic) {
		live += p.HighWatermark
	}
	seen := map[int32]int64{}
	for {
		var read int64
		for _, next := range seen {
			read += next
		}
		if read == live {
			return records
		}
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		for _, r := range fetches.Records() {
			seen[r.Partition] = r.Offset + 1
			records = append(records, r)
		}
	}
}

func TestCompactionKeepsTheMarksOfEveryGeneration(t *testing.T) {
	m := correlate.Mark{Group: "g", Topic: "raw", Partition: 1, Generation: 4, Time: day}
	later, older := m, m
	later.Time, older.Generation = day.Add(time.Hour), 3
	if string(markRecord("t", 0, m).Key) != string(markRecord("t", 0, later).Key) {
		t.Error("marks of one lane do not replace each other")
	}
	if string(markRecord("t", 0, m).Key) == string(markRecord("t", 0, older).Key) {
		t.Error("a mark of an old generation replaces the new owner's")
	}
}

// docs/DESIGN.md 7.3: a fact that was not published is not stored.
func TestBindIsOneWay(t *testing.T) {
	b := newBroker(t)
	store := NewMemory()
	table := b.table(t, store)
	refuse := func(err *kerr.Error) {
		b.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
			produce := req.(*kmsg.ProduceRequest)
			resp := produce.ResponseKind().(*kmsg.ProduceResponse)
			for _, topic := range produce.Topics {
				rt := kmsg.NewProduceResponseTopic()
				rt.Topic, rt.TopicID = topic.Topic, topic.TopicID
				for _, p := range topic.Partitions {
					rp := kmsg.NewProduceResponseTopicPartition()
					rp.Partition, rp.ErrorCode = p.Partition, err.Code
					rt.Partitions = append(rt.Partitions, rp)
				}
				resp.Topics = append(resp.Topics, rt)
			}
			return resp, nil, true
		})
	}
	f := account(key(1), "a", day)
	refuse(kerr.TopicAuthorizationFailed)
	err := table.Bind(t.Context(), []correlate.Fact{f})
	if !errors.Is(err, kerr.TopicAuthorizationFailed) {
		t.Fatalf("got %v, want %v", err, kerr.TopicAuthorizationFailed)
	}
	if got := get(t, store, f.Key, day, 0); len(got.Facts) > 0 || len(lookup(t, table, f.Key, day).Facts) > 0 {
		t.Error("a fact that was not published is stored")
	}
	refuse(kerr.NotEnoughReplicas) // passes by itself
	bind(t, table, f)
	if got := get(t, store, f.Key, day, 0); len(got.Facts) != 1 || b.records(b.cfg.SessionsTopic) != 1 {
		t.Error("the second try did not bind")
	}
}

// One partition takes its record and another does not: nothing is stored here,
// and what was taken comes back by the topic like anybody's.
func TestPartlyPublishedFactsAreNotStored(t *testing.T) {
	b := newBroker(t)
	store := NewMemory()
	table := b.table(t, store)
	var facts []correlate.Fact
	for i := range 12 {
		facts = append(facts, account(key(i), fmt.Sprint(i), day))
	}
	fault := b.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Produce}, Topic: b.cfg.SessionsTopic,
		Partitions: []int32{0}, Err: kerr.TopicAuthorizationFailed, Count: -1,
	})
	if err := table.Bind(t.Context(), facts); !errors.Is(err, kerr.TopicAuthorizationFailed) {
		t.Fatalf("got %v", err)
	}
	if s := table.Stats(); s.Applied != 0 || s.Published != 0 {
		t.Errorf("stats %+v", s)
	}
	if n := b.records(b.cfg.SessionsTopic); n == 0 || n == 12 {
		t.Fatalf("%d records written; the test wants some", n)
	}
	fault.Remove()
	bind(t, table, facts...)
	equal(t, "a cold table", b.table(t, NewMemory()), table, facts)
}

func TestBindEndsWithItsContextWhileBrokersAreAway(t *testing.T) {
	b := newBroker(t)
	table := b.table(t, NewMemory())
	fault := b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
	defer fault.Remove()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := table.Bind(ctx, []correlate.Fact{account(key(1), "a", day)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if s := table.Stats(); s.Applied != 0 {
		t.Error("stored without an ack")
	}
}

func TestTablesSeeEachOthersFacts(t *testing.T) {
	b := newBroker(t)
	one, two := b.table(t, NewMemory()), b.table(t, openPebble(t, t.TempDir()))
	first, second := run(t, one), run(t, two)
	bind(t, one, account(key(1), "a", day))
	second.await(t, key(1))
	bind(t, two, account(key(1), "b", day), account(key(2), "c", day))
	first.await(t, key(2))
	facts := []correlate.Fact{account(key(1), "a", day), account(key(1), "b", day), account(key(2), "c", day)}
	if err := errors.Join(one.Sync(t.Context()), two.Sync(t.Context())); err != nil {
		t.Fatal(err)
	}
	equal(t, "each other's facts", one, two, facts)
	if got := lookup(t, one, key(1), day); len(got.Facts) != 2 {
		t.Errorf("%d facts, want 2", len(got.Facts))
	}
}

// A fact is told of once on each instance: by Bind where it was bound, and not
// again when Run reads it back.
func TestFactsAreToldOfOnce(t *testing.T) {
	b := newBroker(t)
	table := b.table(t, NewMemory())
	e := run(t, table)
	bind(t, table, account(key(99), "running", day))
	other := b.table(t, NewMemory())
	bind(t, other, account(key(98), "other", day))
	e.await(t, key(98)) // Run is under way
	for i := range 20 {
		bind(t, table, account(key(i), fmt.Sprint(i), day))
		bind(t, table, account(key(i), fmt.Sprint(i), day))
		if got := e.times(key(i)); got != 1 {
			t.Errorf("told %d times of key %d when Bind returned", got, i)
		}
	}
	if err := table.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if got := e.times(key(i)); got != 1 {
			t.Errorf("told %d times of key %d after it was read back", got, i)
		}
	}
}

func TestPositionMovesByReadingAlone(t *testing.T) {
	b := newBroker(t)
	dir := t.TempDir()
	store := openPebble(t, dir)
	table := b.table(t, store)
	before, err := store.Position()
	if err != nil {
		t.Fatal(err)
	}
	bind(t, table, account(key(1), "a", day), account(key(2), "b", day), account(key(3), "c", day))
	after, err := store.Position()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(after, before); d != "" {
		t.Errorf("Bind moved the position:\n%s", d)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}

	table = b.table(t, openPebble(t, dir)) // reads three, knows them
	if s := table.Stats(); s.Applied != 0 {
		t.Errorf("%d facts applied twice", s.Applied)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	store = openPebble(t, dir)
	table = b.behind(t, store)
	if _, err := table.seek(t.Context()); err != nil {
		t.Fatal(err)
	}
	var next int64
	for _, n := range table.next {
		next += n
	}
	if next != 3 {
		t.Errorf("reads on from %d records, want 3: %v", next, table.next)
	}
}

func TestDeletedStoreIsRebuilt(t *testing.T) {
	b := newBroker(t)
	table := b.table(t, openPebble(t, t.TempDir()))
	facts := newRandom(11).facts(300)
	bind(t, table, facts...)
	equal(t, "an empty directory", b.table(t, openPebble(t, t.TempDir())), table, facts)
}

// A store that was filled from topics that are gone holds facts that nobody else
// can know, and would never publish them.
func TestTopicMadeAnewEmptiesTheStore(t *testing.T) {
	b := newBroker(t)
	store := NewMemory()
	table := b.table(t, store)
	bind(t, table, account(key(1), "a", day))
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteTopic(b.cfg.SessionsTopic); err != nil {
		t.Fatal(err)
	}
	if err := EnsureTopics(t.Context(), b.client(t), b.cfg); err != nil {
		t.Fatal(err)
	}
	table = b.table(t, store)
	if got := lookup(t, table, key(1), day); len(got.Facts) != 0 {
		t.Error("the store still holds facts of the topic that is gone")
	}
	bind(t, table, account(key(1), "a", day))
	if b.records(b.cfg.SessionsTopic) != 1 {
		t.Error("the fact was not published to the new topic")
	}
}

// What must not expire is there when retention has taken the sessions topic.
func TestLastingFactsOutliveTheSessionsTopic(t *testing.T) {
	b := newBroker(t)
	table := b.table(t, NewMemory())
	made := account(key(1), "CreateAccessKey", day)
	made.Standing = true
	end := correlate.Fact{Kind: correlate.Ending, Key: key(1), Origin: correlate.NewID("d"), Time: day, Start: day, Reason: "disabled"}
	orphan := correlate.Fact{Kind: correlate.Ending, Key: key(2), Origin: correlate.NewID("e"), Time: day, Start: day, Reason: "deleted"}
	review := correlate.Fact{Kind: correlate.Approval, Key: correlate.Key{Kind: apiKey, Value: "sk"}, Origin: correlate.NewID("f"), Time: day, Start: day}
	short := account(key(3), "AssumeRole", day)
	lasting := []correlate.Fact{made, end, orphan, review}
	bind(t, table, append(lasting, short)...)
	if got := b.records(b.cfg.SessionsTopic); got != 5 {
		t.Errorf("%d records in the sessions topic, want all 5: marks order only those", got)
	}
	for _, p := range b.PartitionInfos(b.cfg.SessionsTopic) {
		if err := b.DeleteRecords(b.cfg.SessionsTopic, p.Partition, p.HighWatermark); err != nil {
			t.Fatal(err)
		}
	}
	cold := b.table(t, NewMemory())
	equal(t, "lasting facts", cold, table, lasting)
	if got := lookup(t, cold, short.Key, day); len(got.Facts) > 0 {
		t.Error("a session is in the registry")
	}
}

func TestMarksArriveByPartition(t *testing.T) {
	b := newBroker(t)
	writer, reader := b.table(t, NewMemory()), b.behind(t, NewMemory())
	if got := reader.SessionsPartitions(); got != 3 {
		t.Fatalf("%d sessions partitions, want 3", got)
	}
	witnesses := map[correlate.Kind][]correlate.Witness{session: {{Topic: "raw"}}}
	marks := correlate.NewMarks("whence", reader.SessionsPartitions(), witnesses, nil)
	marks.Expect("raw", 2)
	reader.Follow(marks)
	mark := func(partition int32, at time.Time) correlate.Mark {
		return correlate.Mark{Group: "whence", Topic: "raw", Partition: partition, Generation: 1, Time: at}
	}
	if err := writer.Announce(t.Context(), []Report{{Mark: mark(0, day.Add(time.Hour))}, {Mark: mark(1, day)}}); err != nil {
		t.Fatal(err)
	}
	if got := b.records(b.cfg.SessionsTopic); got != 6 {
		t.Errorf("%d records for 2 marks and 3 partitions", got)
	}
	if err := reader.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := marks.ReadUpTo("raw"); !got.Equal(day) {
		t.Errorf("read up to %v, want %v", got, day)
	}
	// A mark in one partition alone moves nothing.
	run(t, reader)
	late := mark(1, day.Add(2*time.Hour))
	if err := writer.publish(t.Context(), []*kgo.Record{markRecord(b.cfg.SessionsTopic, 2, late)}); err != nil {
		t.Fatal(err)
	}
	if err := reader.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := marks.ReadUpTo("raw"); !got.Equal(day) {
		t.Errorf("read up to %v after one partition, want %v", got, day)
	}
}

// A mark is passed on only when the facts before it can be looked up.
func TestFactsAreVisibleBeforeTheirMark(t *testing.T) {
	b := newBroker(t)
	writer, reader := b.table(t, NewMemory()), b.behind(t, NewMemory())
	marks := correlate.NewMarks("whence", 3, map[correlate.Kind][]correlate.Witness{session: {{Topic: "raw"}}}, nil)
	marks.Expect("raw", 1)
	reader.Follow(marks)
	if err := reader.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, reader)
	for i := range 20 {
		at := day.Add(time.Duration(i+1) * time.Minute)
		f := account(key(i), fmt.Sprint(i), at)
		f.Standing = i%2 == 0 // the registry is another topic
		bind(t, writer, f)
		m := correlate.Mark{Group: "whence", Topic: "raw", Generation: 1, Time: at}
		if err := writer.Announce(t.Context(), []Report{{Mark: m}}); err != nil {
			t.Fatal(err)
		}
		for !marks.Passed(session, at) {
			if err := reader.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := lookup(t, reader, f.Key, at); len(got.Facts) != 1 {
			t.Fatalf("time passed %v and its fact is not there", at)
		}
	}
}

func TestUnreadableRecordsArePassedOver(t *testing.T) {
	b := newBroker(t)
	var log strings.Builder
	writer := b.table(t, NewMemory())
	f := account(key(1), "a", day)
	newer := press1(b.cfg.SessionsTopic, 3, &f)
	newer.Value[0] = codecVersion + 1
	junk := &kgo.Record{Topic: b.cfg.RegistryTopic, Key: []byte("k"), Value: []byte("secret")}
	if err := writer.publish(t.Context(), []*kgo.Record{newer, junk, {Topic: b.cfg.SessionsTopic, Key: []byte("tombstone")}}); err != nil {
		t.Fatal(err)
	}
	bind(t, writer, account(key(2), "b", day))
	table, err := Open(t.Context(), b.cfg, b.opts(), NewMemory(), kinds(), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	if err := table.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := table.Stats().Unreadable; got != 3 {
		t.Errorf("%d unreadable records, want 3", got)
	}
	if got := lookup(t, table, key(2), day); len(got.Facts) != 1 {
		t.Error("a readable fact was not read")
	}
	if n := strings.Count(log.String(), "cannot be read"); n != 1 || strings.Contains(log.String(), "secret") {
		t.Errorf("log, which must say it once and repeat nothing:\n%s", log.String())
	}
}

func TestTooLargeFactsAreRefusedAndTheRestBound(t *testing.T) {
	b := newBroker(t)
	table := b.table(t, NewMemory())
	big := account(key(1), "a", day)
	big.Principal.Name = strings.Repeat("x", MaxFactBytes)
	bind(t, table, big, account(key(2), "b", day))
	if s := table.Stats(); s.Refused != 1 || s.Published != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestEnsureTopics(t *testing.T) {
	for name, tt := range map[string]struct {
		sessions, registry map[string]string // nil: not there yet
		want               string
	}{
		"none":             {},
		"as they must be":  {map[string]string{"cleanup.policy": "delete,compact", "retention.ms": "999999999999"}, map[string]string{"cleanup.policy": "compact"}, ""},
		"kept for ever":    {map[string]string{"cleanup.policy": "compact,delete", "retention.ms": "-1"}, nil, ""},
		"sessions pile up": {map[string]string{"cleanup.policy": "compact"}, nil, "cleanup.policy=compact; set it to compact,delete"},
		"registry expires": {nil, map[string]string{"cleanup.policy": "compact,delete"}, "cleanup.policy=compact,delete; set it to compact"},
		"made by accident": {map[string]string{}, nil, "cleanup.policy=delete; set it"},
		"too short":        {map[string]string{"cleanup.policy": "compact,delete", "retention.ms": "60000"}, nil, "retention.ms=60000"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(cluster.Close)
			b := &broker{cluster, Default()}
			for topic, configs := range map[string]map[string]string{b.cfg.SessionsTopic: tt.sessions, b.cfg.RegistryTopic: tt.registry} {
				if configs == nil {
					continue
				}
				if err := cluster.CreateTopic(topic, 2, configs); err != nil {
					t.Fatal(err)
				}
			}
			client := b.client(t)
			for range 2 { // the second finds what the first made
				err := EnsureTopics(t.Context(), client, b.cfg)
				if got := fmt.Sprint(err); tt.want == "" && err != nil || !strings.Contains(got, tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
			}
		})
	}
}

func TestOpenWithoutTopicsSaysWhichIsMissing(t *testing.T) {
	b := newBroker(t)
	b.cfg.RegistryTopic = "nowhere"
	_, err := Open(t.Context(), b.cfg, b.opts(), NewMemory(), kinds(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "topic nowhere") {
		t.Errorf("got %v", err)
	}
}

func TestRunBeforeCatchUpIsAnError(t *testing.T) {
	b := newBroker(t)
	if err := b.behind(t, NewMemory()).Run(t.Context(), nil); err == nil {
		t.Error("no error")
	}
}
