package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sources/simulate"
)

// rawPartitions is how many partitions each raw topic has.
const rawPartitions = 3

// rawTopic is a raw topic as the configuration names it.
type rawTopic struct {
	Name, Source, Scope string
	Lateness            time.Duration
}

// line stands for an event as its log names it.
func line(source, eventID string) correlate.ID { return correlate.NewID(source, eventID) }

// rawLogs writes the estate's lines into the raw topics, in order of delivery. It
// belongs to one goroutine.
type rawLogs struct {
	estate   *simulate.Estate
	topics   []rawTopic
	expected map[correlate.ID]struct{} // every line that is delivered, once

	client *kgo.Client
	next   func() (simulate.Record, bool)
	stop   func()
	sent   int
}

// linesADay is how busy the estate is at most: more lines take more days and more
// repositories. Else there would be more runs under one name, and a walk by a name looks
// at all of them that it could have been, for five weeks.
const linesADay = 50_000

// openRawLogs makes up the estate and the raw topics. Its stories lie in the past
// and its lines are hardly late, but out of order, some twice, and of those that mint
// credentials some never come.
func openRawLogs(ctx context.Context, o options, brokers []string) (*rawLogs, error) {
	cfg := simulate.Default()
	cfg.Seed, cfg.Events, cfg.Delay = o.seed, o.events, 0.01
	if days := o.events / linesADay; days > 1 {
		cfg.Span *= time.Duration(days)
		cfg.Repos *= days
	}
	cfg.Start = time.Now().UTC().Truncate(time.Second).Add(-cfg.Span - 2*time.Hour)
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	r := &rawLogs{estate: simulate.New(cfg), expected: map[correlate.ID]struct{}{}}
	seen := map[string]bool{}
	for truth := range r.estate.Truth() {
		r.expected[line(truth.Source, truth.EventID)] = struct{}{}
		if !seen[truth.Source] {
			seen[truth.Source] = true
			r.topics = append(r.topics, rawTopic{"raw." + truth.Source, truth.Source, r.estate.Scopes()[truth.Source], cfg.Lateness(truth.Source)})
		}
	}
	var err error
	if r.client, err = kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.MaxBufferedRecords(20_000)); err != nil {
		return nil, err
	}
	for _, t := range r.topics {
		if _, err := kadm.NewClient(r.client).CreateTopic(ctx, rawPartitions, int16(o.nodes), nil, t.Name); err != nil {
			r.client.Close()
			return nil, fmt.Errorf("make topic %s: %w", t.Name, err)
		}
	}
	r.next, r.stop = iter.Pull(iter.Seq[simulate.Record](r.estate.Records))
	return r, nil
}

// feed writes as many lines as shares say, and the rest when there are no more.
// While a broker is away it waits.
func (r *rawLogs) feed(ctx context.Context, shares <-chan int) error {
	for n := range shares {
		if err := r.send(ctx, n); err != nil {
			return err
		}
	}
	return r.send(ctx, math.MaxInt)
}

// send writes the next n lines, or what is left of them.
func (r *rawLogs) send(ctx context.Context, n int) error {
	var first error
	var failed sync.Once
	for range n {
		l, ok := r.next()
		if !ok {
			break
		}
		rec := &kgo.Record{Topic: "raw." + l.Source, Key: l.Key, Value: l.Value}
		for k, v := range l.Headers {
			rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: k, Value: []byte(v)})
		}
		r.client.Produce(ctx, rec, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Do(func() { first = err })
			}
		})
		r.sent++
	}
	if err := errors.Join(r.client.Flush(ctx), first); err != nil {
		return fmt.Errorf("write raw logs: %w", err)
	}
	return nil
}

// lag is how many raw records the side has not committed yet.
func (r *rawLogs) lag(ctx context.Context, s *side) (int64, error) {
	group := "chaos-" + s.Name
	lags, err := kadm.NewClient(r.client).Lag(ctx, group)
	if err == nil {
		err = lags.Error()
	}
	if err != nil {
		return 0, fmt.Errorf("read the lag of %s: %w", group, err)
	}
	if lag := lags[group].Lag; len(lag) == len(r.topics) {
		return lag.Total(), nil
	}
	return int64(r.sent), nil // some topic has no commit yet
}

func (r *rawLogs) close() {
	r.stop()
	r.client.Close()
}
