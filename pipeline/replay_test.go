package pipeline

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

func (b *bench) replay(dry bool) Replayed {
	b.t.Helper()
	done, err := ReplayRejects(b.t.Context(), b.cfg, []kgo.Opt{kgo.SeedBrokers(b.addrs...), kgo.Dialer(b.dial)}, dry)
	if err != nil {
		b.t.Fatal(err)
	}
	return done
}

// TestReplayRejects: lines were written to a topic that was mapped to the wrong
// source. When that is mended the rejects are replayed, each once, and what still
// cannot be decoded stays.
func TestReplayRejects(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.trail()
		b.cfg.Topics[0].Source = "vault.audit"
		b.cfg.Lateness = nil
		junk := `{"hello":"world"}`
		large := pad(deletes(3, keyOf(3), time.Now()), maxRejectBytes+1000)
		b.send(0, deletes(1, keyOf(1), time.Now()), junk)
		b.send(1, deletes(2, keyOf(2), time.Now()), large)
		wrong := b.start(nil)
		b.until("all is rejected", b.read)
		wrong.stop(t)
		if n := len(b.rejected()); n != 4 {
			t.Fatalf("%d rejects; want 4", n)
		}
		if d := cmp.Diff(Replayed{Read: 4, Failing: 3, Cut: 1}, b.replay(false)); d != "" {
			t.Errorf("before it is mended (-want +got):\n%s", d)
		}

		b.cfg.Topics[0].Source = "aws.cloudtrail"
		want := Replayed{Read: 4, Replayed: 2, Failing: 1, Cut: 1}
		if d := cmp.Diff(want, b.replay(true)); d != "" {
			t.Errorf("dry (-want +got):\n%s", d)
		}
		if d := cmp.Diff(want, b.replay(false)); d != "" {
			t.Errorf("after it is mended (-want +got):\n%s", d)
		}
		if d := cmp.Diff(Replayed{Read: 2, Failing: 1, Cut: 1}, b.replay(false)); d != "" {
			t.Errorf("again (-want +got):\n%s", d)
		}
		right := b.start(nil)
		b.until("what was replayed is in", b.read)
		right.stop(t)
		if n := b.sink.len(); n != 2 {
			t.Errorf("%d chains; want 2", n)
		}
		b.chain(1)
		if c := b.chain(2); c.Evidence.Partition != 1 {
			t.Errorf("line 2 is on partition %d now", c.Evidence.Partition)
		}
		if n := len(b.rejected()); n != 4 {
			t.Errorf("%d rejects after the replay; want the same 4", n)
		}
	})
}

// TestReplayKeepsHeaders: some sources decode by them.
func TestReplayKeepsHeaders(t *testing.T) {
	inFakeTime(t, func(t *testing.T, b *bench) {
		b.trail()
		junk := &kgo.Record{Topic: trailTopic, Value: []byte(`{"hello":"world"}`), Timestamp: time.Now().Add(-time.Hour).Truncate(time.Millisecond), Headers: []kgo.RecordHeader{
			{Key: "X-GitHub-Event", Value: []byte("push")}, {Key: "whence-scope", Value: []byte("prod")},
			{Key: "x-huge", Value: []byte(strings.Repeat("x", maxEnclosed))},
		}}
		client := b.client()
		defer client.Close()
		if err := client.ProduceSync(t.Context(), junk).FirstErr(); err != nil {
			t.Fatal(err)
		}
		in := b.start(nil)
		b.until("it is rejected", b.read)
		in.stop(t)
		letters := b.rejected()
		if len(letters) != 1 {
			t.Fatalf("%d rejects; want 1", len(letters))
		}
		h := map[string]string{}
		for _, one := range letters[0].Headers {
			h[one.Key] = string(one.Value)
		}
		r := replay{partitions: map[string]int{trailTopic: rawPartitions}}
		got := map[string]string{}
		for _, one := range r.record(letters[0], h).Headers {
			got[one.Key] = string(one.Value)
		}
		want := map[string]string{
			"X-GitHub-Event": "push", "whence-scope": "prod", receivedAt: junk.Timestamp.UTC().Format(time.RFC3339Nano),
			replayedFrom: got[replayedFrom],
		}
		if d := cmp.Diff(want, got); d != "" || !strings.HasPrefix(got[replayedFrom], b.cfg.RejectsTopic+"/") {
			t.Errorf("%q (-want +got):\n%s", got[replayedFrom], d)
		}
	})
}

// TestRejectedTwice is one record, rejected by two owners of its partition: it is
// replayed once.
func TestRejectedTwice(t *testing.T) {
	inFakeTime(t, func(t *testing.T, b *bench) {
		b.trail()
		b.cfg.Topics[0].Source = "vault.audit"
		b.cfg.Lateness = nil
		b.send(0, deletes(1, keyOf(1), time.Now()))
		for range 2 {
			in := b.start(nil)
			b.until("it is rejected", b.read)
			in.stop(t)
			b.rewind("earliest")
		}
		b.cfg.Topics[0].Source = "aws.cloudtrail"
		if d := cmp.Diff(Replayed{Read: 2, Replayed: 1, Twice: 1}, b.replay(false)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if d := cmp.Diff(Replayed{}, b.replay(false)); d != "" {
			t.Errorf("again (-want +got):\n%s", d)
		}
	})
}
