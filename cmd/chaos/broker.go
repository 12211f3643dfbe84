package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"whence/deploy/local/apachekafka"
)

// The brokers to run on.
const (
	localKafka  = "local"  // whence's own, for one machine
	apacheKafka = "apache" // the real one
)

// A broker can be killed and started again. It keeps its address and its records.
type broker struct {
	addr string
	kill func() error
	// start returns when all brokers have all records again: otherwise the next to be
	// killed could be the only one that has some.
	start func(ctx context.Context) error
}

func (t *trial) addrs() (all []string) {
	for _, b := range t.brokers {
		all = append(all, b.addr)
	}
	return all
}

// startKafka starts the brokers that the flags name.
func (t *trial) startKafka(ctx context.Context, fail context.CancelCauseFunc) error {
	dir := filepath.Join(t.dir, "kafka")
	if t.kafka == localKafka {
		return t.startLocalKafka(ctx, dir, fail)
	}
	start, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	cluster, err := apachekafka.Start(start, apachekafka.Config{
		Dir: dir, Nodes: t.nodes, Progress: func(stage string) { t.say("%s", stage) },
	})
	if err != nil {
		return err
	}
	for _, n := range cluster.Nodes() {
		t.brokers = append(t.brokers, broker{n.Addr(), func() error { n.Kill(); return nil }, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, startLimit)
			defer cancel()
			if err := n.Start(ctx); err != nil {
				return err
			}
			if err := cluster.InSync(ctx); err != nil {
				return fmt.Errorf("after broker %s was killed: %w", n.Addr(), err)
			}
			return nil
		}})
	}
	t.stopKafka = func() error { cluster.Kill(); return nil }
	return nil
}

func (t *trial) startLocalKafka(ctx context.Context, dir string, fail context.CancelCauseFunc) error {
	serve := func(ctx context.Context, port string) (*server, error) {
		return t.serve(ctx, fail, filepath.Join(t.dir, "kafka.log"), "local", "kafka", "--dir", dir, "--port", port, "--stdin")
	}
	s, err := serve(ctx, "0")
	if err != nil {
		return err
	}
	addr := s.addr
	port := addr[strings.LastIndexByte(addr, ':')+1:]
	t.brokers = []broker{{addr, func() error { return s.kill() }, func(ctx context.Context) (err error) {
		s, err = serve(ctx, port)
		return err
	}}}
	t.stopKafka = func() error { return s.stop() }
	return nil
}
