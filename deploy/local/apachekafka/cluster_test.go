package apachekafka

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// limit bounds a test, the first download included.
const limit = 5 * time.Minute

func limited(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("Apache Kafka is not tested here: it takes seconds to start; run without -short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// startCluster skips the test where Kafka cannot run, unless it must.
func startCluster(ctx context.Context, t *testing.T, nodes int) *Cluster {
	t.Helper()
	c, err := Start(ctx, Config{Dir: t.TempDir(), Nodes: nodes})
	if errors.Is(err, ErrMissing) && os.Getenv("WHENCE_INTEGRATION") == "" {
		t.Skipf("Apache Kafka is not tested here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return c
}

func connect(t *testing.T, c *Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(c.Addrs()...))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func makeTopic(ctx context.Context, t *testing.T, client *kgo.Client, name string) {
	t.Helper()
	if _, err := kadm.NewClient(client).CreateTopic(ctx, 1, -1, nil, name); err != nil {
		t.Fatal(err)
	}
}

func write(ctx context.Context, t *testing.T, client *kgo.Client, topic string, values ...string) {
	t.Helper()
	for _, v := range values {
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// wantRecords reads a topic of one partition from its begin.
func wantRecords(ctx context.Context, t *testing.T, c *Cluster, topic string, want ...string) {
	t.Helper()
	client := connect(t, c, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer client.Close()
	var got []string
	for len(got) < len(want) {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%s: %v; got %q, want %q", topic, ctx.Err(), got, want)
		}
		fetches.EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", topic, d)
	}
}

// TestOneNode keeps what was acknowledged and committed, however it ends, and comes
// back where it was.
func TestOneNode(t *testing.T) {
	ctx := limited(t)
	c := startCluster(ctx, t, 1)
	addrs, node := c.Addrs(), c.Nodes()[0]
	client := connect(t, c)
	makeTopic(ctx, t, client, "raw")
	write(ctx, t, client, "raw", "one")
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: "raw", At: 1, LeaderEpoch: -1, Metadata: "bookmarks"})
	if err := kadm.NewClient(client).CommitAllOffsets(ctx, "whence", offsets); err != nil {
		t.Fatal(err)
	}

	if err := node.Start(ctx); err == nil {
		t.Error("a node that runs was started again")
	}
	node.Kill()
	node.Kill() // harmless
	if err := node.Start(ctx); err != nil {
		t.Fatal(err)
	}
	write(ctx, t, client, "raw", "two")
	if err := node.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := node.Stop(ctx); err != nil {
		t.Fatalf("a second stop: %v", err)
	}
	if err := node.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(addrs, c.Addrs()); d != "" {
		t.Errorf("addresses (-before +after):\n%s", d)
	}
	wantRecords(ctx, t, c, "raw", "one", "two")
	committed, err := kadm.NewClient(client).FetchOffsets(ctx, "whence")
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := committed.Lookup("raw", 0); o.At != 1 || o.Metadata != "bookmarks" {
		t.Errorf("committed: %d %q", o.At, o.Metadata)
	}
	client.Close()
	if err := c.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// TestThreeNodes loses any one of its nodes and goes on, and does not acknowledge
// what only one would have.
func TestThreeNodes(t *testing.T) {
	ctx := limited(t)
	c := startCluster(ctx, t, 3)
	client := connect(t, c, kgo.RetryTimeout(time.Minute))
	makeTopic(ctx, t, client, "raw")
	var want []string
	for _, n := range c.Nodes() {
		n.Kill()
		want = append(want, "without "+n.Addr())
		write(ctx, t, client, "raw", want[len(want)-1])
		if err := n.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if err := c.InSync(ctx); err != nil {
			t.Fatal(err)
		}
	}
	wantRecords(ctx, t, c, "raw", want...)
	configs, err := kadm.NewClient(client).DescribeTopicConfigs(ctx, "raw")
	if err != nil {
		t.Fatal(err)
	}
	for _, cfg := range configs[0].Configs {
		if cfg.Key == "min.insync.replicas" && cfg.MaybeValue() != "2" {
			t.Errorf("min.insync.replicas: got %s, want 2", cfg.MaybeValue())
		}
	}
	client.Close()
	if err := c.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// TestKilledParent: nothing is left behind, even when nobody cleans up.
func TestKilledParent(t *testing.T) {
	ctx := limited(t)
	startCluster(ctx, t, 1).Kill() // skips where there is none
	parent := exec.CommandContext(ctx, os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"="+t.TempDir())
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	// A connection that the broker holds open ends when the broker does.
	conn, err := net.Dial("tcp", strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed, as it says
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the broker outlives its parent")
	}
}

func TestCannotStart(t *testing.T) {
	ctx := limited(t)
	startCluster(ctx, t, 1).Kill() // skips where there is none
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"port in use":    {Config{Dir: t.TempDir(), Port: taken.Addr().(*net.TCPAddr).Port}, "choose another"},
		"no folder":      {Config{}, "no folder"},
		"another's data": {Config{Dir: full}, "not empty"},
		"bad setting":    {Config{Dir: t.TempDir(), Settings: map[string]string{"num.io.threads": "none"}}, "num.io.threads"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Start(ctx, c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

// TestMissing tells what to install.
func TestMissing(t *testing.T) {
	t.Run("java", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := Start(t.Context(), Config{Dir: t.TempDir()})
		if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "java 17 or newer is not on PATH") {
			t.Errorf("without java: %v", err)
		}
	})
	t.Run("old java", func(t *testing.T) {
		bin := t.TempDir()
		script := "#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n"
		if err := os.WriteFile(filepath.Join(bin, "java"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", bin)
		_, err := Start(t.Context(), Config{Dir: t.TempDir()})
		if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "is release 11") {
			t.Errorf("with an old java: %v", err)
		}
	})
	t.Run("mvn", func(t *testing.T) {
		bin := t.TempDir()
		script := "#!/bin/sh\necho 'openjdk version \"17.0.2\" 2022-01-18' >&2\n"
		if err := os.WriteFile(filepath.Join(bin, "java"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", bin)
		_, err := Start(t.Context(), Config{Dir: t.TempDir(), CacheDir: t.TempDir()})
		if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "mvn") {
			t.Errorf("without mvn: %v", err)
		}
	})
}

func TestJavaRelease(t *testing.T) {
	for said, want := range map[string]int{
		`openjdk version "17.0.15" 2025-04-15`: 17,
		`openjdk version "21" 2023-09-19`:      21,
		`java version "1.8.0_202"`:             1,
		`command not found`:                    0,
		``:                                     0,
	} {
		if got := javaRelease([]byte(said)); got != want {
			t.Errorf("%q: got %d, want %d", said, got, want)
		}
	}
}

// TestVersion: the version that is told is the one that is fetched.
func TestVersion(t *testing.T) {
	if want := fmt.Sprintf("<version>%s</version>", Version); !strings.Contains(string(pom), want) {
		t.Errorf("pom.xml does not name %s", want)
	}
}
