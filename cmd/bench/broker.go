package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/deploy/local/kafka"
)

// brokerArg as the first argument makes this program a broker, in a process of its
// own so that its CPU is nobody else's. Everything is kept in memory.
const brokerArg = "__broker"

// serveBroker prints the broker's address and serves until standard input ends.
func serveBroker() error {
	debug.SetGCPercent(30) // what is in the topics lives long: memory matters more than CPU
	b, err := kafka.Start(kafka.Config{})
	if err != nil {
		return err
	}
	fmt.Println(b.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, b.Stop())
}

// A topic is the raw topic that is measured. Its records are LZ4 batches of
// franz-go's own size. It is used from one goroutine.
type topic struct {
	name   string
	client *kgo.Client
	admin  *kadm.Client
}

// openTopic makes the topic.
func openTopic(ctx context.Context, broker, name string, partitions int) (*topic, error) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(broker), kgo.DefaultProduceTopic(name), kgo.MaxBufferedRecords(20_000),
		kgo.ProducerBatchCompression(kgo.Lz4Compression()),
		// Round-robin spreads sessions over all partitions: nothing is where its
		// parent is.
		kgo.RecordPartitioner(kgo.RoundRobinPartitioner()),
	)
	if err != nil {
		return nil, err
	}
	t := &topic{name: name, client: client, admin: kadm.NewClient(client)}
	if _, err := t.admin.CreateTopic(ctx, int32(partitions), 1, nil, name); err != nil {
		client.Close()
		return nil, fmt.Errorf("make topic %s: %w", name, err)
	}
	return t, nil
}

func (t *topic) close() { t.client.Close() }

// send writes n records and waits for their acks. line appends record i to b.
func (t *topic) send(ctx context.Context, n int, line func(b []byte, i int) []byte) error {
	var failed struct {
		sync.Once
		err error
	}
	// Records of one chunk share a buffer; it is free for the garbage collector
	// once they are acked.
	const chunk = 1 << 20
	var buf []byte
	for i := range n {
		if cap(buf)-len(buf) < 8<<10 {
			buf = make([]byte, 0, chunk)
		}
		start := len(buf)
		buf = line(buf, i)
		t.client.Produce(ctx, &kgo.Record{Value: buf[start:len(buf):len(buf)]}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Do(func() { failed.err = err })
			}
		})
	}
	if err := errors.Join(t.client.Flush(ctx), failed.err); err != nil {
		return fmt.Errorf("write %s: %w", t.name, err)
	}
	return nil
}

// drop deletes every record that is there, and returns where the partitions begin
// now.
func (t *topic) drop(ctx context.Context) (starts []int64, err error) {
	listed, err := t.admin.ListEndOffsets(ctx, t.name)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("find the ends of %s: %w", t.name, err)
	}
	ends := listed.Offsets()
	deleted, err := t.admin.DeleteRecords(ctx, ends)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("empty %s: %w", t.name, err)
	}
	starts = make([]int64, len(ends[t.name]))
	for p, o := range ends[t.name] {
		starts[p] = o.At
	}
	return starts, nil
}
