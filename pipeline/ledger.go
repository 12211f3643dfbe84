package pipeline

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"whence/correlate/ledger"
	"whence/sinks"
)

// The ledger's side of a lane. Every step enters what it writes, and its checkpoint
// states what of the run is stored by then. Where a run stands is committed with the
// place, so that the next owner's run begins after it: see package ledger.

// attestEvery is how long a lane without new rows waits before it states that all it
// wrote is stored.
const attestEvery = 10 * time.Second

// openLedger begins the lane's run after the one that the place tells of.
func (l *lane) openLedger(after ledger.Head) {
	if l.signer != nil {
		l.ledger = l.signer.Open(laneName(l.topic.Name, l.partition), after, l.clock.Now)
	}
}

func laneName(topic string, partition int32) string { return fmt.Sprintf("%s/%d", topic, partition) }

// head is where the lane stands in the ledger. While nothing is entered it stays
// where the former owner was.
func (l *lane) head() ledger.Head {
	if l.ledger == nil {
		return l.place.ledger
	}
	return l.ledger.Head()
}

// entered is the last entry made.
func (l *lane) entered() uint64 {
	if l.ledger == nil {
		return 0
	}
	return l.ledger.Seq()
}

// stored takes note that all rows up to an entry are durable.
func (l *lane) stored(seq uint64) {
	if l.ledger != nil {
		l.ledger.Store(seq)
	}
}

// attest states what is stored, if no checkpoint does yet. At the end of a run it is
// due at once.
func (l *lane) attest(ctx context.Context, end bool) error {
	if l.ledger == nil || !l.ledger.Owes() || len(l.flights) > 0 || !end && l.clock.Now().Sub(l.ledger.Head().At) < attestEvery {
		return nil
	}
	return l.fly(ctx, &sinks.Output{})
}

// appendHead appends a head to metadata.
func appendHead(b []byte, h ledger.Head) []byte {
	b = append(b, h.Run[:]...)
	b = binary.AppendUvarint(b, h.Seq)
	b = append(b, h.Hash[:]...)
	return binary.AppendVarint(b, h.At.UnixMilli())
}

// cutHead reads what appendHead wrote and returns what follows.
func cutHead(b []byte) (h ledger.Head, rest []byte, err error) {
	if len(b) < len(h.Run) {
		return h, nil, errShort
	}
	b = b[copy(h.Run[:], b):]
	seq, n := binary.Uvarint(b)
	if n <= 0 || len(b) < n+len(h.Hash) {
		return h, nil, errShort
	}
	h.Seq, b = seq, b[n:]
	b = b[copy(h.Hash[:], b):]
	at, n := binary.Varint(b)
	if n <= 0 {
		return h, nil, errShort
	}
	h.At = time.UnixMilli(at).UTC()
	return h, b[n:], nil
}

// repairLane is the lane that repairs enter into.
const repairLane = "repair"

// headVersion begins the metadata that repairs commit.
const headVersion = "l1:"

func encodeHead(h ledger.Head) string {
	if h.IsZero() {
		return ""
	}
	return headVersion + base64.RawStdEncoding.EncodeToString(appendHead(nil, h))
}

// decodeHead reads what encodeHead wrote; what is not ours is no head.
func decodeHead(metadata string) (h ledger.Head) {
	if len(metadata) < len(headVersion) || metadata[:len(headVersion)] != headVersion {
		return h
	}
	b, err := base64.RawStdEncoding.DecodeString(metadata[len(headVersion):])
	if err != nil {
		return h
	}
	if h, _, err = cutHead(b); err != nil {
		return ledger.Head{}
	}
	return h
}

// Committed returns, by lane, where each stands in the ledger by what was committed
// to Kafka. Whoever changes ClickHouse cannot change that.
func Committed(ctx context.Context, admin *kadm.Client, cfg Config) (map[string]ledger.Head, error) {
	heads := map[string]ledger.Head{}
	offsets, err := fetchCommitted(ctx, admin, cfg.Group)
	if err != nil {
		return nil, err
	}
	var failed error
	offsets.Each(func(o kadm.OffsetResponse) {
		p, err := decodePlace(o.At, o.Metadata)
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", laneName(o.Topic, o.Partition), err)
		}
		if !p.ledger.IsZero() {
			heads[laneName(o.Topic, o.Partition)] = p.ledger
		}
	})
	if failed != nil {
		return nil, failed
	}
	if offsets, err = fetchCommitted(ctx, admin, repairGroup(cfg)); err != nil {
		return nil, err
	}
	if h := repairHead(offsets); !h.IsZero() {
		heads[repairLane] = h
	}
	return heads, nil
}

// repairHead is where the last repair stood that committed.
func repairHead(offsets kadm.OffsetResponses) (last ledger.Head) {
	offsets.Each(func(o kadm.OffsetResponse) {
		if h := decodeHead(o.Metadata); h.At.After(last.At) {
			last = h
		}
	})
	return last
}
