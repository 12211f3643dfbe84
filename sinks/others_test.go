package sinks_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/correlate"
	"whence/sinks"
)

func TestKafkaSaysWhatToDo(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "whence.chains"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	k, err := sinks.NewKafka(sinks.KafkaConfig{}.Default(), []kgo.Opt{
		kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.UnknownTopicRetries(0),
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close(t.Context())
	huge := bareChain(1)
	huge.Reason = strings.Repeat("x", 2<<20)
	c := bareChain(2)
	for _, tt := range []struct {
		out  *sinks.Output
		want error
		say  string
	}{
		{&sinks.Output{Chains: []correlate.Chain{bareChain(3), huge}}, kerr.MessageTooLarge, "max.message.bytes"},
		{&sinks.Output{Alerts: []correlate.Alert{alertOn(&c, correlate.AlertOpen)}}, kerr.UnknownTopicOrPartition, "whence.alerts does not exist"},
	} {
		if err := k.Write(t.Context(), tt.out); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.say) {
			t.Errorf("got %v, want it to say %q", err, tt.say)
		}
	}
}

// Lanes share the sink, and their records batches: see the comment in Write.
func TestKafkaOutlivesOthersInItsBatch(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "whence.chains", "whence.alerts"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	k, err := sinks.NewKafka(sinks.KafkaConfig{}.Default(), []kgo.Opt{
		kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.MetadataMinAge(50 * time.Millisecond), kgo.ProducerLinger(50 * time.Millisecond),
		kgo.AllowIdempotentProduceCancellation(),
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close(t.Context())
	fault := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
	ending, end := context.WithCancel(t.Context())
	const each = 20
	ended, lasting := make(chan error, each), make(chan error, each)
	for i := range 2 * each {
		ctx, results := t.Context(), lasting
		if i%2 == 0 {
			ctx, results = ending, ended
		}
		out := &sinks.Output{Chains: []correlate.Chain{bareChain(i)}}
		go func() { results <- k.Write(ctx, out) }() // ends with Write; read below
	}
	if err := fault.Wait(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	end()
	for range each {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("a write that was ended: got %v", err)
		}
	}
	fault.Remove()
	for range each {
		if err := <-lasting; err != nil {
			t.Errorf("a write that was not: %v", err)
		}
	}
}

// tornWriter takes a few bytes of its first write only.
type tornWriter struct {
	bytes.Buffer
	left int
}

func (w *tornWriter) Write(p []byte) (int, error) {
	if n := min(w.left, len(p)); n > 0 {
		w.left = 0
		w.Buffer.Write(p[:n])
		return n, io.ErrClosedPipe
	}
	return w.Buffer.Write(p)
}

func TestLinesBeginAnewAfterATornLine(t *testing.T) {
	w := &tornWriter{left: 10}
	l := sinks.NewLines(w)
	out := &sinks.Output{Chains: []correlate.Chain{bareChain(1)}}
	if err := l.Write(t.Context(), out); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
	write(t, l, out.Chains...)
	write(t, l, bareChain(2))
	lines := strings.Split(strings.TrimSuffix(w.String(), "\n"), "\n")
	if len(lines) != 3 || len(lines[0]) != 10 {
		t.Fatalf("got %q", lines)
	}
	for i, c := range []correlate.Chain{bareChain(1), bareChain(2)} {
		if got := decode(t, []byte(lines[i+1])); got.ID != c.ID.String() {
			t.Errorf("line %d: got %v", i+1, got)
		}
	}
}

// scripted is a sink that does as it is told.
type scripted struct {
	name  string
	write func(context.Context) error
	close error
}

func (s scripted) Name() string                                     { return s.name }
func (s scripted) Write(ctx context.Context, _ *sinks.Output) error { return s.write(ctx) }
func (s scripted) Close(context.Context) error                      { return s.close }

func TestFanEndsWithTheFirstError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad")
		away := scripted{"away", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil}
		broken := scripted{"broken", func(context.Context) error { return bad }, bad}
		fine := scripted{"fine", func(context.Context) error { return nil }, nil}
		f := sinks.NewFan(away, broken, fine)
		if got := f.Name(); got != "away+broken+fine" {
			t.Errorf("name: got %s", got)
		}
		if err := f.Write(t.Context(), &sinks.Output{}); !errors.Is(err, bad) {
			t.Errorf("write: got %v", err)
		}
		if err := f.Close(t.Context()); !errors.Is(err, bad) || !strings.Contains(err.Error(), "broken") {
			t.Errorf("close: got %v", err)
		}
		if err := sinks.NewFan(fine, fine).Write(t.Context(), &sinks.Output{}); err != nil {
			t.Errorf("all fine: got %v", err)
		}
	})
}

func TestConfigTellsAllProblems(t *testing.T) {
	if err := (sinks.Config{}.Default()).Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
	cfg := sinks.Config{}.Default()
	cfg.Kinds = []string{"clickhouse", "kafka", "kafka", "parquet"}
	cfg.ClickHouse.Addr, cfg.ClickHouse.Database, cfg.ClickHouse.Compression = nil, "a; DROP", "gzip"
	cfg.ClickHouse.Cluster, cfg.ClickHouse.Keep.Alerts, cfg.ClickHouse.TLS.CAFile = "x'", 99999, "ca.pem"
	cfg.Kafka.Chains, cfg.Kafka.Alerts, cfg.Kafka.Compression, cfg.Kafka.Encoding, cfg.Kafka.Key = "", "", "lzma", "xml", "colour"
	err := cfg.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"addr", "DROP", "gzip", "cluster", "99999", "tls", "topics", "lzma", "xml", "colour", "named twice", "parquet"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in:\n%v", want, err)
		}
	}
}

func TestOpen(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "whence.chains", "whence.alerts"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	cfg := sinks.Config{}.Default()
	cfg.Kinds = []string{"kafka", "lines"}
	var out bytes.Buffer
	f, err := sinks.Open(t.Context(), cfg, []kgo.Opt{kgo.SeedBrokers(cluster.ListenAddrs()...)}, &out, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	write(t, f, bareChain(1))
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if decode(t, out.Bytes()).ID != bareChain(1).ID.String() {
		t.Errorf("lines: got %s", &out)
	}
	// What was opened before the one that fails is closed: goleak would see it.
	cfg.Kinds = []string{"kafka", "clickhouse"}
	cfg.ClickHouse.Addr = []string{"127.0.0.1:1"}
	if _, err := sinks.Open(t.Context(), cfg, []kgo.Opt{kgo.SeedBrokers(cluster.ListenAddrs()...)}, nil, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("got %v", err)
	}
}
