package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// A peer is the OpenTelemetry collector: it reads the events from a file, takes the
// fields that whence's decoder takes, and writes them to the same ClickHouse with its
// own schema. It resolves nothing and judges nothing. It takes the events of every
// round right after whence, in a process of its own.
type peer struct {
	lab     *lab
	program string
	costs   []time.Duration // of each round
}

const peerDatabase = "otel"

// openPeer builds the collector, unless there is one. It returns nil if that fails.
func (l *lab) openPeer(ctx context.Context) (*peer, error) {
	program, err := buildPeer(ctx, l.options)
	if err != nil {
		l.say("THE PEER CANNOT BE BUILT, AND IS LEFT OUT: %v", err)
		return nil, ctx.Err()
	}
	_, err = l.server.do(ctx, "CREATE DATABASE IF NOT EXISTS %s", peerDatabase)
	return &peer{lab: l, program: program}, err
}

// keep makes the lab write the events of the next round to a file too. done ends the
// file, and tells its path.
func (p *peer) keep() (done func() (string, error), err error) {
	path := filepath.Join(p.lab.dir, fmt.Sprintf("round-%d", len(p.costs)+1))
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	p.lab.copy = bufio.NewWriterSize(file, 1<<20)
	return func() (string, error) {
		err := p.lab.copy.Flush()
		p.lab.copy = nil
		return path, errors.Join(err, file.Close())
	}, nil
}

// run starts a collector, lets it settle, gives it the file with so many events, and
// notes its CPU until all of them are in ClickHouse.
func (p *peer) run(ctx context.Context, path string, events int) (err error) {
	c := &collector{dir: filepath.Join(p.lab.dir, "collector"), server: p.lab.server}
	if err := os.RemoveAll(c.dir); err != nil {
		return err
	}
	if err := c.start(p.program); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.terminate()) }()
	first := filepath.Join(c.dir, "first")
	if err := os.WriteFile(first, append(p.lab.estate.event(nil, -1, len(p.costs), p.lab.estate.began), '\n'), 0o644); err != nil {
		return err
	}
	if err := c.take(ctx, first, 1); err != nil { // it is there, and its table
		return err
	}
	before, err := c.cpu()
	if err != nil {
		return err
	}
	if err := c.take(ctx, path, events); err != nil {
		return err
	}
	after, err := c.cpu()
	if err != nil {
		return err
	}
	p.costs = append(p.costs, (after-before)/time.Duration(events))
	_, err = p.lab.server.do(ctx, "TRUNCATE TABLE %s.otel_logs", peerDatabase)
	return err
}

// peers adds what the collector cost, and whence beside it in the same rounds.
func (r *report) peers(costs []time.Duration, passes []passage, events int) {
	ratios := make([]float64, len(costs))
	for i := range costs {
		ratios[i] = ratio(passes[i].cpu/time.Duration(events), costs[i])
	}
	slices.Sort(ratios)
	us := medianOf(costs, func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 })
	r.add("peers.otelcol.cpu_us_per_event", us, "OpenTelemetry collector: file, parse, %d fields, ClickHouse; nothing else", len(peerFields))
	r.add("peers.otelcol.ratio", median(ratios), "CPU of whence over the collector's, round by round: %.3f to %.3f", ratios[0], ratios[len(ratios)-1])
}

// collector is one process of it.
type collector struct {
	*process
	dir    string
	server *server
}

func (c *collector) start(program string) error {
	if err := os.MkdirAll(filepath.Join(c.dir, "in"), 0o755); err != nil {
		return err
	}
	var b bytes.Buffer
	err := peerTemplate.Execute(&b, map[string]any{"Dir": c.dir, "ClickHouse": c.server.Addr(), "Database": peerDatabase, "Fields": peerFields})
	if err != nil {
		return err
	}
	config := filepath.Join(c.dir, "collector.yaml")
	if err := os.WriteFile(config, b.Bytes(), 0o644); err != nil {
		return err
	}
	c.process, err = spawn(exec.Command(program, "--config", config), filepath.Join(c.dir, "collector.log")) //nolint:noctx // it is stopped in order
	return err
}

// take gives the collector a file with n events, which is then gone, and waits until
// they can be queried.
func (c *collector) take(ctx context.Context, path string, n int) error {
	was, err := c.rows(ctx)
	if err != nil {
		return err
	}
	// The collector must not find half of a file; and it leaves what it has read.
	in := filepath.Join(c.dir, "in", filepath.Base(path)+".ndjson")
	if err := os.Rename(path, in); err != nil {
		return err
	}
	for moved, last := time.Now(), was; ; time.Sleep(50 * time.Millisecond) {
		rows, err := c.rows(ctx)
		if err := errors.Join(err, ctx.Err(), c.alive()); err != nil {
			return err
		}
		if rows >= was+int64(n) {
			return os.Remove(in)
		}
		if rows != last {
			last, moved = rows, time.Now()
		}
		if time.Since(moved) > time.Minute {
			return c.failed(fmt.Sprintf("has written %d of %d rows, and no more for a minute", rows-was, n))
		}
	}
}

// rows is how many rows there are: none before the collector has made its table.
func (c *collector) rows(ctx context.Context) (int64, error) {
	rows, err := c.server.do(ctx, "SELECT sum(total_rows) FROM system.tables WHERE database = '%s' AND name = 'otel_logs'", peerDatabase)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	n, ok := rows[0][0].(json.Number)
	if !ok {
		return 0, nil
	}
	return n.Int64()
}
