package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"whence/correlate"
	"whence/correlate/index"
	"whence/sources"
)

// settle makes one chain of every distinct event, as settled as files can tell:
// all facts are bound before the first walk. The outcome depends on the set of
// events alone, and so does its order: by time, then id. With eventsOnly nothing
// is walked that need not be.
func settle(ctx context.Context, events []*correlate.Event, d *correlate.Directory, eventsOnly bool) ([]correlate.Chain, error) {
	var chains []correlate.Chain
	err := settleParts(ctx, events, d, eventsOnly, len(events), func(part []correlate.Chain) { chains = part })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(chains, func(a, b correlate.Chain) int {
		return cmp.Or(a.Time.Compare(b.Time), slices.Compare(a.ID[:], b.ID[:]))
	})
	return chains, nil
}

// settleParts yields the chains of settle, ordered by id, so many at a time at most. Their
// memory is used again when yield returns.
func settleParts(ctx context.Context, events []*correlate.Event, d *correlate.Directory, eventsOnly bool, most int, yield func([]correlate.Chain)) error {
	epoch, err := epochOf(0, d)
	if err != nil {
		return wrong(err)
	}
	table := index.NewMemory()
	for _, e := range events {
		if err := table.Put(e.Mints, nil); err != nil {
			return fmt.Errorf("bind sessions: %w", err)
		}
	}
	r := &correlate.Resolver{Index: table, Kinds: sources.Kinds(sources.All()...), Directory: d, Epoch: epoch}
	groups := copies(events)
	chains := make([]correlate.Chain, min(most, len(groups)))
	for len(groups) > 0 {
		part := chains[:min(most, len(groups))]
		err = inParallel(ctx, len(part), func(i int) (err error) {
			part[i], err = best(ctx, r, groups[i], eventsOnly)
			return err
		})
		if err != nil {
			return err
		}
		yield(part)
		groups = groups[len(part):]
	}
	return nil
}

// epochOf joins the configured epoch with the directory's version: raising either
// has all chains written anew.
func epochOf(configured uint32, d *correlate.Directory) (uint32, error) {
	epoch := uint64(configured)
	if d != nil {
		epoch += uint64(d.Version)
	}
	if epoch > correlate.MaxEpoch {
		return 0, fmt.Errorf("the epoch and the version of the directory come to %d together; at most %d are possible", epoch, correlate.MaxEpoch)
	}
	return uint32(epoch), nil
}

// copies groups events by id. Within a group they are ordered by place, and those
// that say the same as an earlier one are left out.
func copies(events []*correlate.Event) [][]*correlate.Event {
	slices.SortFunc(events, func(a, b *correlate.Event) int {
		return cmp.Or(slices.Compare(a.ID[:], b.ID[:]), strings.Compare(a.Evidence.Topic, b.Evidence.Topic),
			cmp.Compare(a.Evidence.Offset, b.Evidence.Offset))
	})
	var groups [][]*correlate.Event
	for len(events) > 0 {
		n := 1
		for n < len(events) && events[n].ID == events[0].ID {
			n++
		}
		groups = append(groups, distinct(events[:n:n]))
		events = events[n:]
	}
	return groups
}

func distinct(events []*correlate.Event) []*correlate.Event {
	if len(events) == 1 {
		return events
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(events, func(e *correlate.Event) bool {
		text := content(e)
		was := seen[text]
		seen[text] = true
		return was
	})
}

// content is what an event says, without where its line was found.
func content(e *correlate.Event) string {
	d := *e
	d.Evidence = correlate.Evidence{SHA256: e.Evidence.SHA256}
	b, err := d.MarshalJSON()
	if err != nil {
		panic("try: an event must always encode: " + err.Error())
	}
	return string(b)
}

// best walks every telling of one event and keeps the highest version, as every
// reader of chains does.
func best(ctx context.Context, r *correlate.Resolver, tellings []*correlate.Event, eventsOnly bool) (correlate.Chain, error) {
	if eventsOnly && len(tellings) == 1 {
		return correlate.Chain{Event: *tellings[0]}, nil
	}
	var top correlate.Chain
	for i, e := range tellings {
		c, err := r.Resolve(ctx, *e)
		if err != nil {
			return c, err
		}
		r.Settle(&c, correlate.FileClock{})
		if i == 0 || higher(&c, &top) {
			top = c
		}
	}
	return top, nil
}

func higher(a, b *correlate.Chain) bool {
	if a.Version != b.Version {
		return a.Version > b.Version
	}
	x, y := a.ContentHash(), b.ContentHash()
	return bytes.Compare(x[:], y[:]) > 0
}

// inParallel calls f with 0 to n-1, on every processor, and returns the first
// error, or that of ctx.
func inParallel(ctx context.Context, n int, f func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}
