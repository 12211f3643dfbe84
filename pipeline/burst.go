package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// burstBatch is the key under which a record carries the batch it stands for.
type burstBatch struct{}

// burst stands in a lane's queue for a batch that unpacks to more than may be
// held in memory. It has the batch's last offset and no bytes.
func burst(b *kgo.ErrDecompressTooLarge) *kgo.Record {
	return &kgo.Record{
		Topic: b.Topic, Partition: b.Partition, Offset: b.NextOffset - 1,
		Context: context.WithValue(context.Background(), burstBatch{}, b),
	}
}

// rejectBurst is the reject of a batch for which r stands; ok is false for any
// other record.
func rejectBurst(r *kgo.Record, source string, now time.Time) (_ correlate.Reject, ok bool) {
	if r.Context == nil {
		return correlate.Reject{}, false
	}
	b, ok := r.Context.Value(burstBatch{}).(*kgo.ErrDecompressTooLarge)
	if !ok {
		return correlate.Reject{}, false
	}
	sum := sha256.Sum256(nil)
	return correlate.Reject{
		Source: source, Reason: correlate.RejectTooLarge, Topic: b.Topic, Partition: b.Partition, Offset: b.Offset, Time: now,
		Detail: fmt.Sprintf("the batch at offsets %d to %d is too large to be unpacked; all of it was passed over", b.Offset, b.NextOffset-1),
		SHA256: hex.EncodeToString(sum[:]),
	}, true
}
