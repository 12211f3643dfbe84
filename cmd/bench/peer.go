package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// peer is the OpenTelemetry collector: it reads the events from a file, takes the
// fields that whence's decoder takes, and writes them to ClickHouse with its own
// schema. It resolves nothing and judges nothing.
type peer struct {
	*process
	dir    string
	server *server
}

const peerDatabase = "otel"

// peers runs the collector over as many events as whence had, once a round.
func peers(ctx context.Context, o options, r *report) error {
	program, err := buildPeer(ctx, o)
	if err != nil {
		o.say("THE PEER CANNOT BE BUILT, AND IS LEFT OUT: %v", err)
		return nil
	}
	var costs []float64
	for i := range o.rounds {
		cpu, err := runPeer(ctx, o, program)
		if err != nil {
			return fmt.Errorf("the OpenTelemetry collector: %w", err)
		}
		us := float64(cpu.Nanoseconds()) / 1e3 / float64(o.events)
		o.say("peer, round %d: %.2f us of CPU", i+1, us)
		costs = append(costs, us)
	}
	us := medianOf(costs, func(v float64) float64 { return v })
	r.add("peers.otelcol.cpu_us_per_event", us, "OpenTelemetry collector: file, parse, %d fields, ClickHouse; nothing else", len(peerFields))
	if own := r.values["end_to_end.cpu_us_per_event"]; own > 0 {
		r.add("peers.otelcol.ratio", own/us, "CPU of whence over the collector's")
	}
	return nil
}

// runPeer starts a collector, lets it settle, gives it the events, and returns its
// CPU until all of them are in ClickHouse.
func runPeer(ctx context.Context, o options, program string) (cpu time.Duration, err error) {
	dir, err := os.MkdirTemp(o.dir, "peer-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := startServer(ctx, filepath.Join(dir, "clickhouse"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	p := &peer{dir: dir, server: s}
	if err := p.start(program); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.terminate()) }()
	if err := p.events(ctx, 1); err != nil { // it is there, and its table
		return 0, err
	}
	before, err := p.cpu()
	if err != nil {
		return 0, err
	}
	if err := p.events(ctx, o.events); err != nil {
		return 0, err
	}
	after, err := p.cpu()
	return after - before, err
}

func (p *peer) start(program string) error {
	if err := os.MkdirAll(filepath.Join(p.dir, "in"), 0o755); err != nil {
		return err
	}
	var b bytes.Buffer
	err := peerTemplate.Execute(&b, map[string]any{"Dir": p.dir, "ClickHouse": p.server.Addr(), "Database": peerDatabase, "Fields": peerFields})
	if err != nil {
		return err
	}
	config := filepath.Join(p.dir, "collector.yaml")
	if err := os.WriteFile(config, b.Bytes(), 0o644); err != nil {
		return err
	}
	p.process, err = spawn(exec.Command(program, "--config", config), filepath.Join(p.dir, "collector.log")) //nolint:noctx // it is stopped in order
	return err
}

// events gives the collector n events and waits until they can be queried.
func (p *peer) events(ctx context.Context, n int) error {
	e := newEstate(100_000, 0, 0, 0.05, time.Now().UTC().Add(-24*time.Hour))
	e.seed = uint64(n) // the one before the others is none of them
	was, err := p.rows(ctx)
	if err != nil {
		return err
	}
	// The collector must not find half of a file, and files with a first line that
	// it knows are the same to it.
	path := filepath.Join(p.dir, fmt.Sprintf("%d.ndjson", n))
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	var b []byte
	for i := range n {
		if b = append(e.event(b, 0, i, e.began), '\n'); len(b) > 1<<20 || i == n-1 {
			if _, err := file.Write(b); err != nil {
				return errors.Join(err, file.Close())
			}
			b = b[:0]
		}
	}
	if err := errors.Join(file.Close(), os.Rename(path, filepath.Join(p.dir, "in", filepath.Base(path)))); err != nil {
		return err
	}
	for moved, last := time.Now(), was; ; time.Sleep(50 * time.Millisecond) {
		rows, err := p.rows(ctx)
		if err := errors.Join(err, ctx.Err(), p.alive()); err != nil {
			return err
		}
		if rows >= was+int64(n) {
			return nil
		}
		if rows != last {
			last, moved = rows, time.Now()
		}
		if time.Since(moved) > time.Minute {
			return p.failed(fmt.Sprintf("has written %d of %d rows, and no more for a minute", rows-was, n))
		}
	}
}

// rows is how many rows there are: none before the collector has made its table.
func (p *peer) rows(ctx context.Context) (int64, error) {
	rows, err := p.server.do(ctx, "SELECT sum(total_rows) FROM system.tables WHERE database = '%s' AND name = 'otel_logs'", peerDatabase)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	n, ok := rows[0][0].(json.Number)
	if !ok {
		return 0, nil
	}
	return n.Int64()
}
