package sinks_test

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sinks"
	"whence/sinks/ocsftest"
)

// Two destinations of one write: each has its topic, encoding, key, compression and
// filter, and counts for itself.
func TestDestinations(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "soc.chains", "soc.alerts"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	opts := []kgo.Opt{kgo.SeedBrokers(cluster.ListenAddrs()...)}
	open := func(cfg sinks.KafkaConfig) *sinks.Kafka {
		k, err := sinks.NewKafka(cfg, opts, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	undecided := bareChain(3)
	chains := open(sinks.KafkaConfig{
		Name: "siem chains", Chains: "soc.chains", Encoding: sinks.OCSF, Key: sinks.ByAccount, Compression: "zstd", MaxBytes: 1 << 20,
		Filter: sinks.Filter{Chain: func(c *correlate.Chain) (bool, error) {
			if c.ID == undecided.ID {
				return false, errors.New("cannot tell")
			}
			return c.Class != correlate.Auth, nil
		}},
	})
	alerts := open(sinks.KafkaConfig{
		Name: "siem alerts", Alerts: "soc.alerts", Encoding: sinks.ECS, Key: sinks.ByRule, Compression: "none", MaxBytes: 1 << 20,
		Filter: sinks.Filter{Alert: func(a *correlate.Alert) (bool, error) { return a.Severity == "high", nil }},
	})
	feeds := sinks.NewFeeds(chains, alerts)
	full := fullChain(1)
	low := alertOn(&full, correlate.AlertOpen)
	low.Severity = "low"
	out := &sinks.Output{
		Chains: []correlate.Chain{full, bareChain(2), undecided, improved(full)},
		Alerts: []correlate.Alert{alertOn(&full, correlate.AlertOpen), low, alertOn(&full, correlate.AlertClosed)},
	}
	for range 2 { // the second write has the memory of the first
		if err := feeds.Write(t.Context(), out); err != nil {
			t.Fatal(err)
		}
	}
	want := []sinks.Counts{
		{Name: "siem chains", Sent: 6, Filtered: 2, Undecided: 2}, {Name: "siem alerts", Sent: 4, Filtered: 2},
	}
	if diff := cmp.Diff(want, feeds.Counts()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var keys []string
	for _, r := range consume(t, cluster, "soc.chains", 6) {
		keys = append(keys, string(r.Key))
		if err := ocsftest.V18().Check(r.Value); err != nil {
			t.Error(err)
		}
	}
	account := "123456789012"
	if want := []string{account, undecided.ID.String(), account, account, undecided.ID.String(), account}; !slices.Equal(keys, want) {
		t.Errorf("got the keys %v, want %v", keys, want)
	}
	for _, r := range consume(t, cluster, "soc.alerts", 4) {
		if string(r.Key) != "no-requestor" {
			t.Errorf("got the key %s", r.Key)
		}
	}
	if err := feeds.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := feeds.Write(t.Context(), out); !errors.Is(err, sinks.ErrClosed) {
		t.Errorf("after the close: got %v", err)
	}
}

// consume reads the first n records of a topic.
func consume(t *testing.T, cluster *kfake.Cluster, topic string, n int) (all []*kgo.Record) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(10*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for len(all) < n {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		all = append(all, fetches.Records()...)
	}
	return all
}

// Every version of a chain has one key, but by whoever asked.
func TestKeysLast(t *testing.T) {
	for _, alerts := range []bool{true, false} {
		for _, k := range append(sinks.Keys(alerts), "") {
			if err := k.Validate(alerts); err != nil {
				t.Error(err)
			}
		}
	}
	for _, k := range []sinks.KeyBy{sinks.ByRule, "colour"} {
		if k.Validate(false) == nil {
			t.Errorf("%s is no key of chains", k)
		}
	}
}
