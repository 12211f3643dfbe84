package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// A stage is one part of the path of an event, run by itself in this process.
type stage struct {
	name string // as in the report: decode.okta.system_log
	note string
	// run works on some events: a tenth of a second's worth or more. What it hands
	// to m.time counts.
	run func(ctx context.Context, m *meter) error
}

// A meter adds up what the timed parts of a stage cost this process.
type meter struct {
	events         int
	cpu            time.Duration
	mallocs, bytes uint64
}

// time runs f, which handles so many events.
func (m *meter) time(events int, f func() error) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := ownCPU()
	err := f()
	m.cpu += ownCPU() - began
	runtime.ReadMemStats(&after)
	m.events += events
	m.mallocs += after.Mallocs - before.Mallocs
	m.bytes += after.TotalAlloc - before.TotalAlloc
	return err
}

// cost is what one event costs.
type cost struct{ ns, allocs, bytes float64 }

func (m *meter) cost() cost {
	n := float64(m.events)
	return cost{float64(m.cpu.Nanoseconds()) / n, float64(m.mallocs) / n, float64(m.bytes) / n}
}

// stages measures every stage.
func stages(ctx context.Context, o options, r *report) (err error) {
	w, err := openWorkshop(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	all, err := w.stages(ctx)
	if err != nil {
		return err
	}
	return measure(ctx, o, all, r)
}

// decodeOnly runs the stages that need no servers.
func decodeOnly(ctx context.Context, o options, r *report) error {
	all, err := decodeStages(ctx, o.sources)
	if err != nil {
		return err
	}
	return measure(ctx, o, all, r)
}

// measure runs every stage once a round, and adds medians to the report. What is done
// once, such as filling a cache or growing a buffer, is done before the first.
func measure(ctx context.Context, o options, all []stage, r *report) error {
	for _, s := range all {
		if err := errors.Join(ctx.Err(), s.run(ctx, new(meter))); err != nil {
			return fmt.Errorf("stage %s: %w", s.name, err)
		}
	}
	costs := make([][]cost, len(all))
	for round := range o.rounds {
		for i, s := range all {
			runtime.GC() // what others have left is not this stage's to clear away
			var m meter
			for m.cpu < o.stageTime {
				if err := errors.Join(ctx.Err(), s.run(ctx, &m)); err != nil {
					return fmt.Errorf("stage %s: %w", s.name, err)
				}
			}
			costs[i] = append(costs[i], m.cost())
		}
		o.say("round %d of %d stages", round+1, len(all))
	}
	named := map[string][]cost{}
	for i, s := range all {
		r.stage(s, costs[i])
		named[s.name] = costs[i]
	}
	r.decodeRatios(named)
	r.naiveRatio(named)
	if bare := named["insert.bare"]; len(bare) > 0 {
		r.add("insert.chains.floor_ratio", medianRatio(named["insert.chains"], bare), "over bare ch-go, %s", o.compress)
	}
	return nil
}

// medianRatio is the median of a over b, round by round.
func medianRatio(a, b []cost) float64 {
	values := make([]float64, len(a))
	for i := range values {
		values[i] = a[i].ns / b[i].ns
	}
	slices.Sort(values)
	return median(values)
}

// stage adds the medians of a stage.
func (r *report) stage(s stage, rounds []cost) {
	of := func(what func(cost) float64) float64 {
		values := make([]float64, len(rounds))
		for i, c := range rounds {
			values[i] = what(c)
		}
		slices.Sort(values)
		return median(values)
	}
	r.add(s.name+".cpu_ns", of(func(c cost) float64 { return c.ns }), "%s", s.note)
	r.add(s.name+".allocs", of(func(c cost) float64 { return c.allocs }), "%s", s.note)
	r.add(s.name+".bytes", of(func(c cost) float64 { return c.bytes }), "%s", s.note)
	r.stages = append(r.stages, s.name)
}
