package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"whence/correlate"
)

// span is the event time that one round covers.
const span = 30 * time.Minute

// endToEnd measures rounds of waiting events, each followed by the floors.
func endToEnd(ctx context.Context, o options, r *report) error {
	l, err := openLab(ctx, o)
	if err != nil {
		return err
	}
	var beside *peer
	if o.wants("peers") {
		if beside, err = l.openPeer(ctx); err != nil {
			return l.fail(err)
		}
	}
	var passes []passage
	for i := range o.rounds {
		p, err := l.measured(ctx, beside)
		if err != nil {
			return l.fail(err)
		}
		l.say("round %d: %s", i+1, p.line(o.events))
		passes = append(passes, p)
	}
	r.endToEnd(o, passes)
	if beside != nil {
		r.peers(beside.costs, passes, o.events)
	}
	wall := medianOf(passes, func(p passage) time.Duration { return p.wall })
	gc, err := l.profile(ctx, o.events, wall, o.cpuprofile)
	if err != nil {
		return l.fail(err)
	}
	r.add("end_to_end.gc_share", gc, "of the CPU of one more round is garbage collection, by a profile of it")
	if o.latencyFor > 0 {
		if err := l.latency(ctx, r, float64(o.events)/wall.Seconds()/2); err != nil {
			return l.fail(err)
		}
	}
	rss, err := l.whence.peakRSS()
	if err != nil {
		return l.fail(err)
	}
	r.add(fmt.Sprintf("rss_mib.%d", o.sessions), float64(rss)/(1<<20), "most memory whence has had, %d live sessions", o.sessions)
	return l.close()
}

// measured is a pass with its floors, and the same events through the peer, if there
// is one.
func (l *lab) measured(ctx context.Context, beside *peer) (p passage, err error) {
	if beside == nil {
		if p, err = l.pass(ctx, l.events); err != nil {
			return p, err
		}
		p.floors, err = l.floors(ctx, l.events)
		return p, err
	}
	done, err := beside.keep()
	if err != nil {
		return p, err
	}
	p, err = l.pass(ctx, l.events)
	path, kept := done()
	if err := errors.Join(err, kept); err != nil {
		return p, err
	}
	if p.floors, err = l.floors(ctx, l.events); err != nil {
		return p, err
	}
	if err := beside.run(ctx, path, l.events); err != nil {
		return p, fmt.Errorf("the OpenTelemetry collector: %w", err)
	}
	l.say("the collector: %.2f us of CPU", float64(beside.costs[len(beside.costs)-1].Nanoseconds())/1e3)
	return p, nil
}

// A passage is what it took whence to take the waiting events from the broker to
// ClickHouse.
type passage struct {
	cpu, wall         time.Duration // of whence
	broker, server    time.Duration // CPU of the others meanwhile
	rows              int64         // of all tables
	perInsert         float64       // rows, into the table chains
	alerts            int64
	attributed, total int64
	heap              heap // what whence allocated
	floors            floors
}

// line tells of p what is worth watching, per event of n.
func (p *passage) line(n int) string {
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(n) }
	return fmt.Sprintf("%.2f us of CPU, %.0f events/s, %.3f rows an event, %.0f rows an insert, %.2f allocations an event, floors: consume %d, scan %d, hash %d, insert %d, prototype %d ns; clickhouse %.2f us, broker %.2f us",
		us(p.cpu), float64(n)/p.wall.Seconds(), float64(p.rows)/float64(n), p.perInsert, p.heap.mallocs/float64(n),
		p.floors.consume, p.floors.scan, p.floors.hash, p.floors.insert, p.floors.fullpath, us(p.server), us(p.broker))
}

// pass lets n new events wait in the broker while whence is held still, and
// measures whence from when it is let go until the last row is in ClickHouse.
func (l *lab) pass(ctx context.Context, n int) (p passage, err error) {
	allocated, err := l.heap(ctx)
	if err != nil {
		return p, err
	}
	if err := l.wait(ctx, n); err != nil {
		return p, err
	}
	cpu, err := l.whence.cpu()
	if err != nil {
		return p, err
	}
	broker, _ := l.kafka.cpu() // it lives: the topic was just written to
	inserted, err := l.server.inserted(ctx)
	if err != nil {
		return p, err
	}
	server, began := l.server.cpu(), time.Now()
	if err := l.whence.signal(syscall.SIGCONT); err != nil {
		return p, err
	}
	if err := l.written(ctx); err != nil {
		return p, err
	}
	p.wall = time.Since(began)
	after, err := l.whence.cpu()
	if err == nil && l.settle {
		after, err = l.settled(ctx)
	}
	if err != nil {
		return p, err
	}
	brokerAfter, _ := l.kafka.cpu()
	p.cpu, p.broker, p.server = after-cpu, brokerAfter-broker, l.server.cpu()-server
	rows, err := l.server.inserted(ctx)
	if err != nil {
		return p, err
	}
	p.rows = rows - inserted
	if p.heap, err = l.heap(ctx); err != nil {
		return p, err
	}
	p.heap.mallocs -= allocated.mallocs
	p.heap.bytes -= allocated.bytes
	p.heap.reused -= allocated.reused
	return p, l.look(ctx, &p)
}

// settled waits until chains that stay unresolved have been written a second time,
// and returns whence's CPU then. Left out are those of the last minutes of the round,
// to which lines could still come: a fifteenth of it.
func (l *lab) settled(ctx context.Context) (cpu time.Duration, err error) {
	before := l.upTo.Add(-lateness - 2*correlate.Skew).UTC().Format("2006-01-02 15:04:05")
	for began := time.Now(); time.Since(began) < 2*time.Minute; time.Sleep(100 * time.Millisecond) {
		left, err := l.server.numbers(ctx, "SELECT uniqExact(id) - uniqExactIf(id, settled) FROM %s.chains WHERE time < '%s'", l.database, before)
		if err != nil {
			return 0, err
		}
		if left[0] == 0 {
			return l.whence.cpu()
		}
	}
	return 0, l.whence.failed("has not settled what is unresolved within two minutes")
}

// wait holds whence still and writes n new events.
func (l *lab) wait(ctx context.Context, n int) error {
	if err := l.empty(ctx); err != nil {
		return err
	}
	if err := l.whence.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	from := l.next()
	err := l.topic.send(ctx, n, func(b []byte, i int) []byte {
		first := len(b)
		b = l.estate.eventOf(b, l.crowd, l.round, i, from.Add(span*time.Duration(i)/time.Duration(n)))
		if l.copy != nil {
			_, _ = l.copy.Write(append(b, '\n')[first:]) // Flush tells of an error
		}
		return b
	})
	l.present = n
	return err
}

// look reads from ClickHouse what was written.
func (l *lab) look(ctx context.Context, p *passage) error {
	// A part of one block is what one insert has made. Parts that were merged since
	// are listed for a while, so a mean of those that are is good enough.
	parts, err := l.server.numbers(ctx, "SELECT count(), sum(rows) FROM system.parts WHERE database = '%s' AND table = 'chains' AND min_block_number = max_block_number", l.database)
	if err != nil {
		return err
	}
	p.perInsert = float64(parts[1]) / float64(max(1, parts[0]))
	chains, err := l.server.numbers(ctx,
		"SELECT uniqExact(id), uniqExactIf(id, status = 'attributed'), (SELECT uniqExact(id) FROM %[1]s.alerts) FROM %[1]s.chains WHERE %[2]s", l.database, l.ofTheseRecords())
	if err != nil {
		return err
	}
	p.total, p.attributed, p.alerts = chains[0], chains[1], chains[2]
	return nil
}
