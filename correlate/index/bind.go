package index

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// Bind makes facts known to every instance. It publishes them, waits until all
// are acked, stores them here, and returns once Lookup finds them. Facts that are
// known already, with the same content or in a stronger telling, cost nothing.
// On an error nothing was stored and Bind is to be called again: store first, and
// a crash would leave this instance believing that the topic has what it does
// not. While the brokers are away Bind waits until ctx is done.
//
// A fact that must not expire goes to both topics: to the registry since it must
// not expire, and to the sessions topic since marks order only what is there.
// Facts larger than MaxFactBytes are refused: counted, and left out everywhere.
//
// Nothing of facts is kept, so they may be lent.
//
// While Run is active, Bind passes the keys of which something new became known
// to Run's notify, on the caller's goroutine.
func (t *Table) Bind(ctx context.Context, facts []correlate.Fact) error {
	t.counts.bound.Add(uint64(len(facts)))
	fresh, records, err := t.fresh(facts)
	if err != nil {
		return fmt.Errorf("bind facts: %w", err)
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := t.publish(ctx, records); err != nil {
		return fmt.Errorf("bind facts: %w", err)
	}
	t.counts.published.Add(uint64(len(fresh)))
	changed, err := t.apply(fresh, nil)
	t.tell(changed)
	if err != nil {
		return fmt.Errorf("bind facts: %w", err)
	}
	return nil
}

// A Report is a lane's mark for all partitions of the sessions topic. Known is, for
// each of them, the mark's Known there; nil for 0 everywhere.
type Report struct {
	correlate.Mark
	Known []int64
}

// Known returns, for each partition of the sessions topic, the offset before which
// every fact can be looked up here. It only moves with facts, not with marks.
func (t *Table) Known() []int64 {
	known := make([]int64, len(t.known))
	for p := range known {
		known[p] = t.known[p].Load()
	}
	return known
}

// Announce writes each mark to every partition of the sessions topic and returns
// once all are acked. The facts that a mark vouches for must have been bound.
func (t *Table) Announce(ctx context.Context, reports []Report) error {
	records := make([]*kgo.Record, 0, len(reports)*t.sessions)
	for _, r := range reports {
		for p := range t.sessions {
			m := r.Mark
			m.Known = 0
			if r.Known != nil {
				m.Known = r.Known[p]
			}
			records = append(records, markRecord(t.cfg.SessionsTopic, int32(p), m))
		}
	}
	if err := t.publish(ctx, records); err != nil {
		return fmt.Errorf("announce marks: %w", err)
	}
	t.counts.marks.Add(uint64(len(reports)))
	return nil
}

// fresh leaves out what is known and makes records of the rest.
func (t *Table) fresh(facts []correlate.Fact) (fresh []correlate.Fact, records []*kgo.Record, err error) {
	told := make([]correlate.Fact, 0, len(facts))
	for i := range facts {
		if !fits(&facts[i]) {
			t.refuse(&facts[i])
			continue
		}
		told = append(told, normal(facts[i]))
	}
	fresh = make([]correlate.Fact, 0, len(told))
	var out press
	for _, g := range byKey(told) {
		held, err := t.glance(g.key, g.facts)
		if err != nil {
			return nil, nil, err
		}
		merged, news := join(held, g.facts)
		isStanding := false
		for i := range merged.Facts {
			isStanding = isStanding || merged.Facts[i].Standing
		}
		for i := range news {
			r := out.fact(t.cfg.SessionsTopic, t.sessions, &news[i])
			records = append(records, r)
			if t.lasting(&news[i]) || isStanding {
				records = append(records, &kgo.Record{
					Topic: t.cfg.RegistryTopic, Partition: partitionOf(news[i].Key, t.registry), Key: r.Key, Value: r.Value,
				})
			}
		}
		fresh = append(fresh, news...)
	}
	t.counts.skipped.Add(uint64(len(told) - len(fresh)))
	return fresh, records, nil
}

// glance is held under a shared lock.
func (t *Table) glance(k correlate.Key, facts []correlate.Fact) (correlate.Session, error) {
	hash := t.hash(k)
	l := &t.locks[hash%stripes]
	l.RLock()
	defer l.RUnlock()
	if t.closed {
		return correlate.Session{}, ErrClosed
	}
	u, err := t.held(hash, k, facts)
	return u.session, err
}

// publish writes records and waits for their acks. The client puts records of several
// callers into one batch, and gives all of it up when the context of the first record
// ends: the others are told of an end that is not theirs, or of what the client has
// heard last, of a broker that is away. They send again. Facts that then arrive twice
// merge into one, and so do marks.
func (t *Table) publish(ctx context.Context, records []*kgo.Record) error {
	for {
		err := t.send(ctx, records)
		if err == nil || ctx.Err() != nil || !ofAnother(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(sendAgain):
		}
		again := make([]*kgo.Record, len(records)) // the client may still hold the others
		for i, r := range records {
			again[i] = &kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value}
		}
		records = again
	}
}

// sendAgain is how long to wait before records are sent again that were given up with
// those of another.
const sendAgain = 10 * time.Millisecond

// ofAnother reports whether an error is what the client says to those who sent records
// together with somebody who has ended. By itself it gives none up while brokers are away.
func ofAnother(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || passes(err)
}

func (t *Table) send(ctx context.Context, records []*kgo.Record) error {
	if len(records) == 0 {
		return nil
	}
	// The client may hold records that it cannot deliver for longer than ctx
	// lives, so their acks are waited for here.
	acks := newAcks(len(records))
	for _, r := range records {
		t.producer.Produce(ctx, r, acks.one)
	}
	select {
	case <-acks.all:
	case <-ctx.Done():
		return fmt.Errorf("publish: %w", ctx.Err())
	}
	if err := acks.err.Load(); err != nil {
		return fmt.Errorf("publish: %w", *err)
	}
	return nil
}

// acks waits for those of one publish. One that comes too late bothers nobody.
type acks struct {
	left atomic.Int64
	err  atomic.Pointer[error] // the first
	all  chan struct{}         // closed when none is left, or one has failed
	once sync.Once
}

func newAcks(n int) *acks {
	a := &acks{all: make(chan struct{})}
	a.left.Store(int64(n))
	return a
}

func (a *acks) one(_ *kgo.Record, err error) {
	if err != nil {
		a.err.CompareAndSwap(nil, &err)
	}
	if a.left.Add(-1) == 0 || err != nil {
		a.once.Do(func() { close(a.all) })
	}
}

func (t *Table) refuse(f *correlate.Fact) {
	if t.counts.refused.Add(1) == 1 {
		t.log.Warn("a fact is too large to be published and was left out; later ones are only counted",
			"source", f.Source, "event_id", f.EventID, "limit", MaxFactBytes)
	}
}

// tell passes copies of keys on to whoever listens: the keys may be lent.
func (t *Table) tell(keys []correlate.Key) {
	notify := t.notify.Load()
	if notify == nil || len(keys) == 0 {
		return
	}
	for i, k := range keys {
		keys[i] = correlate.Key{Kind: correlate.Kind(strings.Clone(string(k.Kind))), Value: strings.Clone(k.Value)}
	}
	(*notify)(keys)
}
