package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sources/simulate"
)

// demonstration drives one demo: logs in, pipeline, repair, score.
type demonstration struct {
	estate   *simulate.Estate
	settings settings
	wiring   *wiring
	progress *progress
	broker   string

	sent time.Time // when the last line was in Kafka
}

// run starts the pipeline, feeds it, waits until every chain is settled, repairs
// once, and scores.
func (d *demonstration) run(ctx context.Context) (result demoResult, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() { ended <- d.wiring.run(ctx, func() { once.Do(func() { close(ready) }) }) }()
	d.progress.step("starting the pipeline", 0, 0)
	select {
	case <-ready:
	case err := <-ended:
		return result, errors.Join(errors.New("the pipeline ended before it began"), err)
	}
	lines, err := d.feed(ctx)
	if err != nil {
		stop()
		return result, errors.Join(err, <-ended)
	}
	settle, err := d.await(ctx, lines, ended)
	stop()
	if err := errors.Join(err, <-ended); err != nil {
		return result, err
	}
	d.progress.step("repairing after late facts", 0, 0)
	ctx = context.WithoutCancel(ctx)
	if result, err = d.score(ctx, settle); err != nil {
		return result, err
	}
	result.siem, err = d.announced(ctx)
	return result, err
}

// announced counts what a SIEM was told, by topic.
func (d *demonstration) announced(ctx context.Context) (map[string]int64, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(d.broker))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	n := map[string]int64{}
	for _, to := range demoSIEM {
		ends, err := kadm.NewClient(client).ListEndOffsets(ctx, to.Topic)
		if err == nil {
			err = ends.Error()
		}
		if err != nil {
			return nil, fmt.Errorf("count what a SIEM was told: %w", err)
		}
		ends.Each(func(o kadm.ListedOffset) { n[to.Topic] += o.Offset })
	}
	return n, nil
}

// feed sends the estate's lines to Kafka in the order of their delivery and
// returns how many different lines there are.
func (d *demonstration) feed(ctx context.Context) (lines int64, err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(d.broker), kgo.MaxBufferedRecords(20_000))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	for range d.estate.Truth() {
		lines++
	}
	var first error
	var failed sync.Once
	var n int64
	for r := range d.estate.Records {
		rec := &kgo.Record{Topic: "raw." + r.Source, Key: r.Key, Value: r.Value}
		for k, v := range r.Headers {
			rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: k, Value: []byte(v)})
		}
		client.Produce(ctx, rec, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Do(func() { first = err })
			}
		})
		if n++; n%500 == 0 {
			d.progress.step("writing raw logs to Kafka", min(n, lines), lines)
		}
	}
	if err := client.Flush(ctx); err != nil {
		return 0, fmt.Errorf("write raw logs: %w", err)
	}
	d.sent = time.Now()
	if first != nil {
		return 0, fmt.Errorf("write raw logs: %w", first)
	}
	return lines, nil
}

// demoLimit bounds how long a demo waits for its chains to settle.
const demoLimit = 4 * time.Minute

// await waits until every line has a settled chain. For each chain it takes note
// of how long after the last line was sent it was seen settled.
func (d *demonstration) await(ctx context.Context, lines int64, ended <-chan error) (settle []float64, err error) {
	deadline := time.NewTimer(demoLimit)
	defer deadline.Stop()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	var before int64
	for {
		chains, unsettled, err := d.wiring.archive.Counts(ctx)
		if err != nil {
			return nil, fmt.Errorf("count chains: %w", err)
		}
		settled := chains - unsettled
		wait := max(0, time.Since(d.sent).Seconds())
		for ; before < settled; before++ {
			settle = append(settle, wait)
		}
		d.progress.step("correlating until every chain is settled", settled, lines)
		if chains >= lines && unsettled == 0 {
			return settle, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			return nil, fmt.Errorf("after %s only %d of %d chains are settled", demoLimit, settled, lines)
		case err := <-ended:
			return nil, errors.Join(errors.New("the pipeline ended early"), err)
		case <-tick.C:
		}
	}
}

// score repairs once, as late facts ask for, and holds what is in ClickHouse
// against the truth.
func (d *demonstration) score(ctx context.Context, settle []float64) (result demoResult, err error) {
	w, err := newWiring(d.settings, d.wiring.files, d.wiring.log)
	if err != nil {
		return result, err
	}
	result.repaired, err = w.repair(ctx, false)
	if err != nil {
		return result, err
	}
	w, err = newWiring(d.settings, d.wiring.files, d.wiring.log)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	if err := w.connect(ctx, false, func(string) {}); err != nil {
		return result, err
	}
	type line struct{ source, eventID string }
	answers := map[line]simulate.Answer{}
	err = w.archive.Between(ctx, time.Time{}, time.Time{}, func(c correlate.Chain) error {
		answers[line{c.Source, c.EventID}] = simulate.Answer{Status: string(c.Status), RequestorID: c.Requestor.ID}
		result.consider(c)
		return nil
	})
	if err != nil {
		return result, err
	}
	result.settle = settle
	result.score = simulate.Judge(d.estate.Truth(), func(source, eventID string) (simulate.Answer, bool) {
		a, ok := answers[line{source, eventID}]
		return a, ok
	})
	return result, nil
}
