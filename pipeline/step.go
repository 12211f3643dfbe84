package pipeline

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sinks"
	"whence/sources"
)

// step is the path of a batch: decode, bind, resolve, judge, sinks; what is done
// is then free to be committed. A crash after any part of it and before the next
// loses nothing: decode has no effect, facts published twice merge into one, and
// chains written twice have the same id and version.
func (l *lane) step(ctx context.Context, batch []*kgo.Record, woken []correlate.Key, all bool) error {
	decoded := l.decode(batch)
	if err := l.at("decode"); err != nil {
		return err
	}
	facts, seen := gather(decoded.Events)
	if err := l.bind(ctx, facts); err != nil {
		return fmt.Errorf("bind sessions: %w", err)
	}
	if err := l.at("bind"); err != nil {
		return err
	}
	written, err := l.resolve(ctx, decoded.Events, woken, all)
	if err != nil {
		return err
	}
	out := sinks.Output{Facts: facts, Rejects: decoded.Rejects}
	l.judgeAll(written, &out)
	if err := l.at("judge"); err != nil {
		return err
	}
	if err := l.store(ctx, &out); err != nil {
		return err
	}
	if err := l.at("sinks"); err != nil {
		return err
	}
	l.count(batch, written, &out)
	if n := len(batch); n > 0 {
		l.next = batch[n-1].Offset + 1
		l.fed = l.clock.Now()
	}
	l.publish(seen)
	return nil
}

// decode turns records into events. A record between bookmarks has been worked
// on by a former owner and is passed over; a control record has no content.
func (l *lane) decode(batch []*kgo.Record) sources.Batch {
	defer l.metrics.timed("decode", time.Now())()
	var out sources.Batch
	for _, r := range batch {
		if r.Attrs.IsControl() || !l.place.wants(r.Offset) {
			continue
		}
		if rj, ok := rejectBurst(r, l.source.Name, l.clock.Now()); ok {
			out.Rejects = append(out.Rejects, rj)
			continue
		}
		in := sources.Input{Raw: r.Value, Scope: l.topic.Scope, Header: headers(r)}
		if s := in.Header("whence-scope"); s != "" {
			in.Scope = s
		}
		events, rejects := len(out.Events), len(out.Rejects)
		l.source.DecodeRecord(in, &out)
		for i := range out.Events[events:] {
			ev := &out.Events[events+i].Evidence
			ev.Topic, ev.Partition, ev.Offset = r.Topic, r.Partition, r.Offset
		}
		for i := range out.Rejects[rejects:] {
			rj := &out.Rejects[rejects+i]
			rj.Topic, rj.Partition, rj.Offset, rj.Time = r.Topic, r.Partition, r.Offset, r.Timestamp
		}
	}
	return out
}

// headers looks up record headers. The broker's timestamp answers for when the
// record was received, unless the collector said so itself.
func headers(r *kgo.Record) func(string) string {
	return func(name string) string {
		for _, h := range r.Headers {
			if strings.EqualFold(h.Key, name) {
				return string(h.Value)
			}
		}
		if strings.EqualFold(name, "whence-received-at") {
			return r.Timestamp.UTC().Format(time.RFC3339Nano)
		}
		return ""
	}
}

// gather collects what the events mint, and the latest of their times.
func gather(events []correlate.Event) (facts []correlate.Fact, seen time.Time) {
	for i := range events {
		facts = append(facts, events[i].Mints...)
		if events[i].Time.After(seen) {
			seen = events[i].Time
		}
	}
	return facts, seen
}

func (l *lane) bind(ctx context.Context, facts []correlate.Fact) error {
	defer l.metrics.timed("bind", time.Now())()
	if len(facts) == 0 {
		return nil
	}
	return l.table.Bind(ctx, facts)
}

// version is a chain about to be written and, if there is one, the version of it
// that was written before.
type version struct {
	prev *correlate.Chain
	next correlate.Chain
}

// resolve walks new events, and parked chains that woke up or settled.
func (l *lane) resolve(ctx context.Context, events []correlate.Event, woken []correlate.Key, all bool) ([]version, error) {
	defer l.metrics.timed("resolve", time.Now())()
	now := l.clock.Now()
	var out []version
	for i := range events {
		c, err := l.resolver.Resolve(ctx, events[i])
		if err != nil {
			return nil, err
		}
		l.resolver.Settle(&c, l.clock)
		l.park(c, c.Evidence.Offset, now)
		out = append(out, version{next: c})
	}
	again := l.window.Wake(woken)
	if all {
		again = l.window.WakeAll()
	}
	out, err := l.again(ctx, again, now, out)
	if err != nil {
		return nil, err
	}
	// Those that settled just now have left the window: none is written twice.
	return l.again(ctx, l.window.Settled(l.clock, l.cfg.MaxWait), now, out)
}

// again walks parked chains again, and appends the versions that differ.
func (l *lane) again(ctx context.Context, parked []correlate.Parked, now time.Time, out []version) ([]version, error) {
	for _, p := range parked {
		c, err := l.resolver.Resolve(ctx, p.Chain.Event)
		if err != nil {
			return nil, err
		}
		l.resolver.Settle(&c, l.clock)
		by := "clock"
		if !c.Settled && now.Sub(p.Since) >= l.cfg.MaxWait {
			c.Settled, by = true, "max_wait"
			c.Seal(l.resolver.Epoch)
		}
		if c.Settled {
			l.metrics.settled.WithLabelValues(by).Inc()
		}
		l.park(c, p.Offset, now)
		if c.Version != p.Chain.Version {
			out = append(out, version{prev: &p.Chain, next: c})
		}
	}
	return out, nil
}

// park keeps a chain that may still improve and releases one that is settled.
func (l *lane) park(c correlate.Chain, offset int64, now time.Time) {
	if c.Settled {
		l.window.Release(c.ID)
		return
	}
	if letGo := l.window.Park(offset, c, now); len(letGo) > 0 {
		l.metrics.letGo.Add(float64(len(letGo)))
	}
}

func (l *lane) judgeAll(written []version, out *sinks.Output) {
	defer l.metrics.timed("judge", time.Now())()
	for i := range written {
		v := &written[i]
		out.Alerts = l.judge.Judge(v.prev, &v.next, out.Alerts)
		out.Chains = append(out.Chains, v.next)
	}
}

func (l *lane) store(ctx context.Context, out *sinks.Output) error {
	defer l.metrics.timed("sinks", time.Now())()
	if err := l.letters.write(ctx, out.Rejects); err != nil {
		return err
	}
	if out.Len() == 0 {
		return nil
	}
	if err := l.sink.Write(ctx, out); err != nil {
		return fmt.Errorf("write %d chains: %w", len(out.Chains), err)
	}
	return nil
}

func (l *lane) count(batch []*kgo.Record, written []version, out *sinks.Output) {
	l.metrics.records.WithLabelValues(l.topic.Name).Add(float64(len(batch)))
	first := 0
	for i := range written {
		if written[i].prev == nil {
			first++
		}
		l.metrics.wrote(&written[i].next, written[i].prev != nil)
	}
	l.metrics.events.WithLabelValues(l.source.Name).Add(float64(first))
	for _, r := range out.Rejects {
		l.metrics.rejects.WithLabelValues(r.Source, r.Reason).Inc()
	}
	for _, a := range out.Alerts {
		l.metrics.alerts.WithLabelValues(a.Rule, string(a.State)).Inc()
	}
	l.metrics.parked.WithLabelValues(l.topic.Name, strconv.Itoa(int(l.partition))).Set(float64(l.window.Len()))
}
