package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/rules/notice"
	"whence/sinks"
)

const (
	// notifyEvery is how often silences that end are looked for.
	notifyEvery = 5 * time.Second
	// notifyBatch bounds what is heard before it is decided: an alert that opens and
	// closes within is never told.
	notifyBatch = 500
	// firstRetry and lastRetry are how long to wait before a receiver is tried again: it
	// doubles in between.
	firstRetry = time.Second
	lastRetry  = time.Minute
	// mostRefusals is how often a notice is sent that the receiver refuses as such.
	mostRefusals = 3
)

// serve reads what was told, and goes on from there until ctx is done or something fails.
func (n *Notifier) serve(ctx context.Context) error {
	desk := notice.NewDesk(n.cfg.Wants, n.cfg.Most)
	policies := n.policies.Load()
	desk.Use(*policies)
	told, err := n.openNotes(ctx)
	if err != nil {
		return err
	}
	defer told.close()
	if err := n.restore(ctx, desk); err != nil {
		return err
	}
	defer n.quits()
	if err := n.tellAll(ctx, desk, told, desk.Unfinished()); err != nil {
		return err
	}
	next := map[int32]kgo.EpochOffset{}
	var reminded time.Time
	for ctx.Err() == nil {
		n.hear(ctx, desk, next)
		if p := n.policies.Load(); p != policies {
			policies = p
			desk.Use(*p)
		}
		desk.Silence(n.silences.Load())
		if err := n.tellAll(ctx, desk, told, desk.Decide(n.now())); err != nil {
			return err
		}
		if err := n.commit(ctx, next); err != nil {
			return err
		}
		clear(next)
		reminded = n.remind(ctx, desk, reminded)
		n.measure(ctx)
	}
	return ctx.Err()
}

// hear takes records for a moment. next is where each partition is then.
func (n *Notifier) hear(ctx context.Context, desk *notice.Desk, next map[int32]kgo.EpochOffset) {
	ctx, cancel := context.WithTimeout(ctx, notifyEvery)
	defer cancel()
	fetches := n.client.PollRecords(ctx, notifyBatch)
	for _, fe := range fetches.Errors() {
		if ctx.Err() == nil && !errors.Is(fe.Err, context.Canceled) {
			n.failures.note(fe.Topic, fe.Partition, fe.Err)
		}
	}
	fetches.EachPartition(n.failures.over)
	for it := fetches.RecordIter(); !it.Done(); {
		rec := it.Next()
		next[rec.Partition] = kgo.EpochOffset{Epoch: rec.LeaderEpoch, Offset: rec.Offset + 1}
		var a correlate.Alert
		if err := json.Unmarshal(rec.Value, &a); err != nil || a.ID == (correlate.ID{}) {
			n.failures.note(rec.Topic, rec.Partition, errNoAlert) // somebody else's
			continue
		}
		desk.Hear(a)
	}
}

// tellAll tells notices one after the other. What is about to be told is noted first, and
// that it was taken at once after: between the two a crash has it told again, as it was.
func (n *Notifier) tellAll(ctx context.Context, desk *notice.Desk, told *notes, all []correlate.Notice) error {
	if err := told.note(ctx, desk); err != nil {
		return err
	}
	n.owns(desk)
	for i := range all {
		mayStill := func() error {
			if told.still() {
				return nil
			}
			desk.Again(all[i].Alert.ID)
			return told.note(ctx, desk)
		}
		if err := n.tell(ctx, &all[i], mayStill); err != nil {
			return err
		}
		desk.Sent(all[i].Alert.ID)
		if err := told.note(ctx, desk); err != nil {
			return err
		}
	}
	return nil
}

// tell sends until the notice is taken, or refused for good: that is counted and logged.
// Before each attempt it asks whether it is still this instance that tells: it may have
// slept, and another may have told this and more.
func (n *Notifier) tell(ctx context.Context, one *correlate.Notice, mayStill func() error) error {
	wait, refusals := firstRetry, 0
	for {
		if err := mayStill(); err != nil {
			return err
		}
		err := n.receiver.Send(ctx, one)
		if err == nil {
			n.took()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var failed *sinks.SendError
		if errors.As(err, &failed) && failed.Refused() {
			if refusals++; refusals == mostRefusals {
				n.refused(one, err)
				return nil
			}
		}
		pausing := wait
		if failed != nil {
			pausing = min(max(wait, failed.After), time.Hour)
		}
		n.fails(err)
		n.measure(ctx)
		pause(ctx, pausing)
		wait = min(wait*2, lastRetry)
	}
}

// remind tells a receiver that forgets of all that is open, when it is time. One that is
// away is reminded the next time.
func (n *Notifier) remind(ctx context.Context, desk *notice.Desk, last time.Time) time.Time {
	r, ok := n.receiver.(sinks.Reminded)
	if now := n.now(); !ok || now.Sub(last) < r.Every() {
		return last
	}
	if open := desk.Open(); len(open) > 0 {
		if err := r.Remind(ctx, open); err != nil && ctx.Err() == nil {
			n.fails(err)
		} else if err == nil {
			n.reached()
		}
	}
	return n.now()
}
