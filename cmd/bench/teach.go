package main

import (
	"context"
	"errors"
	"fmt"

	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"whence/correlate"
	"whence/correlate/index"
	"whence/sources"
)

// How whence comes to know the sessions.
const (
	// fromLines: it reads the lines that mint them, as it would by itself.
	fromLines = "lines"
	// fromFacts: this program decodes the lines, with whence's own decoder, and
	// publishes what they tell to the sessions topic, by whence's own table, before
	// whence starts. So one that joins learns what the others have published: in a
	// group of ten that is nine tenths of all it knows. It ends in the same tables and
	// spares the chains of the minting lines and the repair after them.
	fromFacts = "facts"
)

// teachLines is how many lines are decoded and published at once.
const teachLines = 5000

// teach publishes the facts of the estate.
func (l *lab) teach(ctx context.Context) error {
	if err := l.tell(ctx, l.estate); err != nil {
		return err
	}
	if err := l.repairedTo(ctx, l.called(group)+".sessions"); err != nil {
		return err
	}
	return l.date(ctx)
}

// tell publishes the facts of an estate.
func (l *lab) tell(ctx context.Context, e *estate) error {
	src, err := cloudtrail()
	if err != nil {
		return err
	}
	cfg := index.Default()
	cfg.SessionsTopic, cfg.RegistryTopic, cfg.Replication = l.called(group)+".sessions", l.called(group)+".registry", 1
	cfg.HotBytes, cfg.CacheBytes = 0, 0 // nothing is looked up here
	if err := index.EnsureTopics(ctx, l.topic.client, cfg); err != nil {
		return err
	}
	// The broker keeps all of it in memory.
	dial := []kgo.Opt{kgo.SeedBrokers(l.broker), kgo.ProducerBatchCompression(kgo.ZstdCompression())}
	table, err := index.Open(ctx, cfg, dial, forgetful{}, sources.Kinds(src), quiet)
	if err != nil {
		return err
	}
	if err := errors.Join(e.publish(ctx, table, src), table.Close()); err != nil {
		return fmt.Errorf("publish the estate's facts: %w", err)
	}
	return nil
}

// date writes a few of the lines, which tell nothing new, to every partition before
// whence starts: one that finds a partition empty takes it to be idle, and its time to
// be that on the wall. The events come from yesterday, and would be late.
func (l *lab) date(ctx context.Context) error {
	n := min(8*l.partitions, l.estate.mints())
	if err := l.topic.send(ctx, n, l.estate.mint); err != nil {
		return err
	}
	l.present += n
	return nil
}

// publish binds what the minting lines tell, several chunks of them at a time.
func (e *estate) publish(ctx context.Context, table *index.Table, src sources.Source) error {
	all, ctx := errgroup.WithContext(ctx)
	chunks := make(chan int) // the first line of each; whoever is free takes the next
	all.Go(func() error {
		defer close(chunks)
		for first := 0; first < e.mints(); first += teachLines {
			select {
			case chunks <- first:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range 4 { // two that wait for acks, two that work
		all.Go(func() error {
			var batch sources.Batch
			var facts []correlate.Fact
			lines := &sample{}
			for first := range chunks {
				lines.bytes, lines.ends, facts = lines.bytes[:0], lines.ends[:0], facts[:0]
				batch.Reset()
				n := min(teachLines, e.mints()-first)
				for i := range n {
					lines.bytes = e.mint(lines.bytes, first+i)
					lines.ends = append(lines.ends, len(lines.bytes))
				}
				for i := range n {
					src.DecodeRecord(sources.Input{Raw: lines.line(i)}, &batch)
				}
				if len(batch.Rejects) > 0 || len(batch.Events) != n {
					return fmt.Errorf("%d of %d lines are events", len(batch.Events), n)
				}
				for i := range batch.Events {
					facts = append(facts, batch.Events[i].Mints...)
				}
				if err := table.Bind(ctx, facts); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return all.Wait()
}

// repairedTo commits the end of the sessions topic as the place of whence's repair:
// there are no chains yet that these facts could come too late for.
func (l *lab) repairedTo(ctx context.Context, sessions string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(l.broker)) // that of the raw topic remembers that there was no such topic
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	ends, err := admin.ListEndOffsets(ctx, sessions)
	if err == nil {
		err = ends.Error()
	}
	if err == nil {
		err = admin.CommitAllOffsets(ctx, l.called(group)+".repair", ends.Offsets())
	}
	if err != nil {
		return fmt.Errorf("commit the place of repair: %w", err)
	}
	return nil
}

// forgetful is a store that keeps nothing: whatever is bound over it is new.
type forgetful struct{}

// Get implements index.Store.
func (forgetful) Get(k correlate.Key, _ time.Time, _ time.Duration) (correlate.Session, error) {
	return correlate.Session{Key: k}, nil
}

// Put implements index.Store.
func (forgetful) Put([]correlate.Fact, index.Position) error { return nil }

// Position implements index.Store.
func (forgetful) Position() (index.Position, error) { return index.Position{}, nil }

// Sweep implements index.Store.
func (forgetful) Sweep(time.Time) (int, error) { return 0, nil }

// Reset implements index.Store.
func (forgetful) Reset() error { return nil }

// Close implements index.Store.
func (forgetful) Close() error { return nil }
