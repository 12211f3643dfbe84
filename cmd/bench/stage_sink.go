package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"whence/correlate"
	"whence/rules"
	"whence/sinks"
)

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
		{"insert.bare", "bare ch-go, the same columns and values", func(ctx context.Context, m *meter) (err error) {
			if w.inserter == nil {
				if w.inserter, err = newInserter(ctx, w.server, database, "chains", true, w.compress); err != nil {
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
