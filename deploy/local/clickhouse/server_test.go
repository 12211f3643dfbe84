package clickhouse

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// limit bounds one step of a test, the first download included.
const limit = 5 * time.Minute

// engine skips the test if there shall be no download and no second-long tests.
func engine(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the ClickHouse library; run without -short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func startServer(ctx context.Context, t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(ctx, Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

func connect(t *testing.T, s *Server) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{s.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func count(ctx context.Context, t *testing.T, conn driver.Conn, query string) (n uint64) {
	t.Helper()
	if err := conn.QueryRow(ctx, query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestRowsSurviveKill(t *testing.T) {
	ctx := engine(t)
	dir := filepath.Join(t.TempDir(), "made", "on the way")
	s := startServer(ctx, t, dir)
	conn := connect(t, s)
	if got := count(ctx, t, conn, "SELECT toUInt64(1)"); got != 1 {
		t.Fatalf("SELECT 1: got %d", got)
	}
	for _, query := range []string{
		"CREATE DATABASE whence",
		"CREATE TABLE whence.rows (n UInt64, at DateTime) ENGINE = ReplacingMergeTree ORDER BY n PARTITION BY toDate(at)",
	} {
		if err := conn.Exec(ctx, query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	const rows = 100_000
	insert(ctx, t, conn, rows)
	s.Kill()
	if err := s.Wait(); err != nil {
		t.Fatalf("wait after kill: %v", err)
	}

	s = startServer(ctx, t, dir)
	if !strings.Contains(s.Version(), ".") {
		t.Errorf("version: got %q", s.Version())
	}
	again := connect(t, s)
	if got := count(ctx, t, again, "SELECT count() FROM whence.rows FINAL"); got != rows {
		t.Fatalf("rows after kill and restart: got %d, want %d", got, rows)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(ctx); err != nil {
		t.Fatalf("second stop: %v", err)
	}
	if err := s.Wait(); err != nil {
		t.Fatalf("wait after stop: %v", err)
	}
}

func insert(ctx context.Context, t *testing.T, conn driver.Conn, rows int) {
	t.Helper()
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO whence.rows")
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Close()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for n := range rows {
		if err := batch.Append(uint64(n), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

func TestHTTP(t *testing.T) {
	ctx := engine(t)
	s := startServer(ctx, t, t.TempDir())
	for path, want := range map[string]string{
		"/?query=SELECT+41%2B1":     "42",
		"/?query=SELECT+timezone()": "UTC",
		"/play":                     "<html",
	} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.HTTPURL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: got %s %.80q %v, want %q", path, res.Status, body, err, want)
		}
	}
}

// TestClientsMayMisbehave: a client that talks nonsense or dies in mid-sentence
// must not take the server with it, as it does if clickhouse-local thinks that it
// serves nobody but its own queries (ClickHouse issue 115666).
func TestClientsMayMisbehave(t *testing.T) {
	ctx := engine(t)
	s := startServer(ctx, t, t.TempDir())
	for _, said := range []string{"", "GET / HTTP/1.1\r\n\r\n"} {
		for range 3 {
			conn, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Write([]byte(said)); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.TCPConn).SetLinger(0); err != nil { // closing resets, as a kill can
				t.Fatal(err)
			}
			conn.Close()
		}
	}
	client, reset := dying(t, s)
	if err := client.Exec(ctx, "CREATE TABLE rows (n UInt64) ENGINE = MergeTree ORDER BY n"); err != nil {
		t.Fatal(err)
	}
	batch, err := client.PrepareBatch(ctx, "INSERT INTO rows")
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Close()
	if err := batch.Append(uint64(1)); err != nil {
		t.Fatal(err)
	}
	if err := batch.Flush(); err != nil {
		t.Fatal(err)
	}
	reset()
	select {
	case <-s.done:
		t.Fatalf("the server has ended: %v", s.Wait())
	case <-time.After(time.Second): // an abort takes it a moment
	}
	if got := count(ctx, t, connect(t, s), "SELECT toUInt64(1)"); got != 1 {
		t.Errorf("SELECT 1: got %d", got)
	}
}

// dying connects a client and returns what resets its connections.
func dying(t *testing.T, s *Server) (client driver.Conn, reset func()) {
	t.Helper()
	var mu sync.Mutex
	var conns []*net.TCPConn
	client, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{s.Addr()},
		DialContext: func(ctx context.Context, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				conns = append(conns, conn.(*net.TCPConn))
			}
			return conn, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range conns {
			if err := c.SetLinger(0); err != nil {
				t.Error(err)
			}
			c.Close()
		}
	}
}

func TestCannotStart(t *testing.T) {
	ctx := engine(t)
	dir := t.TempDir()
	s := startServer(ctx, t, dir)
	_, port, err := net.SplitHostPort(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.LookupPort("tcp", port)
	if err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancelCause(ctx)
	cancel(errors.New("changed my mind"))
	for name, c := range map[string]struct {
		ctx  context.Context
		cfg  Config
		want string
	}{
		"folder in use": {ctx, Config{Dir: dir}, "already running"},
		"port in use":   {ctx, Config{Dir: t.TempDir(), TCPPort: taken}, "choose another"},
		"no folder":     {ctx, Config{}, "no folder"},
		"canceled":      {canceled, Config{Dir: t.TempDir()}, "changed my mind"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Start(c.ctx, c.cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestServerEndsWithItsParent(t *testing.T) {
	ctx := engine(t)
	startServer(ctx, t, t.TempDir()) // the library is there after this
	parent := exec.CommandContext(ctx, os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"="+t.TempDir())
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	// A connection that the server holds open ends when the server does.
	conn, err := net.Dial("tcp", strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed, as it says
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the server outlives its parent")
	}
}
