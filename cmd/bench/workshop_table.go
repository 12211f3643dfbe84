package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"whence/correlate"
	"whence/correlate/index"
)

// openTables makes two tables that know the facts: one that has them in memory, and
// one that reads each from its store.
func (w *workshop) openTables(ctx context.Context, kinds correlate.Kinds, facts []correlate.Fact) error {
	cfg := index.Default()
	cfg.SessionsTopic, cfg.RegistryTopic, cfg.Replication = "bench.sessions", "bench.registry", 1
	if err := index.EnsureTopics(ctx, w.topic.client, cfg); err != nil {
		return err
	}
	store, err := index.OpenPebble(filepath.Join(w.dir, "hot"), 64<<20)
	if err != nil {
		return err
	}
	if w.hot, err = index.Open(ctx, cfg, w.dial(), store, kinds, quiet); err != nil {
		return err
	}
	if err := w.hot.CatchUp(ctx); err != nil {
		return err
	}
	following, unfollow := context.WithCancel(context.WithoutCancel(ctx))
	w.following, w.unfollow = make(chan error, 1), unfollow
	go func() { w.following <- w.hot.Run(following, func([]correlate.Key) {}) }() // ends with unfollow, in close
	for some := range slices.Chunk(facts, 5000) {
		if err := w.hot.Bind(ctx, some); err != nil {
			return err
		}
	}
	if store, err = index.OpenPebble(filepath.Join(w.dir, "cold"), 64<<20); err != nil {
		return err
	}
	for some := range slices.Chunk(facts, 5000) {
		if err := store.Put(some, nil); err != nil {
			return errors.Join(err, store.Close())
		}
	}
	cfg.SessionsTopic, cfg.RegistryTopic, cfg.HotBytes, cfg.CacheBytes = "cold.sessions", "cold.registry", 0, 0
	if err := index.EnsureTopics(ctx, w.topic.client, cfg); err != nil {
		return errors.Join(err, store.Close())
	}
	if w.cold, err = index.Open(ctx, cfg, w.dial(), store, kinds, quiet); err != nil {
		return err
	}
	return w.cold.CatchUp(ctx) // of nothing: the store merges what it holds from then on
}
