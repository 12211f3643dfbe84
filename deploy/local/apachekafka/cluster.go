package apachekafka

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// Config says what is started and where it keeps its data.
type Config struct {
	// Dir keeps the data, the settings and what the nodes say. It must be empty, or
	// not there yet.
	Dir string
	// Nodes is how many nodes there are; 0 is one. Three keep every record
	// three times and acknowledge it once two have it: one may be lost.
	Nodes int
	// Port is that of the first node's broker, the others' follow; 0 picks free
	// ones. All are on loopback.
	Port int
	// CacheDir keeps the jars once they are fetched; empty for the folder whence in
	// the user's cache folder.
	CacheDir string
	// Settings are lines of server.properties that take the place of ours.
	Settings map[string]string
	// Progress, if not nil, is told what Start is about, in words for a person.
	Progress func(stage string)
}

// A Cluster is a running Apache Kafka. It ends when it is stopped or killed, and
// with this process, however that ends. Its methods belong to one goroutine at a
// time.
type Cluster struct {
	cfg   Config
	dir   string
	id    string
	exec  string // java
	jars  string // folder
	nodes []*Node
}

// Start fetches Kafka if need be, makes a new cluster and returns once every node
// answers. ctx bounds the start only: the cluster lives until Stop or Kill. The
// error wraps ErrMissing when this machine cannot run Kafka.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c, err := prepare(ctx, cfg)
	if err == nil {
		err = c.start(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("start Apache Kafka: %w", err)
	}
	return c, nil
}

// Addrs are the hosts and ports of the brokers.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, n := range c.nodes {
		addrs = append(addrs, n.addr)
	}
	return addrs
}

// Nodes are the cluster's. The caller may stop, kill and start them, and must not
// change the slice.
func (c *Cluster) Nodes() []*Node { return c.nodes }

// Stop ends every node, in order as long as there is somebody to ask: a node that
// is to leave asks the quorum, and without one it would wait for five minutes. So
// the last of several are killed, which loses nothing either. Those that are not
// done when ctx is are killed, and the error says so. Repeats are harmless.
func (c *Cluster) Stop(ctx context.Context) error {
	running, quorum := 0, len(c.nodes)/2+1
	for _, n := range c.nodes {
		if n.process != nil {
			running++
		}
	}
	var errs []error
	for _, n := range c.nodes {
		if n.process != nil && (running > quorum || len(c.nodes) == 1) {
			errs = append(errs, n.Stop(ctx))
			running--
		}
	}
	c.Kill() // the rest
	return errors.Join(errs...)
}

// Kill ends every node at once, as a loss of power would, and returns when they are
// gone. Repeats are harmless.
func (c *Cluster) Kill() {
	var wg sync.WaitGroup
	for _, n := range c.nodes {
		wg.Go(n.Kill)
	}
	wg.Wait()
}

// prepare finds what is needed and says who listens where.
func prepare(ctx context.Context, cfg Config) (*Cluster, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	c := &Cluster{cfg: cfg}
	var err error
	if c.dir, err = emptyDir(cfg.Dir); err != nil {
		return nil, err
	}
	if c.exec, err = findJava(ctx); err != nil {
		return nil, err
	}
	if c.jars, err = findJars(ctx, cfg); err != nil {
		return nil, err
	}
	if c.id, err = newUUID(); err != nil {
		return nil, err
	}
	taken := map[int]bool{}
	for i := range max(1, cfg.Nodes) {
		n := &Node{cluster: c, id: i + 1}
		want := 0
		if cfg.Port != 0 {
			want = cfg.Port + i
		}
		broker, err := pickPort(want, taken)
		if err != nil {
			return nil, err
		}
		controller, err := pickPort(0, taken)
		if err != nil {
			return nil, err
		}
		if n.directory, err = newUUID(); err != nil {
			return nil, err
		}
		n.addr, n.controller = loopback(broker), loopback(controller)
		c.nodes = append(c.nodes, n)
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			c.Kill()
		}
	}()
	for _, n := range c.nodes {
		c.cfg.Progress("making node " + strconv.Itoa(n.id) + " of Kafka")
		if err := n.format(ctx); err != nil {
			return fmt.Errorf("node %d: %w", n.id, err)
		}
	}
	c.cfg.Progress("starting Kafka")
	for _, n := range c.nodes {
		if err := n.start(); err != nil {
			return fmt.Errorf("node %d: %w", n.id, err)
		}
	}
	for _, n := range c.nodes {
		if err := n.ready(ctx, len(c.nodes)); err != nil {
			return fmt.Errorf("node %d: %w", n.id, err)
		}
	}
	return nil
}

// java is the command that runs one of Kafka's programs. The heaps are small and
// the compiler does not try hard: what is wanted is a quick start on few cores.
func (c *Cluster) java(program string, args ...string) []string {
	heap := "-Xmx512m"
	if len(c.nodes) > 1 {
		heap = "-Xmx384m"
	}
	return append([]string{
		c.exec, heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError",
		"-Djava.io.tmpdir=" + c.dir, // what compresses is unpacked there
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true",
		"-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
		"-cp", filepath.Join(c.jars, "*"), program,
	}, args...)
}

func emptyDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("no folder for the data is given")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(there) > 0 {
		return "", fmt.Errorf("%s is not empty: a cluster is made anew, in a folder of its own", dir)
	}
	return dir, nil
}

// newUUID makes an id as Kafka writes them.
func newUUID() (string, error) {
	var b [16]byte
	for {
		if _, err := rand.Read(b[:]); err != nil {
			return "", err
		}
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4
		// Kafka's tools would take one that begins with a hyphen for a flag.
		if id := base64.RawURLEncoding.EncodeToString(b[:]); id[0] != '-' {
			return id, nil
		}
	}
}
