package main

import (
	"context"
	"errors"

	"whence/correlate"
	"whence/sinks"
)

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
