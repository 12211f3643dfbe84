package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"whence/deploy/local/clickhouse"
)

// An engine is the ClickHouse that all write to. It belongs to one goroutine at a time.
type engine struct {
	dir    string
	addr   string // stays the same over restarts
	fail   context.CancelCauseFunc
	server *clickhouse.Server
}

// startEngine starts ClickHouse and tells fail if it ends by itself. The first start
// ever fetches it.
func startEngine(ctx context.Context, dir string, fail context.CancelCauseFunc) (*engine, error) {
	e := &engine{dir: dir, fail: fail}
	return e, e.start(ctx)
}

// start starts it, on the data it has.
func (e *engine) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	port := 0
	if _, text, err := net.SplitHostPort(e.addr); err == nil {
		if port, err = strconv.Atoi(text); err != nil {
			return err
		}
	}
	server, err := clickhouse.Start(ctx, clickhouse.Config{Dir: e.dir, TCPPort: port})
	if err != nil {
		return err
	}
	e.server, e.addr = server, server.Addr()
	go func() { // ends with the server
		if err := server.Wait(); err != nil {
			e.fail(err)
		}
	}()
	return nil
}

// kill is kill -9.
func (e *engine) kill() error {
	e.server.Kill()
	return nil
}

func (e *engine) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := e.server.Stop(ctx); err != nil {
		return fmt.Errorf("at the end: %w", err)
	}
	return nil
}

// startLimit is how long a server may take to start, and stopLimit how long a child
// may take to stop in order.
const (
	startLimit = 5 * time.Minute
	stopLimit  = time.Minute
)
