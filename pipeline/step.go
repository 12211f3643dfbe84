package pipeline

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sources"
)

// step is the path of a batch: decode, bind, resolve, judge, sinks; what is done
// is then free to be committed. A crash after any part of it and before the next
// loses nothing: decode has no effect, facts published twice merge into one, and
// chains written twice have the same id and version.
//
// All of it happens in memory that the lane lends: see work.
func (l *lane) step(ctx context.Context, batch []*kgo.Record, woken []correlate.Key, all bool) error {
	defer func() {
		l.work.reset()
		l.walker.Reset()
		l.window.Reset()
	}()
	all = l.takeDirectory() || all
	l.takeRules()
	l.decode(batch)
	if err := l.at("decode"); err != nil {
		return err
	}
	seen := l.gather()
	if err := l.bind(ctx); err != nil {
		return fmt.Errorf("bind sessions: %w", err)
	}
	if err := l.at("bind"); err != nil {
		return err
	}
	if err := l.resolve(ctx, woken, all); err != nil {
		return err
	}
	l.judgeAll()
	if err := l.at("judge"); err != nil {
		return err
	}
	if err := l.store(ctx, &l.work.out); err != nil {
		return err
	}
	if err := l.at("sinks"); err != nil {
		return err
	}
	l.count(len(batch))
	if n := len(batch); n > 0 {
		l.next = batch[n-1].Offset + 1
		l.fed = l.clock.Now()
	}
	l.note(seen)
	if l.clock.Now().Sub(l.told) >= publishEvery {
		l.publish()
	}
	return nil
}

// decode turns records into events. A record between bookmarks has been worked
// on by a former owner and is passed over; a control record has no content.
func (l *lane) decode(batch []*kgo.Record) {
	defer l.metrics.timed("decode", time.Now())()
	out := &l.work.decoded
	l.work.records = batch
	now := l.clock.Now()
	for i, r := range batch {
		if i%sources.AheadRecords == 0 {
			l.work.ahead(batch[i:])
		}
		if r.Attrs.IsControl() || !l.place.wants(r.Offset) {
			continue
		}
		if rj, ok := rejectBurst(r, l.source.Name, now); ok {
			out.Rejects = append(out.Rejects, rj)
			continue
		}
		in := l.work.input(r, l.topic.Scope)
		events, rejects := len(out.Events), len(out.Rejects)
		l.decodeRecord(in, r, out)
		for i := range out.Events[events:] {
			e := &out.Events[events+i]
			e.Evidence.Topic, e.Evidence.Partition, e.Evidence.Offset = r.Topic, r.Partition, r.Offset
			l.judge.Notice(e)
		}
		for i := range out.Rejects[rejects:] {
			rj := &out.Rejects[rejects+i]
			rj.Topic, rj.Partition, rj.Offset, rj.Time = r.Topic, r.Partition, r.Offset, r.Timestamp
		}
	}
	l.work.out.Rejects = out.Rejects
}

// gather collects what the events mint, and returns the latest of their times.
func (l *lane) gather() (seen time.Time) {
	events := l.work.decoded.Events
	for i := range events {
		l.work.out.Facts = append(l.work.out.Facts, events[i].Mints...)
		if events[i].Time.After(seen) {
			seen = events[i].Time
		}
	}
	return seen
}

func (l *lane) bind(ctx context.Context) error {
	defer l.metrics.timed("bind", time.Now())()
	if len(l.work.out.Facts) == 0 {
		return nil
	}
	return l.table.Bind(ctx, l.work.out.Facts)
}

// resolve walks new events, and parked chains that woke up or settled.
func (l *lane) resolve(ctx context.Context, woken []correlate.Key, all bool) error {
	defer l.metrics.timed("resolve", time.Now())()
	now := l.clock.Now()
	l.window.Bound(l.share(l.cfg.WindowBytes, 1))
	events := l.work.decoded.Events
	l.walker.Ahead(events)
	for i := range events {
		c := l.work.chain(nil)
		if err := l.walker.Walk(ctx, &events[i], c); err != nil {
			return err
		}
		l.walker.Settle(c, l.clock)
		l.park(c, c.Evidence.Offset, now)
	}
	again := l.window.Wake(woken)
	if all {
		again = l.window.WakeAll()
	}
	if err := l.again(ctx, again, now); err != nil {
		return err
	}
	if now.Sub(l.looked) < lookEvery {
		return nil
	}
	l.looked = now
	// Those that settled just now have left the window: none is written twice.
	settled, held := l.window.Settled(l.clock, l.cfg.MaxWait, mostSettled), l.window.Len()
	err := l.again(ctx, settled, now)
	// If there may be more the next step goes on with them, unless these did not leave.
	if l.unsettled = len(settled) == mostSettled && l.window.Len() < held; l.unsettled {
		l.looked = time.Time{}
	}
	return err
}

// mostSettled bounds the chains that are settled in one step: what is made of them
// stays in the caches, and each kit has memory for them. As many settle in the long run
// as do not resolve, which are a few in a hundred; when more do, it takes more steps.
const mostSettled = maxBatch / 4

// again walks parked chains again, and keeps the versions that differ.
func (l *lane) again(ctx context.Context, parked []correlate.Ref, now time.Time) error {
	for _, r := range parked {
		p, ok := l.window.Read(r)
		if !ok { // let go to make room for one before it: repair's from then on
			continue
		}
		c := l.work.chain(p.Chain)
		if err := l.walker.Walk(ctx, &p.Chain.Event, c); err != nil {
			return err
		}
		l.walker.Settle(c, l.clock)
		by := "clock"
		if !c.Settled && now.Sub(p.Since) >= l.cfg.MaxWait {
			c.Settled, by = true, "max_wait"
			c.Seal(l.walker.Epoch)
		}
		if c.Settled {
			l.metrics.settled.WithLabelValues(by).Inc()
		}
		l.park(c, p.Offset, now)
		if c.Version == p.Chain.Version {
			l.work.drop()
		}
	}
	return nil
}

// park keeps a chain that may still improve and releases one that is settled.
func (l *lane) park(c *correlate.Chain, offset int64, now time.Time) {
	if c.Settled {
		l.window.Release(c.ID)
		return
	}
	if letGo := l.window.Park(offset, c, now); len(letGo) > 0 {
		l.metrics.letGo.Add(float64(len(letGo)))
	}
}

func (l *lane) judgeAll() {
	defer l.metrics.timed("judge", time.Now())()
	out := &l.work.out
	for i := range out.Chains {
		out.Alerts = l.judge.Judge(l.work.former[i], &out.Chains[i], out.Alerts)
	}
}

func (l *lane) count(records int) {
	out := &l.work.out
	l.metrics.records.WithLabelValues(l.topic.Name).Add(float64(records))
	first := 0
	var by [len(statuses)]int
	for i := range out.Chains {
		if l.work.former[i] == nil {
			first++
			by[statusIndex(out.Chains[i].Status)]++
		}
	}
	l.metrics.improved.Add(float64(len(out.Chains) - first))
	l.metrics.reused.Add(float64(l.walker.Reused()))
	l.metrics.events.WithLabelValues(l.source.Name).Add(float64(first))
	for i, n := range by {
		if n > 0 {
			l.metrics.chains.WithLabelValues(l.source.Name, string(statuses[i])).Add(float64(n))
		}
	}
	for i := range out.Rejects {
		l.metrics.rejects.WithLabelValues(out.Rejects[i].Source, out.Rejects[i].Reason).Inc()
	}
	for i := range out.Alerts {
		l.metrics.alerts.WithLabelValues(out.Alerts[i].Rule, string(out.Alerts[i].State)).Inc()
	}
	l.metrics.parked.WithLabelValues(l.topic.Name, strconv.Itoa(int(l.partition))).Set(float64(l.window.Len()))
}

var statuses = [...]correlate.Status{correlate.Attributed, correlate.Automated, correlate.Ambiguous, correlate.Partial, correlate.Unattributed}

func statusIndex(s correlate.Status) int {
	for i := range statuses {
		if statuses[i] == s {
			return i
		}
	}
	return len(statuses) - 1
}
