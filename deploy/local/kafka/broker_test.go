package kafka

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"whence/deploy/local/lock"
)

// brokerEnv makes the test binary a broker in the folder the variable names; it
// prints its address and lives until it is killed.
const brokerEnv = "WHENCE_TEST_BROKER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(brokerEnv); dir != "" {
		b, err := Start(Config{Dir: dir, Topics: map[string]int32{"raw": 3}})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(b.Addr())
		select {} // until it is killed
	}
	goleak.VerifyTestMain(m)
}

func startBroker(t *testing.T, cfg Config) *Broker {
	t.Helper()
	b, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func connect(t *testing.T, addr string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(addr))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

const (
	group = "whence"
	rows  = 1000
	done  = 600 // of them committed as read
)

// use makes a compacted topic, writes records and commits half of them.
func use(ctx context.Context, t *testing.T, addr string) {
	t.Helper()
	client := connect(t, addr)
	admin := kadm.NewClient(client)
	if _, err := admin.CreateTopic(ctx, 2, 1, compacted(), "facts"); err != nil {
		t.Fatal(err)
	}
	var records []*kgo.Record
	for n := range rows {
		records = append(records, &kgo.Record{Topic: "raw", Partition: 1, Value: fmt.Append(nil, n)})
	}
	writer := connect(t, addr, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err := writer.ProduceSync(ctx, records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: "raw", Partition: 1, At: done, LeaderEpoch: -1, Metadata: "bookmarks"})
	if err := admin.CommitAllOffsets(ctx, group, offsets); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	client.Close()
}

func compacted() map[string]*string {
	return map[string]*string{
		"cleanup.policy": kadm.StringPtr("compact,delete"),
		"retention.ms":   kadm.StringPtr("172800000"),
	}
}

// wantUsed checks that all of that is there.
func wantUsed(ctx context.Context, t *testing.T, addr string) {
	t.Helper()
	client := connect(t, addr)
	admin := kadm.NewClient(client)
	topics, err := admin.ListTopics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for name, topic := range topics {
		got[name] = len(topic.Partitions)
	}
	if diff := cmp.Diff(map[string]int{"raw": 3, "facts": 2}, got); diff != "" {
		t.Errorf("partitions: %s", diff)
	}
	configs, err := admin.DescribeTopicConfigs(ctx, "facts")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range configs[0].Configs {
		if c.Key == "cleanup.policy" && c.MaybeValue() != "compact,delete" {
			t.Errorf("cleanup.policy: got %q", c.MaybeValue())
		}
	}
	offsets, err := admin.FetchOffsets(ctx, group)
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := offsets.Lookup("raw", 1); o.At != done || o.Metadata != "bookmarks" {
		t.Errorf("committed: got %d %q, want %d", o.At, o.Metadata, done)
	}
	reader := connect(t, addr, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"raw": {1: kgo.NewOffset().At(done)}}))
	next := done
	for next < rows {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset != int64(next) || string(r.Value) != fmt.Sprint(next) {
				t.Errorf("got offset %d with %q, want %d", r.Offset, r.Value, next)
			}
			next++
		})
	}
	reader.Close()
	client.Close()
}

func TestDataSurvivesRestart(t *testing.T) {
	ctx := limited(t)
	cfg := Config{Dir: t.TempDir(), Topics: map[string]int32{"raw": 3}}
	b := startBroker(t, cfg)
	use(ctx, t, b.Addr())
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	cfg.Topics["raw"] = 5 // it is there: it keeps what it has
	b = startBroker(t, cfg)
	wantUsed(ctx, t, b.Addr())
}

func TestDataSurvivesKill(t *testing.T) {
	ctx := limited(t)
	dir := t.TempDir()
	broker := exec.CommandContext(ctx, os.Args[0])
	broker.Env = append(os.Environ(), brokerEnv+"="+dir)
	broker.Stderr = os.Stderr
	out, err := broker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	use(ctx, t, strings.TrimSpace(addr))
	if _, err := Start(Config{Dir: dir}); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("second broker in the folder: got %v, want %v", err, lock.ErrHeld)
	}
	if err := broker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = broker.Wait() // killed, as it says
	wantUsed(ctx, t, startBroker(t, Config{Dir: dir}).Addr())
}

// TestCompactionAtStart: superseded records go, the newest of each key stays. The
// last batch is never looked at, as Kafka never looks at its active segment, so
// what it supersedes is there as well.
func TestCompactionAtStart(t *testing.T) {
	ctx := limited(t)
	cfg := Config{Dir: t.TempDir()}
	b := startBroker(t, cfg)
	client := connect(t, b.Addr())
	if _, err := kadm.NewClient(client).CreateTopic(ctx, 1, 1, compacted(), "facts"); err != nil {
		t.Fatal(err)
	}
	for n := range 5 { // a batch each
		for _, key := range []string{"a", "b"} {
			r := &kgo.Record{Topic: "facts", Key: []byte(key), Value: fmt.Append(nil, n)}
			if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	client.Close()
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	reader := connect(t, startBroker(t, cfg).Addr(), kgo.ConsumeTopics("facts"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	got := map[string][]string{}
	for len(got["b"]) < 2 {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) { got[string(r.Key)] = append(got[string(r.Key)], string(r.Value)) })
	}
	if diff := cmp.Diff(map[string][]string{"a": {"4"}, "b": {"3", "4"}}, got); diff != "" {
		t.Error(diff)
	}
	reader.Close()
}

func TestCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"port in use":   {Config{Dir: t.TempDir(), Port: taken.Addr().(*net.TCPAddr).Port}, "choose another"},
		"no partitions": {Config{Dir: t.TempDir(), Topics: map[string]int32{"raw": 0}}, "raw"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Start(c.cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q in it", err, c.want)
			}
			b, err := Start(Config{Dir: c.cfg.Dir}) // nothing is held
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestInMemory(t *testing.T) {
	ctx := limited(t)
	b := startBroker(t, Config{SyncWrites: true, Topics: map[string]int32{"raw": 3}})
	use(ctx, t, b.Addr())
	wantUsed(ctx, t, b.Addr())
}

// TestLargeRecord: the largest raw record that is decoded passes.
func TestLargeRecord(t *testing.T) {
	ctx := limited(t)
	b := startBroker(t, Config{Dir: t.TempDir(), Topics: map[string]int32{"raw": 1}})
	client := connect(t, b.Addr(), kgo.ProducerBatchMaxBytes(18<<20))
	r := &kgo.Record{Topic: "raw", Value: make([]byte, 16<<20)}
	if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
		t.Fatal(err)
	}
	client.Close()
}
