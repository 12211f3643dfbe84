package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"whence/correlate"
	"whence/correlate/ledger"
	"whence/sinks"
)

// A registry is a sink that keeps every row it was ever given and the ledger of
// them, and fails between checkpoint, entries and rows when it is told to.
type registry struct {
	*memSink

	mu          sync.Mutex
	checkpoints []ledger.Checkpoint
	entries     []ledger.Entry
	rows        map[correlate.ID]map[uint64]ledger.Row // by version
	dice        *rand.Rand
	// fail is how many of a thousand writes end before the next part of them.
	fail int
}

var errBreak = errors.New("broken off")

func newRegistry(s *memSink) *registry {
	return &registry{memSink: s, rows: map[correlate.ID]map[uint64]ledger.Row{}, dice: rand.New(rand.NewPCG(1, 2))}
}

func (r *registry) Write(ctx context.Context, out *sinks.Output) error {
	mine := sinks.Output{Facts: slices.Clone(out.Facts), Alerts: slices.Clone(out.Alerts), Rejects: slices.Clone(out.Rejects)}
	for i := range out.Chains {
		mine.Chains = append(mine.Chains, out.Chains[i].Clone())
	}
	for i := range mine.Facts {
		mine.Facts[i] = mine.Facts[i].Clone()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if run := out.Ledger; run != nil && (len(out.Chains) > 0 || out.Len() == 0) {
		var entries []ledger.Entry
		for i := range mine.Chains {
			c := &mine.Chains[i]
			entries = append(entries, run.Enter(c.ID, c.Version, c.Time, contentOf(c)))
		}
		page := run.Sign()
		if out.Taken != nil {
			out.Taken() // the lane goes on
		}
		if r.breaks() {
			return errBreak
		}
		r.checkpoints = append(r.checkpoints, page)
		if r.breaks() {
			return errBreak
		}
		if r.breaks() {
			entries = slices.DeleteFunc(entries, func(ledger.Entry) bool { return r.dice.IntN(2) == 0 })
			r.entries = append(r.entries, entries...)
			return errBreak
		}
		r.entries = append(r.entries, entries...)
		if r.breaks() {
			r.entries = append(r.entries, entries...) // the answer was lost, and they were sent again
			return errBreak
		}
	}
	for i := range mine.Chains {
		c := &mine.Chains[i]
		if r.breaks() {
			return errBreak
		}
		if r.rows[c.ID] == nil {
			r.rows[c.ID] = map[uint64]ledger.Row{}
		}
		r.rows[c.ID][c.Version] = ledger.Row{Chain: c.ID, Version: c.Version, Time: c.Time, Content: contentOf(c)}
	}
	return r.memSink.Write(ctx, &mine)
}

func (r *registry) breaks() bool { return r.dice.IntN(1000) < r.fail }

// merge does what ClickHouse does to replaced versions at any time.
func (r *registry) merge() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, versions := range r.rows {
		highest := uint64(0)
		for v := range versions {
			highest = max(highest, v)
		}
		for v := range versions {
			if v < highest && r.dice.IntN(2) == 0 {
				delete(versions, v)
			}
		}
	}
}

func contentOf(c *correlate.Chain) ledger.Sum {
	sum := c.ContentHash()
	place := correlate.NewID(c.Evidence.Topic, fmt.Sprint(c.Evidence.Partition, c.Evidence.Offset))
	copy(sum[:], place[:])
	return sum
}

func (r *registry) Ends(_ context.Context, yield func(first, last *ledger.Checkpoint) error) error {
	ends := map[ledger.Of][2]*ledger.Checkpoint{}
	for i := range r.checkpoints {
		c := &r.checkpoints[i]
		of := ledger.Of{Lane: c.Lane, Run: c.Run}
		e := ends[of]
		if e[0] == nil || c.Number < e[0].Number {
			e[0] = c
		}
		if e[1] == nil || c.Number > e[1].Number {
			e[1] = c
		}
		ends[of] = e
	}
	for _, e := range ends {
		if err := yield(e[0], e[1]); err != nil {
			return err
		}
	}
	return nil
}

func (r *registry) Before(context.Context, ledger.Of, time.Time, uint64) (uint64, error) {
	return 0, nil
}

func (r *registry) Checkpoints(_ context.Context, of ledger.Of, after uint64, _ int, yield func(*ledger.Checkpoint) error) error {
	cs := slices.Clone(r.checkpoints)
	slices.SortStableFunc(cs, func(a, b ledger.Checkpoint) int { return cmp.Compare(a.Number, b.Number) })
	for i := range cs {
		if c := &cs[i]; c.Lane == of.Lane && c.Run == of.Run && c.Number > after {
			if err := yield(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *registry) Spans(_ context.Context, _, _ time.Time, yield func(of ledger.Of, lo, hi uint64) error) error {
	his := map[ledger.Of]uint64{}
	for _, e := range r.entries {
		of := ledger.Of{Lane: e.Lane, Run: e.Run}
		his[of] = max(his[of], e.Seq)
	}
	for of, hi := range his {
		if err := yield(of, 1, hi); err != nil {
			return err
		}
	}
	return nil
}

func (r *registry) Entries(_ context.Context, of ledger.Of, first, last uint64, yield func(*ledger.Entry) error) error {
	es := slices.Clone(r.entries)
	slices.SortStableFunc(es, func(a, b ledger.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	for i := range es {
		if e := &es[i]; e.Lane == of.Lane && e.Run == of.Run && first <= e.Seq && e.Seq <= last {
			if err := yield(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *registry) Minutes(_ context.Context, _, _ time.Time, yield func(time.Time, int) error) error {
	counts := map[time.Time]int{}
	for _, versions := range r.rows {
		for _, row := range versions {
			counts[row.Time.Truncate(time.Minute)]++
		}
	}
	for i := range r.entries {
		counts[r.entries[i].Time.Truncate(time.Minute)]++
	}
	var minutes []time.Time
	for m := range counts {
		minutes = append(minutes, m)
	}
	slices.SortFunc(minutes, time.Time.Compare)
	for _, m := range minutes {
		if err := yield(m, counts[m]); err != nil {
			return err
		}
	}
	return nil
}

func (r *registry) Dated(_ context.Context, from, to time.Time, yield func(*ledger.Entry) error) error {
	for i := range r.entries {
		if e := &r.entries[i]; !e.Time.Before(from) && e.Time.Before(to) {
			if err := yield(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *registry) Rows(_ context.Context, from, to time.Time, yield func(*ledger.Row) error) error {
	for _, versions := range r.rows {
		for _, row := range versions {
			if !row.Time.Before(from) && row.Time.Before(to) {
				if err := yield(&row); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
