package pipeline

import (
	"context"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// deadLetters writes what could not be decoded to the rejects topic: the
// original bytes, with the reason and the coordinates in headers.
type deadLetters struct {
	client *kgo.Client
	topic  string
}

// write returns once every reject is acknowledged. Rejects of records that are
// larger than the broker takes are cut, and say so: coordinates and hash still
// lead to the original.
func (d *deadLetters) write(ctx context.Context, rejects []correlate.Reject) error {
	if len(rejects) == 0 {
		return nil
	}
	records := make([]*kgo.Record, len(rejects))
	for i := range rejects {
		records[i] = d.record(&rejects[i])
	}
	if err := d.client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("write %d rejects to %s: %w", len(rejects), d.topic, err)
	}
	return nil
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
		},
	}
}
