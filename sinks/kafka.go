package sinks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// KafkaConfig says where chains and alerts are announced. How to reach the
// brokers comes beside it, as kgo options.
type KafkaConfig struct {
	// Name is what the destination is called in status, metrics and errors.
	Name string
	// Chains is the topic of chains and Alerts that of alerts; one may be empty, for
	// none of them.
	Chains, Alerts string
	// Encoding is what they are written in; empty for Native.
	Encoding Encoding
	// Key is what records are keyed by; empty for their ids.
	Key KeyBy
	// Filter leaves out what is not wanted here.
	Filter Filter
	// Compression is one of Compressions; empty for snappy.
	Compression string
	// MaxBytes bounds what waits to be sent. When it is full, Write waits.
	MaxBytes int
}

// Default are whence's own topics.
func (KafkaConfig) Default() KafkaConfig {
	return KafkaConfig{Name: "kafka", Chains: "whence.chains", Alerts: "whence.alerts", MaxBytes: 64 << 20}
}

// Compressions are what batches can be compressed with.
func Compressions() []string { return []string{"none", "gzip", "lz4", "snappy", "zstd"} }

// codecs are tried from the first on: a broker that is too old for one has the next.
func (c KafkaConfig) codecs() []kgo.CompressionCodec {
	switch c.Compression {
	case "none":
		return []kgo.CompressionCodec{kgo.NoCompression()}
	case "gzip":
		return []kgo.CompressionCodec{kgo.GzipCompression(), kgo.NoCompression()}
	case "lz4":
		return []kgo.CompressionCodec{kgo.Lz4Compression(), kgo.NoCompression()}
	case "zstd":
		return []kgo.CompressionCodec{kgo.ZstdCompression(), kgo.SnappyCompression(), kgo.NoCompression()}
	}
	return []kgo.CompressionCodec{kgo.SnappyCompression(), kgo.NoCompression()}
}

// Validate reports everything that is wrong with c.
func (c KafkaConfig) Validate() error {
	var errs []error
	if c.Name == "" {
		errs = append(errs, errors.New("kafka sink: it has no name"))
	}
	if c.Chains == "" && c.Alerts == "" {
		errs = append(errs, errors.New("kafka sink: name a topic for chains, for alerts, or topics for both"))
	}
	for _, err := range []error{c.Encoding.Validate(), c.Key.Validate(c.Chains == "")} {
		if err != nil {
			errs = append(errs, fmt.Errorf("kafka sink: %w", err))
		}
	}
	if c.Compression != "" && !slices.Contains(Compressions(), c.Compression) {
		errs = append(errs, fmt.Errorf("kafka sink: compression %q: want %s", c.Compression, strings.Join(Compressions(), ", ")))
	}
	if c.MaxBytes <= 0 {
		errs = append(errs, fmt.Errorf("kafka sink: max bytes %d: want at least 1", c.MaxBytes))
	}
	return errors.Join(errs...)
}

// Kafka announces chains and alerts on two topics. Older versions may follow newer
// ones there: a reader keeps the highest of each key. It is safe for concurrent
// use.
type Kafka struct {
	cfg    KafkaConfig
	client *kgo.Client
	conns  *brokerConns
	waits  waits
	count  counter
	idle   chan *sending // to be used again
	writes sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

// NewKafka returns the sink. opts say how to reach the brokers; acks, idempotence
// and compression are the sink's own. It does not connect yet. Close frees what it
// holds.
func NewKafka(cfg KafkaConfig, opts []kgo.Opt, log *slog.Logger) (*Kafka, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	conns := &brokerConns{}
	opts = append(opts[:len(opts):len(opts)],
		kgo.RequiredAcks(kgo.AllISRAcks()), // with idempotence, which is kgo's default
		kgo.ProducerBatchCompression(cfg.codecs()...),
		kgo.MaxBufferedBytes(cfg.MaxBytes),
		kgo.WithHooks(conns),
	)
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("kafka sink: %w", err)
	}
	return &Kafka{
		cfg: cfg, client: client, conns: conns, waits: waits{sink: cfg.Name, log: log}, idle: make(chan *sending, maxIdle),
	}, nil
}

// Name implements Sink.
func (k *Kafka) Name() string { return k.cfg.Name }

// Counts returns what was sent so far. It is safe for concurrent use.
func (k *Kafka) Counts() []Counts { return []Counts{k.count.counts(k.cfg.Name)} }

// Waiting returns what writes wait for now, if they do. It is safe for concurrent use.
func (k *Kafka) Waiting() []Wait { return k.waits.Waiting() }

// Write implements Sink. It returns when all in-sync replicas of every partition
// have the records.
func (k *Kafka) Write(ctx context.Context, out *Output) error {
	return k.WriteAfter(ctx, out, func(context.Context) error { return nil })
}

// WriteAfter is Write, and sends nothing before first has returned nil.
func (k *Kafka) WriteAfter(ctx context.Context, out *Output, first func(context.Context) error) error {
	if len(out.Chains)+len(out.Alerts) == 0 {
		return nil
	}
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return fmt.Errorf("write to %s: %w", k.cfg.Name, ErrClosed)
	}
	k.writes.Add(1)
	k.mu.Unlock()
	defer k.writes.Done()
	s := k.take()
	err := s.encode(k, out)
	out.taken()
	if err != nil {
		return fmt.Errorf("write to %s: %w", k.cfg.Name, err)
	}
	if len(s.list) == 0 {
		k.give(s)
		return nil
	}
	if err := first(ctx); err != nil {
		return fmt.Errorf("write to %s: %w", k.cfg.Name, err)
	}
	for {
		err := k.produce(ctx, s.list)
		if err == nil {
			k.count.sent.Add(uint64(len(s.list)))
			k.give(s)
			return nil
		}
		// What arrives twice has one id and version.
		if ctx.Err() != nil || !OfAnother(err) {
			k.count.failed.Add(uint64(len(s.list)))
			return fmt.Errorf("write to %s: %w", k.cfg.Name, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(sendAgain):
		}
	}
}

// produce hands records to the client and waits for their acks. When ctx ends it
// returns at once: what is on its way may still arrive.
func (k *Kafka) produce(ctx context.Context, records []*kgo.Record) error {
	// One slot for each record, so that no promise ever waits for us.
	acks := make(chan error, len(records))
	promise := func(r *kgo.Record, err error) {
		if err != nil {
			err = k.explain(r, err)
		}
		acks <- err
	}
	for _, r := range records {
		k.client.Produce(ctx, r, promise)
	}
	var first error
	slow := time.NewTimer(slowAck)
	defer slow.Stop()
	for left := len(records); left > 0; {
		select {
		case err := <-acks:
			left--
			if first == nil {
				first = err
			}
		case <-slow.C:
			k.waits.begin("brokers do not acknowledge; are all of the topic's partitions led, and in sync?", k.conns.failed())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if first == nil {
		k.waits.over()
	}
	return first
}

// slowAck is when a write counts as held up: another broker takes over within
// seconds, and nobody needs to hear of that.
const slowAck = 10 * time.Second

// explain says what to do about a record that was not taken.
func (k *Kafka) explain(r *kgo.Record, err error) error {
	switch {
	case errors.Is(err, kerr.MessageTooLarge):
		return fmt.Errorf("a record of %d bytes is more than topic %s takes: raise its max.message.bytes: %w", len(r.Value), r.Topic, err)
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return fmt.Errorf("topic %s does not exist: create it: %w", r.Topic, err)
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return fmt.Errorf("topic %s may not be written to: grant the user WRITE: %w", r.Topic, err)
	}
	return fmt.Errorf("produce to %s: %w", r.Topic, err)
}

// Close implements Sink. When ctx ends before the writes under way, they are
// given up and their callers told; it may be called again.
func (k *Kafka) Close(ctx context.Context) error {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	ended := make(chan struct{})
	go func() { // ends with the last write, whom closing the client releases
		k.writes.Wait()
		close(ended)
	}()
	defer k.client.Close()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close %s: %w", k.cfg.Name, ctx.Err())
	}
}

// brokerConns hears from the client whether brokers can be reached. It is safe for
// concurrent use.
type brokerConns struct{ last atomic.Pointer[error] }

// OnBrokerConnect implements kgo.HookBrokerConnect.
func (b *brokerConns) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	switch {
	case err == nil:
		b.last.Store(nil)
	case !errors.Is(err, context.Canceled):
		b.last.Store(&err)
	}
}

// failed is the error of the last attempt to connect, if it failed.
func (b *brokerConns) failed() error {
	if err := b.last.Load(); err != nil {
		return *err
	}
	return nil
}
