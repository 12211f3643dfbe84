package sinks_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"whence/correlate"
	"whence/deploy/local/clickhouse"
	"whence/sinks"
)

// A server that has too many parts refuses rows. Write waits until it has merged
// some, and says what it waits for.
func TestClickHouseHasTooManyParts(t *testing.T) {
	c := clickHouse(t)
	ask(t, engine.server, "ALTER TABLE %s.chains MODIFY SETTING parts_to_throw_insert = 1", database(t))
	ask(t, engine.server, "SYSTEM STOP MERGES %s.chains", database(t))
	write(t, c, bareChain(0))
	var written sync.WaitGroup
	written.Go(func() {
		if err := c.Write(context.Background(), &sinks.Output{Chains: []correlate.Chain{bareChain(1)}}); err != nil {
			t.Error(err)
		}
	})
	for c.Waiting() == nil {
		select {
		case <-t.Context().Done():
			t.Fatal("it does not wait")
		case <-time.After(10 * time.Millisecond): // nobody tells
		}
	}
	if w := c.Waiting()[0]; !strings.Contains(w.Why, "merges slower") || !strings.Contains(w.Err.Error(), "252") {
		t.Errorf("it waits because %s: %v", w.Why, w.Err)
	}
	ask(t, engine.server, "ALTER TABLE %s.chains RESET SETTING parts_to_throw_insert", database(t))
	ask(t, engine.server, "SYSTEM START MERGES %s.chains", database(t))
	written.Wait()
	if got, ok, err := c.Chain(t.Context(), bareChain(1).ID); !ok || err != nil || got.Version != bareChain(1).Version {
		t.Errorf("got %v, %v, %v", got.Version, ok, err)
	}
	if c.Waiting() != nil {
		t.Error("it still waits")
	}
}

// The server is killed under load, twice, and comes back: every write that returned
// nil is there, and all writes return.
func TestClickHouseKilledUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the ClickHouse engine; run without -short")
	}
	server := clickhouse.Config{Dir: t.TempDir()}
	s, err := clickhouse.Start(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Kill() }()
	server.TCPPort, server.HTTPPort = port(t, s.Addr()), port(t, strings.TrimPrefix(s.HTTPURL(), "http://"))
	cfg := sinks.ClickHouseConfig{}.Default()
	cfg.Addr, cfg.Keep, cfg.Linger = []string{s.Addr()}, sinks.Keep{}, 5*time.Millisecond
	var log bytes.Buffer
	c, err := sinks.OpenClickHouse(t.Context(), cfg, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	const writers, rows = 4, 100
	var (
		load    sync.WaitGroup
		stop    atomic.Bool
		written atomic.Int64
	)
	for w := range writers {
		load.Go(func() {
			for n := 0; !stop.Load(); n++ {
				out := &sinks.Output{}
				for i := range rows {
					chain := bareChain(0)
					chain.ID = correlate.NewID("killed", fmt.Sprint(w, n, i))
					out.Chains = append(out.Chains, chain)
				}
				if err := c.Write(context.Background(), out); err != nil {
					t.Error(err)
					return
				}
				written.Add(rows)
			}
		})
	}
	more := func() {
		for began := written.Load(); written.Load() < began+20*writers*rows; {
			time.Sleep(10 * time.Millisecond) // until some more are in
		}
	}
	for range 2 {
		more()
		s.Kill()
		if s, err = clickhouse.Start(t.Context(), server); err != nil {
			t.Fatal(err)
		}
	}
	more()
	stop.Store(true)
	load.Wait()
	if got := ask(t, s, "SELECT uniqExact(id) FROM whence.chains"); got != fmt.Sprint(written.Load()) {
		t.Errorf("%s chains are there of %d that were acknowledged", got, written.Load())
	}
	if err := c.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "\n"); n > 4 {
		t.Errorf("two outages took %d lines to log:\n%s", n, &log)
	}
}

// ask sends a statement over HTTP, on a connection of its own.
func ask(t *testing.T, s *clickhouse.Server, statement string, args ...any) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.HTTPURL(), strings.NewReader(fmt.Sprintf(statement, args...)))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v\n%s", resp.Status, err, text)
	}
	return strings.TrimSpace(string(text))
}

func port(t *testing.T, addr string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr)
	n, nerr := strconv.Atoi(text)
	if err != nil || nerr != nil {
		t.Fatal(addr, err, nerr)
	}
	return n
}
