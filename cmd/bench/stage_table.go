package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"whence/correlate"
	"whence/rules"
	"whence/sinks"
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
	all := []stage{w.bindStage(src)}
	for depth := 1; depth <= deepest; depth++ {
		for _, t := range []struct {
			name, note string
			index      correlate.Index
		}{{"hot", "sessions in memory", w.hot}, {"cold", "every session read from pebble", w.cold}} {
			r := &correlate.Resolver{Index: t.index, Kinds: kinds}
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
	r := &correlate.Resolver{Index: w.hot, Kinds: kinds}
	walker := r.NewWalker() // holds the chains; never reset
	for i := range chains {
		if err := walker.Walk(ctx, &sites[0].batch.Events[i], &chains[i]); err != nil {
			return nil, err
		}
		r.Settle(&chains[i], still{began})
	}
	for _, n := range []int{50, 500} {
		s, err := w.judgeStage(n, chains)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return append(all, w.insertStages(chains)...), nil
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
	clock := still{s.began}
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

func (w *workshop) judgeStage(n int, chains []correlate.Chain) (stage, error) {
	dir := filepath.Join(w.dir, fmt.Sprintf("rules-%d", n))
	if err := writeRules(dir, n); err != nil {
		return stage{}, err
	}
	own, err := rules.Load(os.DirFS(dir))
	if err != nil {
		return stage{}, err
	}
	set, err := rules.Join(rules.Library(), own)
	if err != nil {
		return stage{}, err
	}
	judge := set.NewJudge()
	var alerts []correlate.Alert
	return stage{fmt.Sprintf("judge.rules_%d", n), "the library among them", func(_ context.Context, m *meter) error {
		return m.time(len(chains), func() error {
			for i := range chains {
				alerts = judge.Judge(nil, &chains[i], alerts[:0])
			}
			return nil
		})
	}}, nil
}

// insertStages write chains as lanes do, several at a time.
func (w *workshop) insertStages(chains []correlate.Chain) []stage {
	const lanes, writes = 4, 4
	write := func(ctx context.Context, m *meter, s sinks.Sink) error {
		return m.time(lanes*writes*len(chains), func() error {
			errs := make(chan error, lanes)
			for range lanes {
				go func() { // ends with its writes, and is waited for below
					var err error
					for i := 0; i < writes && err == nil; i++ {
						err = s.Write(ctx, &sinks.Output{Chains: chains})
					}
					errs <- err
				}()
			}
			var err error
			for range lanes {
				err = errors.Join(err, <-errs)
			}
			return err
		})
	}
	return []stage{
		{"insert.chains", "encode and send to ClickHouse", func(ctx context.Context, m *meter) error { return write(ctx, m, w.sink) }},
		{"insert.bare", "ch-go, the same columns and values", func(ctx context.Context, m *meter) (err error) {
			if w.inserter == nil {
				if w.inserter, err = newInserter(ctx, w.server); err != nil {
					return err
				}
				// The first block grows the columns.
				if _, err = w.inserter.insert(ctx, insertBlock); err != nil {
					return err
				}
			}
			return m.time(insertBlock, func() error {
				_, err := w.inserter.insert(ctx, insertBlock)
				return err
			})
		}},
		{"produce", "chains as JSON to a topic", func(ctx context.Context, m *meter) error { return write(ctx, m, w.announce) }},
	}
}
