// Package kafka runs a Kafka broker inside this process, for the demo, for
// trying things out and for tests. It is franz-go's kfake with its data on disk:
// topics, records, compaction, transactions and consumer groups behave as
// Kafka's do, with one broker, no replication and every segment's index in
// memory. It is no way to run Kafka in production.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/deploy/local/lock"
)

// Config says where a broker keeps its data and what is in it from the start.
type Config struct {
	// Dir keeps the data; one broker at a time may use it. Empty keeps all in
	// memory.
	Dir string
	// Port is that of the listener on loopback; 0 picks a free one.
	Port int
	// Topics are made with so many partitions each if they are not there. A
	// topic that is there keeps the partitions it has.
	Topics map[string]int32
	// SyncWrites sees every batch on disk before it is acknowledged. Without it
	// records survive the end of the process, however it comes, but not that of
	// the machine. Real brokers work without it too.
	SyncWrites bool
	// Log may be nil. The broker logs only what it could not do.
	Log *slog.Logger
}

const (
	// maxBatchBytes is the largest batch that is taken: room for the largest raw
	// record that is decoded, where Kafka's default is 1 MiB.
	maxBatchBytes = 20 << 20
	// adminLimit bounds making the topics at the start.
	adminLimit = 30 * time.Second
)

// A Broker is a running Kafka. Its methods are safe for concurrent use.
type Broker struct {
	cluster *kfake.Cluster
	addr    string
	lock    *lock.Lock // nil in memory
	stop    sync.Once
	err     error // of the stop
}

// Start opens the data and returns once the broker answers and has its topics.
func Start(cfg Config) (*Broker, error) {
	b, err := start(cfg)
	if err != nil {
		return nil, fmt.Errorf("start kafka: %w", err)
	}
	return b, nil
}

// Addr is the host and port of the broker.
func (b *Broker) Addr() string { return b.addr }

// Stop ends the broker: what was acknowledged, offsets included, is there again
// at the next start. Clients lose their connection. Repeats are harmless.
func (b *Broker) Stop() error {
	b.stop.Do(func() {
		b.cluster.Close()
		if b.lock != nil {
			b.err = b.lock.Release()
		}
	})
	return b.err
}

func start(cfg Config) (_ *Broker, err error) {
	b := &Broker{}
	opts := []kfake.Opt{
		kfake.Ports(cfg.Port),
		kfake.ClusterID("whence-local"),
		kfake.BrokerConfigs(map[string]string{"message.max.bytes": strconv.Itoa(maxBatchBytes)}),
	}
	if cfg.Log != nil {
		opts = append(opts, kfake.WithLogger(logger{cfg.Log}))
	}
	if cfg.SyncWrites {
		opts = append(opts, kfake.SyncWrites())
	}
	if cfg.Dir != "" {
		dir, err := filepath.Abs(cfg.Dir)
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if b.lock, err = lock.Try(filepath.Join(dir, "lock")); err != nil {
			return nil, err
		}
		opts = append(opts, kfake.DataDir(dir))
	}
	if b.cluster, err = kfake.NewCluster(opts...); err != nil {
		if b.lock != nil {
			err = errors.Join(err, b.lock.Release())
		}
		var op *net.OpError
		if errors.As(err, &op) {
			return nil, fmt.Errorf("port %d is in use by another program; choose another one: %w", cfg.Port, err)
		}
		return nil, err
	}
	b.addr = b.cluster.ListenAddrs()[0]
	// The broker compacts and applies retention once an hour, but after a restart
	// only when a topic is made or changed; so it is done here.
	b.cluster.Compact()
	if err := makeTopics(b.addr, cfg.Topics); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

// makeTopics makes the topics that are not there. Seeding them would not do: the
// broker seeds an empty folder only.
func makeTopics(addr string, topics map[string]int32) error {
	if len(topics) == 0 {
		return nil
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), adminLimit)
	defer cancel()
	admin := kadm.NewClient(client)
	for _, topic := range sorted(topics) {
		if topics[topic] < 1 {
			return fmt.Errorf("topic %s must have a partition at least", topic)
		}
		_, err := admin.CreateTopic(ctx, topics[topic], 1, nil, topic)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("make topic %s: %w", topic, err)
		}
	}
	return nil
}

func sorted(topics map[string]int32) []string {
	names := make([]string, 0, len(topics))
	for name := range topics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// logger passes on what someone must act on.
type logger struct{ log *slog.Logger }

// Logf implements kfake.Logger.
func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error("local kafka", "err", fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		l.log.Warn("local kafka", "err", fmt.Sprintf(format, args...))
	}
}
