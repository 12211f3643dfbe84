package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"whence/correlate"
	"whence/sources"
)

// still is a clock that has passed nothing.
type still struct{ now time.Time }

// Now implements correlate.Clock.
func (s still) Now() time.Time { return s.now }

// Passed implements correlate.Clock.
func (still) Passed(correlate.Kind, time.Time) bool { return false }

const (
	// stageSessions are in each of the estates that the walk is measured on.
	stageSessions = 10_000
	stageEvents   = 5000
	deepest       = 5
)

// A site is an estate and events of it, decoded.
type site struct {
	*estate
	batch  sources.Batch // holds the events; never reset
	sample *sample       // the lines they lie in
}

// tableStages are what comes after decoding: bind, resolve, judge, and the sinks.
func (w *workshop) tableStages(ctx context.Context) ([]stage, error) {
	src, err := cloudtrail()
	if err != nil {
		return nil, err
	}
	began := time.Now().UTC().Add(-24 * time.Hour).Truncate(24 * time.Hour).Add(3 * time.Hour)
	sites := make([]*site, deepest+1)
	var facts []correlate.Fact
	for depth := range sites { // 0 is mixed
		s := &site{estate: newEstate(stageSessions, depth, 0, 0, began)}
		s.seed = uint64(100 + depth)
		facts = s.facts(src, facts)
		s.sample = s.estate.sample(stageEvents)
		for i := range stageEvents {
			src.DecodeRecord(sources.Input{Raw: s.sample.line(i)}, &s.batch)
		}
		if len(s.batch.Events) != stageEvents {
			return nil, fmt.Errorf("%d of %d lines are events", len(s.batch.Events), stageEvents)
		}
		sites[depth] = s
	}
	kinds := sources.Kinds(src)
	if err := w.openTables(ctx, kinds, facts); err != nil {
		return nil, err
	}
	directory, err := sites[0].listed() // the same people everywhere
	if err != nil {
		return nil, err
	}
	all := []stage{w.bindStage(src)}
	for depth := 1; depth <= deepest; depth++ {
		for _, t := range []struct {
			name, note string
			index      correlate.Index
		}{{"hot", "sessions in memory", w.hot}, {"cold", "every session read from pebble", w.cold}} {
			r := &correlate.Resolver{Index: t.index, Kinds: kinds, Directory: directory}
			walker := r.NewWalker
			if t.name == "hot" {
				one := r.NewWalker() // a lane's lives as long as the lane
				walker = func() *correlate.Walker { return one }
			}
			name, note := fmt.Sprintf("resolve.%s_%d", t.name, depth), fmt.Sprintf("%d sessions up; %s", depth, t.note)
			all = append(all, resolveStage(name, note, r, walker, sites[depth]))
		}
	}
	chains := make([]correlate.Chain, stageEvents)
	r := &correlate.Resolver{Index: w.hot, Kinds: kinds, Directory: directory}
	walker := r.NewWalker() // holds the chains; never reset
	for i := range chains {
		if err := walker.Walk(ctx, &sites[0].batch.Events[i], &chains[i]); err != nil {
			return nil, err
		}
		r.Settle(&chains[i], still{began})
	}
	judges, err := w.judgeStages(chains)
	if err != nil {
		return nil, err
	}
	return slices.Concat(all, judges, w.insertStages(chains)), nil
}

// facts appends what the lines that mint the estate's sessions tell.
func (e *estate) facts(src sources.Source, to []correlate.Fact) []correlate.Fact {
	var batch sources.Batch
	var line []byte
	for i := range e.mints() {
		batch.Reset()
		line = e.mint(line[:0], i)
		src.DecodeRecord(sources.Input{Raw: line}, &batch)
		for _, ev := range batch.Events {
			for _, f := range ev.Mints {
				to = append(to, f.Clone())
			}
		}
	}
	return to
}

// bindStage publishes, stores and reads back facts that are new: those of one more
// estate each time. What it costs is told for each fact.
func (w *workshop) bindStage(src sources.Source) stage {
	seed := uint64(1000)
	return stage{"bind", "for each fact: publish, store, follow", func(ctx context.Context, m *meter) error {
		e := newEstate(5000, 0, 0, 0, time.Now().UTC().Add(-24*time.Hour))
		e.seed = seed
		seed++
		facts := e.facts(src, nil)
		return m.time(len(facts), func() error {
			if err := w.hot.Bind(ctx, facts); err != nil {
				return err
			}
			return w.hot.Sync(ctx)
		})
	}}
}

func resolveStage(name, note string, r *correlate.Resolver, newWalker func() *correlate.Walker, s *site) stage {
	chains := make([]correlate.Chain, 1000)
	var clock correlate.Clock = still{s.began} // once: each conversion allocates
	return stage{name, note, func(ctx context.Context, m *meter) error {
		walker := newWalker()
		return m.time(stageEvents, func() error {
			for i := range s.batch.Events {
				if i%len(chains) == 0 {
					walker.Reset()
				}
				c := &chains[i%len(chains)]
				*c = correlate.Chain{}
				if err := walker.Walk(ctx, &s.batch.Events[i], c); err != nil {
					return err
				}
				r.Settle(c, clock)
			}
			return nil
		})
	}}
}

func cloudtrail() (sources.Source, error) {
	s, ok := sources.Find("aws.cloudtrail")
	if !ok {
		return s, fmt.Errorf("there is no source aws.cloudtrail")
	}
	return s, nil
}
