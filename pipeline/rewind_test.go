package pipeline

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

func TestParseFrom(t *testing.T) {
	for _, tt := range []struct {
		text string
		want From
		bad  bool
	}{
		{text: "earliest", want: From{earliest: true}},
		{text: "2026-03-02T08:00:00+01:00", want: From{time: time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)}},
		{text: "0", want: From{}},
		{text: "4711", want: From{offset: 4711}},
		{text: "raw.okta:3:17", want: From{each: map[tp]int64{{"raw.okta", 3}: 17}}},
		{text: "a:0:1, b:2:3", want: From{each: map[tp]int64{{"a", 0}: 1, {"b", 2}: 3}}},
		{text: "", bad: true},
		{text: "latest", bad: true},
		{text: "-1", bad: true},
		{text: "2026-03-02", bad: true},
		{text: "a:0", bad: true},
		{text: "a:x:1", bad: true},
		{text: "a:0:-1", bad: true},
		{text: ":0:1", bad: true},
		{text: "a:0:1,a:0:2", bad: true},
	} {
		got, err := ParseFrom(tt.text)
		if tt.bad != (err != nil) {
			t.Errorf("%q: %v", tt.text, err)
		}
		if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(From{}, tp{})); d != "" && !tt.bad {
			t.Errorf("%q (-want +got):\n%s", tt.text, d)
		}
	}
}

// versions are the highest of each chain.
func (s *memSink) versions() map[correlate.ID]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	vs := map[correlate.ID]uint64{}
	for id, c := range s.chains {
		vs[id] = uint64(c.Version)
	}
	return vs
}

func (b *bench) rewind(from string) []Rewound {
	b.t.Helper()
	f, err := ParseFrom(from)
	if err != nil {
		b.t.Fatal(err)
	}
	done, err := Rewind(b.t.Context(), b.cfg, []kgo.Opt{kgo.SeedBrokers(b.addrs...), kgo.Dialer(b.dial)}, f)
	if err != nil {
		b.t.Fatal(err)
	}
	return done
}

// TestReadAgain reads all lines a second time: into the same sink, which does not
// change, and into an empty one by another group, which ends up the same.
func TestReadAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.fill(testEvents)
		b.finish()
		want, versions := b.sink.contents(t), b.sink.versions()

		again := int64(0)
		for _, r := range b.rewind("earliest") {
			again += r.Again
		}
		if n := int64(len(lines(testEvents))); again != n {
			t.Errorf("%d records are to be read again; want %d", again, n)
		}
		rows := b.sink.written()
		b.finish()
		if b.sink.written() == rows {
			t.Error("nothing was read again")
		}
		if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
			t.Errorf("into the same sink (-once +twice):\n%s", d)
		}
		for id, v := range b.sink.versions() {
			if v < versions[id] {
				t.Errorf("chain %s had version %d and has %d", id, versions[id], v)
			}
		}

		b.sink, b.cfg.Group = newMemSink(), b.cfg.Group+"-shadow"
		b.rewind("earliest")
		b.finish()
		if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
			t.Errorf("into an empty sink (-first +second):\n%s", d)
		}
		if d := cmp.Diff(versions, b.sink.versions()); d != "" {
			t.Errorf("versions (-first +second):\n%s", d)
		}
	})
}

// TestReadAgainFromATime reads what Kafka got since then, on each partition.
func TestReadAgainFromATime(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.trail()
		b.send(0, deletes(1, keyOf(1), time.Now()), deletes(2, keyOf(2), time.Now()))
		time.Sleep(2 * time.Second)
		noon := time.Now().UTC()
		time.Sleep(2 * time.Second)
		b.send(0, deletes(3, keyOf(3), time.Now()))
		b.send(1, deletes(4, keyOf(4), time.Now()))
		b.finish()
		got := b.rewind(noon.Format(time.RFC3339))
		if d := cmp.Diff([]Rewound{{trailTopic, 0, 2, 1}, {trailTopic, 1, 0, 1}}, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		b.sink = newMemSink()
		b.finish()
		if n := b.sink.len(); n != 2 {
			t.Errorf("%d chains were written again; want those of two lines", n)
		}
	})
}

// TestRewindPassesNothingOver: what the group has not read yet is not left out, and
// what it had parked is not forgotten.
func TestRewindPassesNothingOver(t *testing.T) {
	inFakeTime(t, func(t *testing.T, b *bench) {
		b.trail()
		for n := range 10 {
			b.send(0, deletes(n, keyOf(n), time.Now()))
			b.send(1, deletes(100+n, keyOf(n), time.Now()))
		}
		held := kadm.Offsets{}
		for n, p := range []place{{head: 8, bookmarks: []int64{2, 5, 6}, seen: time.Now()}, {head: 3, seen: time.Now()}} {
			at, text := p.encode()
			held.Add(kadm.Offset{Topic: trailTopic, Partition: int32(n), At: at, LeaderEpoch: -1, Metadata: text})
		}
		client := b.client()
		defer client.Close()
		if err := kadm.NewClient(client).CommitAllOffsets(t.Context(), b.cfg.Group, held); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]Rewound{{trailTopic, 0, 6, 2}, {trailTopic, 1, 3, 0}}, b.rewind("6")); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if p := b.committed(0); p.head != 6 || !slices.Equal(p.bookmarks, []int64{2, 5}) || b.told(0) {
			t.Errorf("the place is %+v", p)
		}
		if p := b.committed(1); p.head != 3 || !b.told(1) {
			t.Errorf("a place that was not that far is %+v", p)
		}
		if d := cmp.Diff([]Rewound{{trailTopic, 0, 2, 0}, {trailTopic, 1, 1, 2}}, b.rewind(trailTopic+":1:1")); d != "" {
			t.Errorf("one partition (-want +got):\n%s", d)
		}
		f, _ := ParseFrom("raw.other:0:1")
		if _, err := Rewind(t.Context(), b.cfg, []kgo.Opt{kgo.SeedBrokers(b.addrs...), kgo.Dialer(b.dial)}, f); !errors.Is(err, ErrNothingThere) {
			t.Errorf("a topic that is not read: %v", err)
		}
	})
}

// TestRewindIsRefused while the group is at work, and then its places stay.
func TestRewindIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.trail()
		b.send(0, deletes(1, keyOf(1), time.Now()))
		in := b.start(nil)
		b.until("it is read", b.read)
		f, _ := ParseFrom("earliest")
		if _, err := Rewind(t.Context(), b.cfg, []kgo.Opt{kgo.SeedBrokers(b.addrs...), kgo.Dialer(b.dial)}, f); !errors.Is(err, ErrActive) {
			t.Errorf("Rewind of a group at work: %v", err)
		}
		in.stop(t)
		if p := b.committed(0); p.head != 1 {
			t.Errorf("the place is %+v", p)
		}
	})
}

// told reports whether the place of a partition tells how far it was read in event
// time.
func (b *bench) told(partition int32) bool {
	c, _ := b.offsets().Lookup(trailTopic, partition)
	p, _ := decodePlace(c.At, c.Metadata)
	return !p.seen.IsZero()
}
