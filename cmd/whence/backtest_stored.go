package main

import (
	"context"
	"fmt"
	"time"

	"whence/correlate"
	"whence/sinks"
)

// stored asks about the chains of ClickHouse.
func (t *trial) stored(ctx context.Context, store *sinks.ClickHouse) error {
	const part = 24 * time.Hour
	for from := t.begin(); from.Before(t.to); from = from.Truncate(part).Add(part) {
		to := from.Truncate(part).Add(part)
		if to.After(t.to) {
			to = t.to
		}
		err := store.Selected(ctx, sinks.Selection{From: from, To: to}, func(c correlate.Chain) error {
			t.add(&c)
			return nil
		})
		if err != nil {
			return fmt.Errorf("ask rules about stored chains: %w", err)
		}
	}
	t.end()
	return store.AlertCounts(ctx, t.from, t.to, func(rule string, open, closed uint64) error {
		if a := t.accounts[rule]; a != nil {
			a.installed = &counted{open, closed}
		}
		return nil
	})
}
