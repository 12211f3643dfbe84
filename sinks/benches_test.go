package sinks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sinks"
)

func benchClickHouse(t *testing.T) bench {
	g := &gate{}
	var proxy string
	c := clickHouse(t, func(cfg *sinks.ClickHouseConfig) {
		proxy = g.listen(t, cfg.Addr[0])
		cfg.Addr = []string{proxy}
	})
	conn := connect(t)
	return bench{sink: c, stall: g.shut, resume: g.open, current: func(t *testing.T) map[correlate.ID]uint64 {
		rows, err := conn.Query(t.Context(), "SELECT id, version FROM `"+database(t)+"`.chains_now")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		got := map[correlate.ID]uint64{}
		for rows.Next() {
			var id string
			var version uint64
			if err := rows.Scan(&id, &version); err != nil {
				t.Fatal(err)
			}
			highest(t, got, id, version)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return got
	}}
}

// connect is a connection beside the sink's own, with the engine running.
func connect(t testing.TB) driver.Conn { return connectTo(t, "") }

func connectTo(t testing.TB, database string) driver.Conn {
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{engine.server.Addr()}, Auth: clickhouse.Auth{Database: database}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func benchKafka(t *testing.T) bench {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "whence.chains", "whence.alerts"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	g := &gate{}
	k, err := sinks.NewKafka(sinks.KafkaConfig{}.Default(), []kgo.Opt{
		kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.Dialer(g.dial),
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return bench{sink: k, stall: g.shut, resume: g.open, current: func(t *testing.T) map[correlate.ID]uint64 {
		return reduceTopic(t, cluster)
	}}
}

// reduceTopic reads whence.chains from its beginning to where it ends now.
func reduceTopic(t *testing.T, cluster *kfake.Cluster) map[correlate.ID]uint64 {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics("whence.chains"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(10*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var end int64
	for p := range int32(3) {
		end += cluster.PartitionInfo("whence.chains", p).HighWatermark
	}
	got := map[correlate.ID]uint64{}
	for read := int64(0); read < end; {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			read++
			c := decode(t, r.Value)
			if string(r.Key) != c.ID {
				t.Errorf("key %s of chain %s", r.Key, c.ID)
			}
			highest(t, got, c.ID, c.Version)
		})
	}
	return got
}

func benchLines(t *testing.T) bench {
	w := &slowWriter{}
	return bench{sink: sinks.NewLines(w), stall: w.gate.shut, resume: w.gate.open, current: w.current}
}

func benchFan(t *testing.T) bench {
	kafka, lines := benchKafka(t), benchLines(t)
	return bench{
		sink:    sinks.NewFan(kafka.sink, lines.sink),
		current: kafka.current,
		stall:   func() { kafka.stall(); lines.stall() },
		resume:  func() { kafka.resume(); lines.resume() },
	}
}

func benchFeeds(t *testing.T) bench {
	kafka, lines := benchKafka(t), benchLines(t)
	return bench{
		sink:    sinks.NewFeeds(kafka.sink, lines.sink),
		current: lines.current,
		stall:   func() { kafka.stall(); lines.stall() },
		resume:  func() { kafka.resume(); lines.resume() },
	}
}

type line struct {
	ID      string `json:"id"`
	Version uint64 `json:"version"`
}

func decode(t *testing.T, b []byte) (l line) {
	t.Helper()
	if err := json.Unmarshal(b, &l); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return l
}

// highest is what every reader does: of each id the highest version.
func highest(t *testing.T, m map[correlate.ID]uint64, id string, version uint64) {
	t.Helper()
	i, err := correlate.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	m[i] = max(m[i], version)
}

// slowWriter is a buffer that can be made to block.
type slowWriter struct {
	gate gate
	mu   sync.Mutex
	b    bytes.Buffer
}

func (w *slowWriter) Write(p []byte) (int, error) {
	w.gate.pass()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *slowWriter) current(t *testing.T) map[correlate.ID]uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	got := map[correlate.ID]uint64{}
	for l := range strings.Lines(w.b.String()) {
		c := decode(t, []byte(l))
		highest(t, got, c.ID, c.Version)
	}
	return got
}

// A gate holds whoever passes while it is shut.
type gate struct {
	mu   sync.Mutex
	held chan struct{} // nil when open
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held != nil {
		close(g.held)
		g.held = nil
	}
}

func (g *gate) pass() {
	g.mu.Lock()
	held := g.held
	g.mu.Unlock()
	if held != nil {
		<-held
	}
}

// dial connects through the gate: what is written waits while it is shut.
func (g *gate) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	return gatedConn{conn, g}, err
}

type gatedConn struct {
	net.Conn
	gate *gate
}

func (c gatedConn) Write(p []byte) (int, error) {
	c.gate.pass()
	return c.Conn.Write(p)
}

// listen forwards what comes to the address it returns to addr, through the gate.
func (g *gate) listen(t *testing.T, addr string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", addr)
			if err != nil {
				from.Close()
				continue
			}
			conns.Go(func() { _, _ = io.Copy(gatedConn{to, g}, from); to.Close() })
			conns.Go(func() { _, _ = io.Copy(from, to); from.Close() })
		}
	})
	t.Cleanup(func() {
		g.open()
		l.Close()
		conns.Wait()
	})
	return l.Addr().String()
}
