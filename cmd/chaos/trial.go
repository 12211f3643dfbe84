package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A trial is one run of chaos: servers, raw logs, both groups, the comparison.
type trial struct {
	options
	began time.Time
	dice  *rand.Rand // of the goroutine that deals out the faults
	done  map[string]int
	life  context.Context // of the children: faults come and go before it ends

	clickhouse *engine
	brokers    []broker
	stopKafka  func() error
	raw        *rawLogs

	mu       sync.Mutex
	children []*child // all there ever were
}

func newDice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// say reports progress. It is safe for concurrent use.
func (t *trial) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%4.0fs  %s\n", time.Since(t.began).Seconds(), fmt.Sprintf(format, args...))
}

func (t *trial) run(ctx context.Context) (r result, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	t.life = ctx
	defer func() { // children that are left when something fails
		if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
			err = errors.Join(cause, err)
		}
		fail(nil)
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, c := range t.children {
			<-c.ended
		}
	}()
	if t.clickhouse, err = startEngine(ctx, filepath.Join(t.dir, "clickhouse"), fail); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, t.clickhouse.stop()) }()
	if err := t.startKafka(ctx, fail); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, t.stopKafka()) }()

	if t.raw, err = openRawLogs(ctx, t.options, t.addrs()); err != nil {
		return r, err
	}
	defer t.raw.close()
	t.say("seed %d; ClickHouse is at %s, Kafka at %v; the estate has %d events", t.seed, t.clickhouse.addr, t.addrs(), len(t.raw.expected))
	if err := os.WriteFile(filepath.Join(t.dir, "directory.yaml"), t.raw.estate.Directory(), 0o644); err != nil {
		return r, err
	}
	if err := t.makeKey(); err != nil {
		return r, err
	}
	disturbed, err := t.newSide("disturbed", t.instances, true, fail)
	if err != nil {
		return r, err
	}
	if err := t.disturb(ctx, disturbed); err != nil {
		return r, fmt.Errorf("disturb: %w", err)
	}
	t.say("all faults are done; now everybody finishes in peace")
	if err := t.finish(ctx, disturbed); err != nil {
		return r, fmt.Errorf("finish after the faults: %w", err)
	}
	t.say("another group reads the same topics, and nobody disturbs it")
	calm, err := t.newSide("calm", 1, false, fail)
	if err != nil {
		return r, err
	}
	if err := t.startAll(ctx, calm); err != nil {
		return r, err
	}
	if err := t.finish(ctx, calm); err != nil {
		return r, fmt.Errorf("the calm run: %w", err)
	}
	return t.judge(ctx, disturbed, calm)
}

// judge compares all that was written.
func (t *trial) judge(ctx context.Context, disturbed, calm *side) (r result, err error) {
	t.say("comparing")
	if r, err = t.compare(ctx, disturbed, calm); err != nil {
		return r, fmt.Errorf("compare: %w", err)
	}
	r.events, r.done = len(t.raw.expected), t.done
	for _, s := range []*side{disturbed, calm} {
		found, err := t.verify(s)
		if err != nil {
			return r, fmt.Errorf("verify: %w", err)
		}
		r.findings += found
	}
	return r, nil
}

// pause waits for d.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx) // which may be that a server ended
	}
}
