package apachekafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Node is a broker and a controller of a cluster, in a process of its own. Its
// methods belong to one goroutine at a time.
type Node struct {
	cluster    *Cluster
	id         int
	addr       string // of the broker
	controller string // address
	directory  string // the id of its folder of data
	process    *process
}

// Addr is the host and port of the broker; they stay the same over restarts.
func (n *Node) Addr() string { return n.addr }

// Start runs the node again after Stop or Kill, on the data it has, and returns
// once it answers and is a member of the cluster. What it missed it may still be
// copying then: see Cluster.InSync.
func (n *Node) Start(ctx context.Context) error {
	if err := n.start(); err != nil {
		return fmt.Errorf("start Apache Kafka: node %d: %w", n.id, err)
	}
	if err := n.ready(ctx, 1); err != nil {
		n.Kill()
		return fmt.Errorf("start Apache Kafka: node %d: %w", n.id, err)
	}
	return nil
}

// Stop ends the node in order: others lead its partitions before it goes. When ctx
// is done before that the node is killed, and the error says so. Repeats are
// harmless.
func (n *Node) Stop(ctx context.Context) error {
	if n.process == nil {
		return nil
	}
	if err := n.process.terminate(); err != nil {
		n.Kill()
		return fmt.Errorf("stop Apache Kafka: node %d: %w", n.id, err)
	}
	select {
	case <-n.process.done:
		n.process = nil
		return nil
	case <-ctx.Done():
		n.Kill()
		return fmt.Errorf("stop Apache Kafka: node %d: killed: %w", n.id, context.Cause(ctx))
	}
}

// Kill is kill -9. It returns when the node is gone. Repeats are harmless.
func (n *Node) Kill() {
	if n.process == nil {
		return
	}
	n.process.kill()
	n.process = nil
}

func (n *Node) start() (err error) {
	if n.process != nil {
		return errors.New("it runs already")
	}
	n.process, err = startProcess(n.cluster.java("kafka.Kafka", n.config()), n.log())
	return err
}

func (n *Node) dir() string    { return filepath.Join(n.cluster.dir, "node-"+strconv.Itoa(n.id)) }
func (n *Node) data() string   { return filepath.Join(n.dir(), "data") }
func (n *Node) config() string { return filepath.Join(n.dir(), "server.properties") }
func (n *Node) log() string    { return filepath.Join(n.dir(), "log") }

// format makes the node's folder and what Kafka wants to find there.
func (n *Node) format(ctx context.Context) error {
	if err := os.MkdirAll(n.data(), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(n.config(), []byte(n.cluster.properties(n)), 0o600); err != nil {
		return err
	}
	p, err := startProcess(n.cluster.java("kafka.tools.StorageTool", "format", "--cluster-id", n.cluster.id,
		"--initial-controllers", n.cluster.voters(), "--config", n.config()), n.log())
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
		return context.Cause(ctx)
	}
	if p.err != nil {
		return fmt.Errorf("format its folder: %w: %s", p.err, n.tail())
	}
	return nil
}

// tail is the end of what the node has said.
func (n *Node) tail() string {
	const most = 4 << 10
	b, err := os.ReadFile(n.log())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(b[max(0, len(b)-most):]))
}
