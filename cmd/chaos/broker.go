package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"whence/deploy/local/apachekafka"
)

// The brokers to run on.
const (
	localKafka  = "local"  // whence's own, for one machine
	apacheKafka = "apache" // the real one
)

// startKafka starts the brokers that the flags name. The caller calls stop, also
// when ctx is done.
func (t *trial) startKafka(ctx context.Context, fail context.CancelCauseFunc) (stop func() error, err error) {
	dir := filepath.Join(t.dir, "kafka")
	if t.kafka == localKafka {
		s, err := t.serve(ctx, fail, filepath.Join(t.dir, "kafka.log"), "local", "kafka", "--dir", dir, "--port", "0", "--stdin")
		if err != nil {
			return nil, err
		}
		t.brokers = []string{s.addr}
		return s.stop, nil
	}
	start, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	t.cluster, err = apachekafka.Start(start, apachekafka.Config{
		Dir: dir, Nodes: t.nodes, Progress: func(stage string) { t.say("%s", stage) },
	})
	if err != nil {
		return nil, err
	}
	t.brokers = t.cluster.Addrs()
	return func() error {
		t.cluster.Kill()
		return nil
	}, nil
}

// awayLimit is the longest that a broker is away, not counting its start.
const awayLimit = 5 * time.Second

// loseBroker kills a broker while an instance works, and starts it again. All nodes
// have all records before it returns: otherwise the next to be killed could be the
// only one that has some.
func (t *trial) loseBroker(ctx context.Context, in *instance) error {
	node := t.cluster.Nodes()[t.dice.IntN(len(t.cluster.Nodes()))]
	node.Kill()
	t.faults++
	t.say("fault %d of %d: the broker %s is killed", t.faults, t.kills, node.Addr())
	err := in.alive(ctx, t.between(0, awayLimit))
	start, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := errors.Join(err, node.Start(start)); err != nil {
		return err
	}
	if err := t.cluster.InSync(start); err != nil {
		return fmt.Errorf("after broker %s was killed: %w", node.Addr(), err)
	}
	return nil
}
