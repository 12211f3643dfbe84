package pipeline

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// A repairing is the repair that goes on while an instance runs: facts are repaired
// after as they come in. The partitions of the sessions topic have one owner each, in
// a consumer group of their own, with its own committed offsets.
//
// Nothing that a late fact touches is passed over. A row was walked either with the
// fact or without it. If without, it is durable before it is looked for: the facts
// of a batch are waited for until every lane has reported that all it walked with
// less is stored (Marks.Known). What a lane that lost its partition, and has not
// noticed, writes with less is written again by the new owner, who knows more. What it
// writes with more, of a chain that the new owner has settled, is as good as repair's:
// it is passed over, and had been announced before it was stored (see sinks.Fan).
//
// Two owners may walk one chain at a time, each after a fact of its own. Both first
// read the sessions topic to its end: whichever asked for the end later knows both
// facts, its version is the higher one, and that is the row that stays.
type repairing struct {
	*Repair
	metrics  *metrics
	client   *kgo.Client
	failures *failures
	past     time.Time // up to where all was read when leftovers were looked for last
	times    timekeeper

	mu    sync.Mutex
	owned map[int32]struct{} // partitions of the sessions topic
}

// rememberedKeys bounds the archive's answers that are kept between batches.
const rememberedKeys = 10_000

// retryEvery is how long to wait before what failed is tried again, and knownEvery
// before asking again whether a row that lacks a fact can still be under way.
const (
	retryEvery = 2 * time.Second
	knownEvery = 250 * time.Millisecond
)

// Run repairs until ctx is done, then returns nil. What fails is tried again: it is
// late then, not lost.
func (r *repairing) Run(ctx context.Context) error {
	note := func(add bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, p := range parts[r.topics[0]] {
				if add {
					r.owned[p] = struct{}{}
				} else {
					delete(r.owned, p)
				}
			}
		}
	}
	var err error
	r.client, err = kgo.NewClient(slices.Concat(r.kafka, []kgo.Opt{
		kgo.ConsumerGroup(r.group()), kgo.ConsumeTopics(r.topics[0]), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.SessionTimeout(r.cfg.SessionTimeout), kgo.HeartbeatInterval(r.cfg.heartbeat()), kgo.RebalanceTimeout(2 * r.cfg.DrainTimeout), kgo.FetchMaxBytes(1 << 20), kgo.FetchMaxPartitionBytes(256 << 10),
		kgo.OnPartitionsAssigned(note(true)), kgo.OnPartitionsRevoked(note(false)), kgo.OnPartitionsLost(note(false)),
	})...)
	if err != nil {
		return fmt.Errorf("connect to kafka: %w", err)
	}
	defer r.client.Close()
	defer r.endLedger(ctx)
	looked := r.clock.Now()
	for ctx.Err() == nil {
		b := r.gather(ctx)
		r.patiently(ctx, "repair after late facts", func() error { return r.repair(ctx, b) })
		if r.clock.Now().Sub(looked) >= r.cfg.RepairEvery && r.owns(0) {
			r.patiently(ctx, "settle what was let go", func() error { return r.leftovers(ctx) })
			looked = r.clock.Now()
		}
	}
	return nil
}

func (r *repairing) owns(partition int32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.owned[partition]
	return ok
}

// patiently does it again until it succeeds or ctx is done.
func (r *repairing) patiently(ctx context.Context, what string, do func() error) {
	for failed := false; ctx.Err() == nil; failed = true {
		err := do()
		if err == nil {
			if failed {
				r.log.Info(what + ": it works again")
			}
			return
		}
		if !failed && ctx.Err() == nil {
			r.log.Warn(what+": it fails and is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryEvery):
		}
	}
}

// repair walks the chains that a batch touches, and commits it.
func (r *repairing) repair(ctx context.Context, b lateBatch) error {
	if len(b.next) == 0 {
		return nil
	}
	if b.facts > 0 {
		if err := r.stored(ctx, b); err != nil {
			return err
		}
		if err := r.keepLedger(ctx); err != nil {
			return err
		}
		if err := r.table.Sync(ctx); err != nil {
			return fmt.Errorf("catch up with the sessions topic: %w", err)
		}
		var done Repaired
		done.Facts = b.facts
		r.forget()
		if err := r.named(ctx, b.keys, &done); err != nil {
			return err
		}
		r.count(done)
	}
	if err := r.keepLedger(ctx); err != nil {
		return err
	}
	return r.commit(ctx, b)
}

// stored waits until no row that lacks a fact of the batch can be under way.
func (r *repairing) stored(ctx context.Context, b lateBatch) error {
	for p, next := range b.last {
		for r.clock.Known(p) < next {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(knownEvery):
			}
		}
	}
	return nil
}

// leftovers settles what full windows let go, as far as every topic has been read,
// and judges alerts again whose chain has changed since.
func (r *repairing) leftovers(ctx context.Context) error {
	r.forget()
	if err := r.keepLedger(ctx); err != nil {
		return err
	}
	var done Repaired
	// Up to where all was read the last time: since then the lanes have settled what
	// they hold, and what is left is nobody's.
	before := r.past
	r.past = r.readPast()
	if !before.IsZero() {
		if err := r.unsettled(ctx, before, &done); err != nil {
			return err
		}
	}
	if err := r.staleAlerts(ctx, &done); err != nil {
		return fmt.Errorf("judge open alerts again: %w", err)
	}
	if err := r.times.look(ctx, r.past, &done); err != nil {
		return fmt.Errorf("compute rules over time: %w", err)
	}
	r.count(done)
	return nil
}

// readPast is the time before which every lane has settled what it holds.
func (r *Repair) readPast() (least time.Time) {
	for _, t := range r.cfg.Topics {
		read := r.clock.ReadUpTo(t.Name)
		if read.IsZero() {
			return read
		}
		if least.IsZero() || read.Before(least) {
			least = read
		}
	}
	var late time.Duration
	for _, ws := range Witnesses(r.cfg) {
		for _, w := range ws {
			late = max(late, w.Lateness)
		}
	}
	return least.Add(-late - correlate.Skew - 2*lookEvery)
}

// forget drops what earlier batches knew: more may be known by now.
func (r *repairing) forget() {
	clear(r.walked)
	if len(r.wider.known) > rememberedKeys {
		clear(r.wider.known)
	}
}

func (r *repairing) count(done Repaired) {
	for what, n := range map[string]int{"facts": done.Facts, "chains": done.Chains, "improved": done.Improved, "alerts": done.Alerts, "windows": done.Windows} {
		r.metrics.repaired.WithLabelValues(what).Add(float64(n))
	}
}
