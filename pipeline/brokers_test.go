package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/deploy/local/apachekafka"
)

// integrationEnv, if set, is for tests on Apache Kafka too, and makes it a failure
// when it cannot be had.
const integrationEnv = "WHENCE_INTEGRATION"

// everywhere runs a test of delivery with an empty bench on every broker there is:
// the fake one, where time is fake too, and Apache Kafka, where a second is one.
func everywhere(t *testing.T, test func(t *testing.T, b *bench)) {
	inFakeTime(t, test)
	t.Run("apache", func(t *testing.T) { test(t, apacheBench(t, apache.shared(t))) })
}

// inFakeTime runs it on the fake one alone.
func inFakeTime(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Run("kfake", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, emptyBench(t)) })
	})
}

// apache is the Apache Kafka of one node that tests share, because it takes seconds
// to start. It is started by the first who wants it, and killed after the last test.
var apache oneKafka

type oneKafka struct {
	start   sync.Once
	dir     string
	cluster *apachekafka.Cluster
	err     error
}

func (k *oneKafka) shared(t *testing.T) *apachekafka.Cluster {
	t.Helper()
	wantsApache(t)
	k.start.Do(func() {
		if k.dir, k.err = os.MkdirTemp("", "whence-kafka-"); k.err == nil { //nolint:usetesting // it outlives the first test
			k.cluster, k.err = apachekafka.Start(t.Context(), apachekafka.Config{Dir: k.dir})
		}
	})
	if k.err != nil {
		t.Fatal(k.err)
	}
	return k.cluster
}

func (k *oneKafka) stop() error {
	if k.cluster != nil {
		k.cluster.Kill()
	}
	return os.RemoveAll(k.dir)
}

// wantsApache skips the test where nobody has asked for Apache Kafka.
func wantsApache(t *testing.T) {
	t.Helper()
	if os.Getenv(integrationEnv) == "" {
		t.Skip("Apache Kafka is not tested here: make integration does (" + integrationEnv + "=1)")
	}
}

// ownApache starts a Kafka that is the test's alone, to be killed in part or whole.
func ownApache(t *testing.T, nodes int) *apachekafka.Cluster {
	t.Helper()
	wantsApache(t)
	c, err := apachekafka.Start(t.Context(), apachekafka.Config{Dir: t.TempDir(), Nodes: nodes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return c
}

// benches counts them, for names.
var benches atomic.Int64

// apacheBench is an empty bench on Apache Kafka, in a hurry: nobody wants to wait.
func apacheBench(t *testing.T, c *apachekafka.Cluster) *bench {
	t.Helper()
	b := &bench{
		t: t, sink: newMemSink(), addrs: c.Addrs(), dial: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		replication: -1, every: 20 * time.Millisecond, patience: 2 * time.Minute,
	}
	t.Cleanup(b.leaveNothing) // when the instances are gone
	b.cfg = Default()
	// Topics go with the test; a group stays as long as the members that were killed.
	b.cfg.Group = fmt.Sprintf("whence-%d", benches.Add(1))
	b.cfg.IdleAfter, b.cfg.CommitEvery, b.cfg.RefreshMarks = 200*time.Millisecond, 100*time.Millisecond, time.Second
	b.cfg.DrainTimeout, b.cfg.SessionTimeout, b.cfg.RepairEvery = 3*time.Second, 2*time.Second, 0
	b.prepare()
	return b
}

// leaveNothing deletes every topic but Kafka's own.
func (b *bench) leaveNothing() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client := b.client()
	defer client.Close()
	admin := kadm.NewClient(client)
	topics, err := admin.ListTopics(ctx)
	if err == nil {
		_, err = admin.DeleteTopics(ctx, topics.Names()...)
	}
	if err != nil && !b.t.Failed() {
		b.t.Errorf("clean up: %v", err)
	}
}

// real reports whether seconds are seconds.
func (b *bench) real() bool { return b.cluster == nil }

// until waits until something holds, as long as time on its broker allows.
func (b *bench) until(what string, holds func() bool) {
	b.t.Helper()
	for waited := time.Duration(0); waited < b.patience; waited += b.every {
		if holds() {
			return
		}
		time.Sleep(b.every) // where time is fake it costs none
	}
	for i, in := range b.instances {
		select {
		case <-in.closed:
			b.t.Logf("instance %d has ended (%v) and said %q", i, in.result(), in.log.saying(""))
		default:
			b.t.Logf("instance %d runs and said %q", i, in.log.saying(""))
		}
	}
	b.t.Fatalf("waited in vain until %s", what)
}

// result is what Run of an instance that has ended returned, unless the test has
// asked before.
func (in *instance) result() error {
	select {
	case err := <-in.done:
		return err
	default:
		return nil
	}
}

// ready waits until the instance has joined the group.
func (b *bench) ready(in *instance) {
	b.t.Helper()
	select {
	case <-in.Ready:
	case err := <-in.done:
		b.t.Fatalf("Run returned %v", err)
	}
}

// owns is how many partitions the instance, which is ready, serves.
func (in *instance) owns() int {
	in.group.mu.Lock()
	defer in.group.mu.Unlock()
	return len(in.group.lanes)
}

// delete takes the records of a partition before an offset, as retention does.
func (b *bench) delete(topic string, partition int32, before int64) {
	b.t.Helper()
	client := b.client()
	defer client.Close()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: topic, Partition: partition, At: before})
	deleted, err := kadm.NewClient(client).DeleteRecords(b.t.Context(), offsets)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// ends are where the partitions of a topic end.
func (b *bench) ends(topic string) kadm.ListedOffsets {
	b.t.Helper()
	client := b.client()
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(b.t.Context(), topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return ends
}

// members are the ids of the group's members.
func (b *bench) members() string {
	b.t.Helper()
	client := b.client()
	defer client.Close()
	groups, err := kadm.NewClient(client).DescribeGroups(b.t.Context(), b.cfg.Group)
	if err == nil {
		err = groups.Error()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	var ids []string
	for _, m := range groups[b.cfg.Group].Members {
		ids = append(ids, m.MemberID)
	}
	return strings.Join(ids, " ")
}

// everything reads a topic from its begin to where it ends now.
func (b *bench) everything(topic string) (records []*kgo.Record) {
	b.t.Helper()
	client := b.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer client.Close()
	left := map[int32]int64{}
	b.ends(topic).Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	for len(left) > 0 {
		fetches := client.PollFetches(b.t.Context())
		if err := errors.Join(b.t.Context().Err(), fetches.Err()); err != nil {
			b.t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			records = append(records, r)
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	return records
}
