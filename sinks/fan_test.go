package sinks

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/correlate"
)

// inTurn notes what gets to the destinations, in order, and lets nothing get there
// before begin is closed.
type inTurn struct {
	inserter
	begin chan struct{}

	mu    sync.Mutex
	order []string
}

func (s *inTurn) came(what string, slow time.Duration) {
	<-s.begin
	time.Sleep(slow) // fake
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.order); n == 0 || s.order[n-1] != what {
		s.order = append(s.order, what)
	}
}

func (s *inTurn) Do(ctx context.Context, q ch.Query) error {
	table := strings.Split(q.Body, "`")[3]
	s.came("stored "+table, 2*time.Second)
	return s.inserter.Do(ctx, q)
}

// TestFanInTurn: alerts are stored before others are told of them, and chains after
// others were told of them. All of it has been taken before the first of these: the
// caller changes it at once.
func TestFanInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network kfake.VirtualNetwork
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "whence.chains", "whence.alerts"), kfake.ListenFn(network.Listen))
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		turn := &inTurn{begin: make(chan struct{})}
		cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
			cluster.KeepControl()
			turn.came("told", time.Second)
			return nil, nil, false
		})
		k, err := NewKafka(KafkaConfig{}.Default(), []kgo.Opt{kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.Dialer(network.DialContext)}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		c, _, _ := fakeClickHouse()
		turn.inserter, c.out = c.out, turn

		f, out, taken := NewFan(c, k), oneChain(), make(chan struct{})
		id := out.Chains[0].ID
		out.Alerts = []correlate.Alert{{ID: correlate.NewID("a"), ChainID: id}}
		out.Rejects = []correlate.Reject{{Source: "s", Reason: "r"}}
		out.Taken = sync.OnceFunc(func() { close(taken) })
		written := make(chan error)
		go func() { written <- f.Write(t.Context(), out) }()
		<-taken
		clear(out.Chains)
		clear(out.Alerts)
		close(turn.begin)
		if err := <-written; err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"stored alerts", "told", "stored rejects", "stored chains"}, turn.order); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if err := f.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := keysOf(t, &network, cluster); !slices.Equal(got, []string{id.String(), correlate.NewID("a").String()}) {
			t.Errorf("told of %s", got)
		}
	})
}

// TestFanClosesAfterItsWrites: a write that has not come to its last step is finished
// before any sink is closed.
func TestFanClosesAfterItsWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, conn, _ := fakeClickHouse()
		f, out := NewFan(c, lateSink{}), oneChain()
		written := make(chan error)
		go func() { written <- f.Write(t.Context(), out) }()
		time.Sleep(time.Second)
		closed := make(chan error)
		go func() { closed <- f.Close(t.Context()) }()
		if err := <-written; err != nil {
			t.Errorf("the write under way: got %v", err)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if len(conn.sent) != 1 {
			t.Errorf("%d inserts; want 1", len(conn.sent))
		}
		if err := f.Write(t.Context(), out); !errors.Is(err, ErrClosed) {
			t.Errorf("a write after it was closed: got %v", err)
		}
	})
}

// lateSink takes a while.
type lateSink struct{}

func (lateSink) Name() string                         { return "late" }
func (lateSink) Write(context.Context, *Output) error { time.Sleep(5 * time.Second); return nil }
func (lateSink) Close(context.Context) error          { return nil }

// keysOf are those of the records in our topics.
func keysOf(t *testing.T, network *kfake.VirtualNetwork, cluster *kfake.Cluster) (keys []string) {
	t.Helper()
	for _, topic := range []string{"whence.chains", "whence.alerts"} {
		client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.Dialer(network.DialContext), kgo.ConsumeTopics(topic),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range client.PollFetches(t.Context()).Records() {
			keys = append(keys, string(r.Key))
		}
		client.Close()
	}
	return keys
}
