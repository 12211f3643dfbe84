package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A delay is how long rows took from the broker's timestamp until a query found
// them.
type delays struct {
	mu     sync.Mutex
	sent   [][]time.Time // by partition, in the order of offsets
	starts []int64
	seen   []int64 // records of each partition that were found
	took   []time.Duration
}

// latency sends events at rate for a while, and looks all the time for how far
// each partition can be queried.
func (l *lab) latency(ctx context.Context, r *report, rate float64) error {
	if err := l.empty(ctx); err != nil {
		return err
	}
	l.say("sending %.0f events/s for %s", rate, l.latencyFor)
	d := &delays{sent: make([][]time.Time, l.partitions), starts: l.starts, seen: make([]int64, l.partitions)}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sent := make(chan error, 1)
	go func() { // ends with latencyFor or ctx; waited for below
		n, err := l.trickle(ctx, d, rate)
		l.present = n
		sent <- err
	}()
	var err error
	for sending := true; sending || d.waiting(); {
		if perr := l.poll(ctx, d); perr != nil {
			cancel()
			if sending {
				perr = errors.Join(perr, <-sent)
			}
			return perr
		}
		select {
		case err = <-sent:
			sending = false
			if err != nil {
				return err
			}
		default:
		}
		if aerr := l.whence.alive(); aerr != nil {
			return aerr
		}
		time.Sleep(10 * time.Millisecond)
	}
	slices.Sort(d.took)
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", 0.5}, {"p99", 0.99}, {"max", 1}} {
		i := min(len(d.took)-1, int(q.at*float64(len(d.took))))
		r.add("latency_s."+q.name, d.took[i].Seconds(), "from the record's timestamp to a row that a query finds, %.0f events/s for %s", rate, l.latencyFor)
	}
	return nil
}

// trickle sends events evenly, in steps of a few milliseconds.
func (l *lab) trickle(ctx context.Context, d *delays, rate float64) (n int, err error) {
	from := l.next()
	began := time.Now()
	var failed sync.Once
	for time.Since(began) < l.latencyFor && ctx.Err() == nil {
		due := int(time.Since(began).Seconds() * rate)
		for ; n < due; n++ {
			line := l.estate.eventOf(make([]byte, 0, 2048), l.crowd, l.round, n, from.Add(time.Since(began)))
			l.topic.client.Produce(ctx, &kgo.Record{Value: line, Timestamp: time.Now()}, func(r *kgo.Record, perr error) {
				if perr != nil {
					failed.Do(func() { err = perr })
					return
				}
				d.acked(r)
			})
		}
		time.Sleep(5 * time.Millisecond)
	}
	if ferr := l.topic.client.Flush(ctx); ferr != nil {
		return n, ferr
	}
	return n, err
}

// acked notes when a record got its timestamp. Acks of a partition come in the
// order of its offsets.
func (d *delays) acked(r *kgo.Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent[r.Partition] = append(d.sent[r.Partition], r.Timestamp)
}

// waiting reports whether there are records that no query has found yet.
func (d *delays) waiting() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for p := range d.sent {
		if d.seen[p] < int64(len(d.sent[p])) {
			return true
		}
	}
	return false
}

// poll asks how far each partition can be queried: a lane writes its records in
// order, so what is before the last is there too.
func (l *lab) poll(ctx context.Context, d *delays) error {
	rows, err := l.server.do(ctx, "SELECT evidence_partition, max(evidence_offset) FROM %s.chains WHERE %s GROUP BY 1", l.database, l.ofTheseRecords())
	if err != nil {
		return err
	}
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, row := range rows {
		var at [2]int64
		for i := range at {
			n, ok := row[i].(json.Number)
			if !ok {
				return fmt.Errorf("clickhouse gave %v for an offset", row[i])
			}
			if at[i], err = n.Int64(); err != nil {
				return err
			}
		}
		p, end := at[0], min(at[1]+1-d.starts[at[0]], int64(len(d.sent[at[0]])))
		for ; d.seen[p] < end; d.seen[p]++ {
			d.took = append(d.took, now.Sub(d.sent[p][d.seen[p]]))
		}
	}
	return nil
}
