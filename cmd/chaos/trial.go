package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"whence/deploy/local/apachekafka"
)

// A trial is one run of chaos: servers, raw logs, both groups, the comparison.
// Everything in it belongs to one goroutine.
type trial struct {
	options
	began time.Time
	dice  *rand.Rand

	brokers    []string             // addresses
	clickhouse string               // address
	cluster    *apachekafka.Cluster // nil on whence's own broker
	raw        *rawLogs
	faults     int
	children   []*child // all there ever were
}

func newDice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// say reports progress.
func (t *trial) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%4.0fs  %s\n", time.Since(t.began).Seconds(), fmt.Sprintf(format, args...))
}

func (t *trial) run(ctx context.Context) (r result, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer func() { // children that are left when something fails
		fail(nil)
		for _, c := range t.children {
			<-c.ended
		}
	}()
	ch, err := t.serve(ctx, fail, filepath.Join(t.dir, "clickhouse.log"),
		"local", "clickhouse", "--dir", filepath.Join(t.dir, "clickhouse"), "--port", "0", "--http-port", "0", "--stdin")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, ch.stop()) }()
	stopKafka, err := t.startKafka(ctx, fail)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, stopKafka()) }()
	t.clickhouse = ch.addr

	if t.raw, err = openRawLogs(ctx, t.options, t.brokers); err != nil {
		return r, err
	}
	defer t.raw.close()
	t.say("ClickHouse is at %s, Kafka at %v; the estate has %d events", t.clickhouse, t.brokers, len(t.raw.expected))
	if err := os.WriteFile(filepath.Join(t.dir, "directory.yaml"), t.raw.estate.Directory(), 0o644); err != nil {
		return r, err
	}
	killed, err := t.newSide("killed")
	if err != nil {
		return r, err
	}
	if err := t.rounds(ctx, killed); err != nil {
		return r, fmt.Errorf("kill: %w", err)
	}
	t.say("%d faults done; now one instance finishes in peace", t.faults)
	if err := t.finish(ctx, killed); err != nil {
		return r, fmt.Errorf("finish after the kills: %w", err)
	}
	t.say("another group reads the same topics, and nobody disturbs it")
	calm, err := t.newSide("calm")
	if err != nil {
		return r, err
	}
	if err := t.finish(ctx, calm); err != nil {
		return r, fmt.Errorf("the calm run: %w", err)
	}
	t.say("comparing")
	return t.compare(ctx, killed, calm)
}
