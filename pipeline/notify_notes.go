package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/rules/notice"
)

// notes are what one term writes on the notices topic, in transactions of the receiver's
// group: from when on a term has its notes, Kafka refuses those of all terms before, and
// ends what they have begun. So nobody who slept writes over what was told since, which
// compaction would make the last word. What a term reads once it has its notes is all.
//
// Of two terms that both believe that they are on, the later has its notes and the other
// begins anew: it may take them back until the group tells it to stop, having read what
// was told up to then. Notices may be told twice then, under their keys.
type notes struct {
	n      *Notifier
	client *kgo.Client
	// at is when Kafka agreed last, by the wall: other clocks stand still while the machine sleeps.
	at time.Time
}

// openNotes takes the notes over.
func (n *Notifier) openNotes(ctx context.Context) (*notes, error) {
	client, err := kgo.NewClient(slices.Concat(n.kafka, []kgo.Opt{
		kgo.TransactionalID(n.group()), kgo.TransactionTimeout(n.cfg.SessionTimeout),
	})...)
	if err != nil {
		return nil, fmt.Errorf("connect to kafka: %w", err)
	}
	if _, _, err := client.ProducerID(ctx); err != nil {
		client.Close()
		return nil, fmt.Errorf("take over the notes of what was told: %w", err)
	}
	return &notes{n: n, client: client, at: n.now().Round(0)}, nil
}

// note notes what has changed on the desk, and returns when all in-sync replicas have it.
// A transaction that fails is left to whoever opens the notes next.
func (s *notes) note(ctx context.Context, desk *notice.Desk) error {
	changed, gone := desk.Changed()
	var records []*kgo.Record
	for i := range changed {
		e := &changed[i]
		b, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encode what was told of alert %s: %w", e.Alert.ID, err)
		}
		records = append(records, &kgo.Record{Topic: s.n.cfg.Notices, Key: s.n.noticeKey(e.Alert.ID.String()), Value: b})
	}
	for _, id := range gone {
		records = append(records, &kgo.Record{Topic: s.n.cfg.Notices, Key: s.n.noticeKey(id.String())})
	}
	if len(records) == 0 {
		return nil
	}
	err := s.client.BeginTransaction()
	if err == nil {
		err = s.client.ProduceSync(ctx, records...).FirstErr()
	}
	if err == nil {
		err = s.client.EndTransaction(ctx, kgo.TryCommit)
	}
	if err != nil {
		return fmt.Errorf("note what was told: %w", err)
	}
	s.at = s.n.now().Round(0)
	return nil
}

// still reports whether Kafka agreed so lately that nobody else has taken over since.
func (s *notes) still() bool { return s.n.now().Round(0).Sub(s.at) < s.n.cfg.SessionTimeout }

func (s *notes) close() { s.client.Close() }
