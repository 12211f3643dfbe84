package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sinks"
)

// deadLetters writes what could not be decoded to the rejects topic: the
// original bytes, with the reason, the coordinates and the record's own headers in
// headers. That is all it takes to replay it: see ReplayRejects.
type deadLetters struct {
	client *kgo.Client
	topic  string
}

// write returns once every reject is acknowledged. Rejects of records that are
// larger than the broker takes are cut, and say so: coordinates and hash still
// lead to the original. batch is what they come from, in the order of offsets.
func (d *deadLetters) write(ctx context.Context, rejects []correlate.Reject, batch []*kgo.Record) error {
	if len(rejects) == 0 {
		return nil
	}
	letters := make([]*kgo.Record, len(rejects))
	for i := range rejects {
		r := &rejects[i]
		letters[i] = d.record(r)
		at, ok := slices.BinarySearchFunc(batch, r.Offset, func(b *kgo.Record, offset int64) int { return cmp.Compare(b.Offset, offset) })
		if ok {
			enclose(letters[i], batch[at].Headers)
		}
	}
	for {
		err := d.client.ProduceSync(ctx, letters...).FirstErr()
		if err == nil {
			return nil
		}
		// All of them have been answered, so they may be sent as they are.
		if ctx.Err() != nil || !sinks.OfAnother(err) {
			return fmt.Errorf("write %d rejects to %s: %w", len(rejects), d.topic, err)
		}
	}
}

// maxRejectBytes stays below the megabyte that brokers take by default.
const maxRejectBytes = 900 << 10

func (d *deadLetters) record(r *correlate.Reject) *kgo.Record {
	value, cut := r.Raw, "false"
	if len(value) > maxRejectBytes {
		value, cut = value[:maxRejectBytes], "true"
	}
	h := func(k, v string) kgo.RecordHeader { return kgo.RecordHeader{Key: k, Value: []byte(v)} }
	return &kgo.Record{
		Topic: d.topic, Key: []byte(r.SHA256), Value: value,
		Headers: []kgo.RecordHeader{
			h("whence-reason", r.Reason), h("whence-detail", r.Detail), h("whence-source", r.Source),
			h("whence-topic", r.Topic), h("whence-partition", strconv.Itoa(int(r.Partition))),
			h("whence-offset", strconv.FormatInt(r.Offset, 10)), h("whence-sha256", r.SHA256), h("whence-cut", cut),
			h(receivedAt, r.Time.UTC().Format(time.RFC3339Nano)),
		},
	}
}

const (
	// receivedAt is the header that says when a record was received; the broker's
	// timestamp does where there is none.
	receivedAt = "whence-received-at"
	// enclosed begins the names of headers that are the rejected record's own.
	enclosed = "whence-header-"
	// maxEnclosed bounds their bytes: with the value they must fit into a record.
	maxEnclosed = 32 << 10
)

// enclose puts a record's own headers into its letter: for some sources they say what
// the bytes are.
func enclose(letter *kgo.Record, headers []kgo.RecordHeader) {
	n := 0
	for _, h := range headers {
		if n += len(h.Key) + len(h.Value); n > maxEnclosed {
			return
		}
		letter.Headers = append(letter.Headers, kgo.RecordHeader{Key: enclosed + h.Key, Value: append([]byte(nil), h.Value...)})
	}
}
