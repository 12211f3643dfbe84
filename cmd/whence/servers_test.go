package main

import (
	"context"
	"testing"
	"time"

	"whence/deploy/local/clickhouse"
	"whence/deploy/local/kafka"
)

// servers starts a broker with the raw topic and a real ClickHouse, which end with the
// test, as does ctx after two minutes.
func servers(t *testing.T) (ctx context.Context, broker *kafka.Broker, engine *clickhouse.Server) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the ClickHouse engine; run without -short, as make test does")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	broker, err := kafka.Start(kafka.Config{Topics: map[string]int32{"raw": 2}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := broker.Stop(); err != nil {
			t.Error(err)
		}
	})
	engine, err = clickhouse.Start(ctx, clickhouse.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Kill)
	return ctx, broker, engine
}
