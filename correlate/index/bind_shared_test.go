package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/correlate"
)

// Lanes share a client, and their records batches: when one lane ends while the
// brokers are away, the client gives up the batch, and tells the others of an end
// that is not theirs. They must go on.
func TestBindOutlivesOthersInItsBatch(t *testing.T) {
	b := newBroker(t)
	b.cfg.Partitions = 1
	table := b.table(t, NewMemory())
	fault := b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
	ending, end := context.WithCancel(t.Context())
	type result struct {
		ends bool
		err  error
	}
	const each = 20
	results := make(chan result, 2*each)
	for i := range 2 * each {
		ctx, ends := t.Context(), i%2 == 0
		if ends {
			ctx = ending
		}
		go func() { // ends with Bind, whose result is read below
			results <- result{ends, table.Bind(ctx, []correlate.Fact{account(key(i), fmt.Sprint(i), day)})}
		}()
	}
	for table.producer.BufferedProduceRecords() < 2*each {
		time.Sleep(time.Millisecond)
	}
	end()
	for range each { // those that do not end are still there: the brokers are away
		if r := <-results; !r.ends || !errors.Is(r.err, context.Canceled) {
			t.Fatalf("ends: %v, got %v", r.ends, r.err)
		}
	}
	fault.Remove()
	for range each {
		if r := <-results; r.ends || r.err != nil {
			t.Fatalf("ends: %v, got %v", r.ends, r.err)
		}
	}
}

// The client does not always tell them of the end: when it asks who leads before it
// tries to write, and nobody answers, they hear of that.
func TestErrorsOfAnother(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{context.Canceled, true},
		{context.DeadlineExceeded, true},
		{fmt.Errorf("unable to dial: %w", dial), true},
		{io.EOF, true},
		{kerr.NotLeaderForPartition, true},
		{kerr.UnknownTopicOrPartition, false},
		{kerr.MessageTooLarge, false},
		{kerr.TopicAuthorizationFailed, false},
		{kgo.ErrClientClosed, false},
	} {
		if got := ofAnother(fmt.Errorf("publish: %w", tt.err)); got != tt.want {
			t.Errorf("%v: got %v", tt.err, got)
		}
	}
}
