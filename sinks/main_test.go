package sinks_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"whence/deploy/local/clickhouse"
	"whence/sinks"
)

func TestMain(m *testing.M) {
	clickhouse.MaybeChild()
	code := m.Run()
	if err := engine.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// engine is one ClickHouse for all tests of the package; each has a database of
// its own.
var engine shared

type shared struct {
	once   sync.Once
	server *clickhouse.Server
	dir    string
	err    error
}

func (s *shared) start() {
	if s.dir, s.err = os.MkdirTemp("", "whence-sinks-"); s.err != nil {
		return
	}
	s.server, s.err = clickhouse.Start(context.Background(), clickhouse.Config{Dir: s.dir})
}

func (s *shared) stop() error {
	if s.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	defer os.RemoveAll(s.dir)
	return s.server.Stop(ctx)
}

// clickHouse opens the sink on an empty database with the schema applied.
func clickHouse(t testing.TB, change ...func(*sinks.ClickHouseConfig)) *sinks.ClickHouse {
	t.Helper()
	c := unmigrated(t, change...)
	if err := c.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func unmigrated(t testing.TB, change ...func(*sinks.ClickHouseConfig)) *sinks.ClickHouse {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the ClickHouse engine; run without -short")
	}
	engine.once.Do(engine.start)
	if engine.err != nil {
		t.Fatal(engine.err)
	}
	cfg := sinks.ClickHouseConfig{}.Default()
	cfg.Addr = []string{engine.server.Addr()}
	cfg.Database = database(t)
	cfg.Linger = 5 * time.Millisecond
	cfg.Keep = sinks.Keep{} // fixtures keep their dates as they grow old
	for _, f := range change {
		f(&cfg)
	}
	c, err := sinks.OpenClickHouse(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c
}

// database is a name for the test's own database.
func database(t testing.TB) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, t.Name())
}
