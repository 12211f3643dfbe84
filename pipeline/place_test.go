package pipeline

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"

	"whence/correlate"
)

var samePlaces = cmp.Comparer(samePlace)

func TestPlaceRoundTrip(t *testing.T) {
	seen := time.Date(2026, 3, 2, 12, 0, 0, 250e6, time.UTC)
	for _, p := range []place{
		{},
		{head: 1},
		{head: 7, seen: seen},
		{head: 7, seen: time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC)},
		{head: 7, bookmarks: []int64{0}},
		{head: 7, bookmarks: []int64{0, 1, 2, 3, 4, 5, 6}, seen: seen},
		{head: math.MaxInt64, bookmarks: []int64{1, 1 << 20, 1 << 40, math.MaxInt64 - 1}, seen: seen},
	} {
		got, err := decodePlace(p.encode())
		if err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		if d := cmp.Diff(p, got, samePlaces); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

// TestManyBookmarks has more than fit into the metadata: the commit waits at the
// first that does not fit, and forgets none.
func TestManyBookmarks(t *testing.T) {
	for _, gap := range []int64{1, 200, 1 << 20, 1 << 40} {
		p := place{seen: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
		for i := range int64(5000) {
			p.bookmarks = append(p.bookmarks, 3+i*gap)
		}
		p.head = 10 + 5000*gap
		offset, metadata := p.encode()
		if len(metadata) > maxMetadata {
			t.Errorf("gap %d: %d bytes of metadata; brokers take %d", gap, len(metadata), maxMetadata)
		}
		got, err := decodePlace(offset, metadata)
		if err != nil {
			t.Fatal(err)
		}
		fit := len(got.bookmarks)
		want := place{head: p.bookmarks[fit], bookmarks: p.bookmarks[:fit], seen: p.seen}
		if d := cmp.Diff(want, got, samePlaces); d != "" {
			t.Errorf("gap %d (-want +got):\n%s", gap, d)
		}
		perBookmark := len(binary.AppendUvarint(nil, uint64(gap)))
		if room := fit * perBookmark; room < 3000 {
			t.Errorf("gap %d: only %d bookmarks fit", gap, fit)
		}
		for _, b := range p.bookmarks {
			if !got.wants(b) {
				t.Fatalf("gap %d: the record at bookmark %d would be passed over", gap, b)
			}
		}
	}
}

func TestForeignMetadata(t *testing.T) {
	for _, metadata := range []string{"", "somebody else's", "W1:gN6j45Vn", "{}"} {
		got, err := decodePlace(42, metadata)
		if err != nil {
			t.Errorf("%q: %v", metadata, err)
		}
		if d := cmp.Diff(place{head: 42}, got, samePlaces); d != "" {
			t.Errorf("%q (-want +got):\n%s", metadata, d)
		}
	}
}

// broken are metadata of ours that cannot be what was committed.
func broken() map[string]string {
	ours := func(seen int64, gaps ...uint64) []byte {
		b := binary.AppendVarint(nil, seen)
		for _, g := range gaps {
			b = binary.AppendUvarint(b, g)
		}
		return b
	}
	text := func(b []byte) string { return placeVersion + base64.RawStdEncoding.EncodeToString(b) }
	return map[string]string{
		"nothing after the version": placeVersion,
		"no base64":                 placeVersion + "!!!",
		"the time cut off":          text([]byte{0x80}),
		"a bookmark cut off":        text(append(ours(1, 5), 0x80)),
		"a bookmark at the head":    text(ours(1, 5, 37)),
		"a bookmark told twice":     text(ours(1, 5, 0)),
		"bookmarks past all bounds": text(ours(1, 5, math.MaxUint64-2)),
	}
}

func TestBrokenMetadata(t *testing.T) {
	for name, metadata := range broken() {
		if p, err := decodePlace(42, metadata); !errors.Is(err, errBookmarks) {
			t.Errorf("%s: read as %+v, error %v; want an error", name, p, err)
		}
	}
}

func FuzzDecodePlace(f *testing.F) {
	for _, metadata := range broken() {
		f.Add(int64(42), metadata)
	}
	_, metadata := place{head: 42, bookmarks: []int64{0, 5, 41}, seen: time.Unix(1_772_452_800, 0)}.encode()
	f.Add(int64(42), metadata)
	f.Fuzz(func(t *testing.T, offset int64, metadata string) {
		p, err := decodePlace(offset, metadata)
		if err != nil || !strings.HasPrefix(metadata, placeVersion) || len(metadata) > maxMetadata {
			return
		}
		last := int64(-1)
		for _, b := range p.bookmarks {
			if b <= last || b >= p.head {
				t.Fatalf("bookmarks %v of head %d", p.bookmarks, p.head)
			}
			last = b
		}
		again, err := decodePlace(p.encode())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p, again, samePlaces); d != "" {
			t.Errorf("(-first +again):\n%s", d)
		}
	})
}

// FuzzEncodePlace makes places from gaps, and checks that no record is passed
// over that is still to be worked on.
func FuzzEncodePlace(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, int64(1), int64(1_772_452_800_000))
	f.Add(make([]byte, 5000), int64(1<<33), int64(0))
	f.Fuzz(func(t *testing.T, gaps []byte, scale, seen int64) {
		if scale < 1 || scale > 1<<40 || len(gaps) > 10_000 {
			return
		}
		p := place{}
		if seen != 0 {
			p.seen = time.UnixMilli(seen).UTC()
		}
		next := int64(0)
		for _, g := range gaps {
			next += int64(g) * scale
			p.bookmarks = append(p.bookmarks, next)
			next++
		}
		p.head = next
		offset, metadata := p.encode()
		if len(metadata) > maxMetadata {
			t.Fatalf("%d bytes of metadata", len(metadata))
		}
		got, err := decodePlace(offset, metadata)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range p.bookmarks {
			if !got.wants(b) {
				t.Fatalf("bookmark %d is lost", b)
			}
		}
		if got.head > p.head || got.start() > p.start() || !got.seen.Equal(p.seen) {
			t.Fatalf("%+v became %+v", p, got)
		}
	})
}

// park sends 20 lines to partition 0, of which those at 5, 10 and 15 wait for the
// key to be issued.
func (b *bench) park() {
	b.t.Helper()
	b.trail()
	now := time.Now()
	lines := []string{issues(100, "ASIAEXAMPLE000000001", "alice@example.com", now)}
	for n := 1; n < 20; n++ {
		key := "ASIAEXAMPLE000000001"
		if n%5 == 0 {
			key = fmt.Sprintf("ASIAEXAMPLE0000000%d", n)
		}
		lines = append(lines, deletes(n, key, now))
	}
	b.send(0, lines...)
}

// committed is what the group has committed of a partition of the raw topic.
func (b *bench) committed(partition int32) place {
	b.t.Helper()
	c, _ := b.offsets().Lookup(trailTopic, partition)
	p, err := decodePlace(c.At, c.Metadata)
	if err != nil {
		b.t.Fatal(err)
	}
	p.seen = time.Time{}
	return p
}

// commits waits until the group has committed a place of partition 0.
func (b *bench) commits(want place) {
	b.t.Helper()
	var got place
	defer func() {
		if d := cmp.Diff(want, got, samePlaces); d != "" {
			b.t.Errorf("committed (-want +got):\n%s", d)
		}
	}()
	b.until("the place is committed", func() bool {
		got = b.committed(0)
		return samePlace(want, got)
	})
}

// TestParkedChainsSurviveAStop commits the head with the parked chains as
// bookmarks; the next owner reads those alone, and improves them.
func TestParkedChainsSurviveAStop(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.park()
		first := b.start(nil)
		b.commits(place{head: 20, bookmarks: []int64{5, 10, 15}})
		first.stop(t)
		b.commits(place{head: 20, bookmarks: []int64{5, 10, 15}})

		second := b.start(nil)
		b.until("the next owner has parked again", func() bool { return second.metric("whence_chains_parked") == 3 })
		if events := second.metric("whence_events_total"); events != 3 {
			t.Errorf("the next owner decoded %g lines below the head; want the 3 that are parked", events)
		}
		b.commits(place{head: 20, bookmarks: []int64{5, 10, 15}})
		b.want(10, correlate.Unattributed, false)
		b.send(1, issues(101, "ASIAEXAMPLE000000010", "bob@example.com", time.Now().Add(-time.Minute)))
		b.commits(place{head: 20, bookmarks: []int64{5, 15}})
		b.want(5, correlate.Unattributed, false)
		b.want(10, correlate.Attributed, true)
		if got := b.chain(10).Requestor.ID; got != "bob@example.com" {
			t.Errorf("the requestor is %q", got)
		}
		second.stop(t)
		b.commits(place{head: 20, bookmarks: []int64{5, 15}})
	})
}

// TestBookmarksThatRetentionTook has nothing left to read below the head, nor
// after it: the lane must not wait for records that will never come.
func TestBookmarksThatRetentionTook(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.park()
		first := b.start(nil)
		b.commits(place{head: 20, bookmarks: []int64{5, 10, 15}})
		first.stop(t)
		b.delete(trailTopic, 0, 20)
		second := b.start(nil)
		b.ready(second)
		before := time.Now()
		b.until("idle time moves the marks", func() bool { return second.clock.ReadUpTo(trailTopic).After(before.Add(3 * time.Second)) })
		b.commits(place{head: 20})
		b.send(0, deletes(20, "ASIAEXAMPLE000000001", time.Now()))
		b.commits(place{head: 21})
		b.chain(20)
		second.stop(t)
	})
}

// TestMoreParkedThanFit commits at the first bookmark that does not fit, so that
// all of them are read again.
func TestMoreParkedThanFit(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		const lines = 4000 // a byte each, where some 3000 fit
		b.trail()
		now := time.Now()
		for from := 0; from < lines; from += 100 {
			var batch []string
			for n := from; n < from+100; n++ {
				batch = append(batch, deletes(n, "ASIAEXAMPLE000000001", now))
			}
			b.sendTogether(0, batch)
		}
		first := b.start(nil)
		b.until("all lines are parked", func() bool { return first.metric("whence_chains_parked") == lines })
		first.stop(t)
		p := b.committed(0)
		if p.head != int64(len(p.bookmarks)) || p.head < 3000 || p.head >= lines {
			t.Errorf("committed at %d with %d bookmarks; want the first that does not fit", p.head, len(p.bookmarks))
		}
		second := b.start(nil)
		b.until("all lines are parked again", func() bool { return second.metric("whence_chains_parked") == lines })
		if events := second.metric("whence_events_total"); events != lines {
			t.Errorf("the next owner decoded %g lines; want %d", events, lines)
		}
		b.send(1, issues(lines, "ASIAEXAMPLE000000001", "alice@example.com", now.Add(-time.Minute)))
		b.commits(place{head: lines})
		second.stop(t)
		if n := b.sink.unsettled(); n > 0 {
			t.Errorf("%d chains were forgotten", n)
		}
		b.commits(place{head: lines})
	})
}

// commit commits a place for the group from outside.
func (b *bench) commit(offset int64, metadata string) {
	b.t.Helper()
	client := b.client()
	defer client.Close()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: trailTopic, Partition: 0, At: offset, LeaderEpoch: -1, Metadata: metadata})
	if err := kadm.NewClient(client).CommitAllOffsets(b.t.Context(), b.cfg.Group, offsets); err != nil {
		b.t.Fatal(err)
	}
}

// TestOffsetsSetByHand starts where an operator put the group.
func TestOffsetsSetByHand(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.park()
		b.commit(18, "set by hand")
		in := b.start(nil)
		b.commits(place{head: 20, bookmarks: []int64{18, 19}}) // the key was issued before
		if events := in.metric("whence_events_total"); events != 2 {
			t.Errorf("%g lines were decoded; want the 2 from offset 18 on", events)
		}
		in.stop(t)
	})
}

// TestEndSetByHand starts at the end, with no metadata at all. The partition has
// nothing to read, so it counts as idle.
func TestEndSetByHand(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.park()
		b.commit(20, "")
		in := b.start(nil)
		b.ready(in)
		began := time.Now()
		b.until("the topic counts as read while it is idle", func() bool { return in.clock.ReadUpTo(trailTopic).After(began) })
		if events := in.metric("whence_events_total"); events != 0 {
			t.Errorf("%g lines were decoded; want none", events)
		}
		in.stop(t)
	})
}

// TestCommitBeyondTheEnd has lost the records below what is committed, as after
// an unclean election of a leader. New ones take their offsets, and must not be
// taken for those that have been worked on.
func TestCommitBeyondTheEnd(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.park()
		b.commit(50, "")
		in := b.start(nil)
		b.until("the lines that are there have been read", func() bool { return b.committed(0).head == 20 })
		b.send(0, deletes(20, "ASIAEXAMPLE000000001", time.Now()))
		b.until("the new line has been read", func() bool { return b.committed(0).head == 21 })
		if events := in.metric("whence_events_total"); events != 21 {
			t.Errorf("%g lines were decoded; want all 21", events)
		}
		if said := in.log.saying("shorter than it was"); len(said) != 1 {
			t.Errorf("a partition lost records, and it said %q", in.log.saying(""))
		}
		in.stop(t)
	})
}

// TestBrokenMetadataEndsRun: to go on without the bookmarks would lose what was
// parked, and waiting mends nothing.
func TestBrokenMetadataEndsRun(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.park()
		b.commit(18, placeVersion+"!!!")
		in := b.start(nil)
		err := <-in.done
		<-in.closed
		if !errors.Is(err, errBookmarks) || !strings.Contains(err.Error(), trailTopic+"/0") {
			t.Errorf("Run returned %v; want where the metadata is broken", err)
		}
		if n := b.sink.len(); n > 0 {
			t.Errorf("%d chains were written", n)
		}
	})
}
