package index

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// syncPoll is how often Sync looks whether Run has come far enough.
const syncPoll = 5 * time.Millisecond

// Sync returns once Run has read both topics to where they ended when Sync was
// called: everything that anybody had published by then can be looked up, and the
// marks have been passed on. It must be called while Run is under way, and waits for it.
func (t *Table) Sync(ctx context.Context) error {
	ends, err := t.offsets(ctx, (*kadm.Client).ListCommittedOffsets)
	if err != nil {
		return fmt.Errorf("sync sessions: %w", err)
	}
	begins, err := t.offsets(ctx, (*kadm.Client).ListStartOffsets)
	if err != nil {
		return fmt.Errorf("sync sessions: %w", err)
	}
	tick := time.NewTicker(syncPoll)
	defer tick.Stop()
	for {
		pos, err := t.store.Position()
		if err != nil {
			return fmt.Errorf("sync sessions: %w", err)
		}
		behind := false
		for tp, end := range ends {
			read := pos[tp]
			if tp.Topic == t.cfg.SessionsTopic && int(tp.Partition) < len(t.passed) {
				read = min(read, t.passed[tp.Partition].Load()) // marks come after facts
			}
			behind = behind || max(read, begins[tp]) < end
		}
		if !behind {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
