package index

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"whence/correlate"
)

var _ correlate.NamingIndex = (*Table)(nil)

// someNames are facts of two names, as runs that begin and end within a few hours tell
// of them, and as no log ever would.
func someNames(rng *rand.Rand, n int) []correlate.Fact {
	var facts []correlate.Fact
	add := func(f correlate.Fact) {
		f.Origin = correlate.NewID("line", fmt.Sprint(len(facts)))
		facts = append(facts, normal(f))
	}
	for i := range n {
		at := day.Add(time.Duration(rng.IntN(6*3600)) * time.Second)
		f := binding([]string{"main", "other"}[rng.IntN(2)], i, at)
		if rng.IntN(3) == 0 {
			f.Principal.ID = fmt.Sprint("job", rng.IntN(2))
		}
		end := f
		end.End, end.Reason = at.Add(time.Duration(rng.IntN(1200))*time.Second), "completed"
		end.Time = end.End
		switch rng.IntN(12) {
		case 0: // its end is never told
			add(f)
		case 1: // nor its beginning
			add(end)
		case 2: // an interval, and no word of an end
			f.End = end.End
			add(f)
		case 3: // it carried the name twice
			again := f
			again.Time = end.End.Add(time.Minute)
			again.Start = again.Time
			add(f)
			add(end)
			add(again)
		case 4: // far ends, early lines, late ones
			end.End = at.Add(time.Duration(rng.IntN(300)-100) * time.Minute)
			end.Time = at.Add(time.Duration(rng.IntN(300)-100) * time.Minute)
			add(f)
			add(end)
		case 5: // one of two jobs is over
			other := f
			other.Principal.ID = "job2"
			add(f)
			add(other)
			add(end)
		case 6:
			f.Kind, f.Target, f.Reason = correlate.Ending, correlate.Key{}, "revoked"
			add(f)
		default:
			add(f)
			if rng.IntN(2) == 0 {
				f.Time = f.Time.Add(time.Second)
				add(f)
			}
			add(end)
		}
	}
	return facts
}

// namedAt is what is known of a name at a time, among those of facts that were told
// not too long before it.
func namedAt(facts []correlate.Fact, k correlate.Key, at time.Time, life time.Duration) (open []correlate.Fact, over int) {
	early := at.Add(-correlate.Skew)
	var known []correlate.Fact
	for _, f := range facts {
		if f.Key == k && !f.Time.Before(at.Add(-life)) {
			known = append(known, f)
		}
	}
	for _, f := range gather(k, known).Facts {
		ended := !f.End.IsZero() && f.End.Before(early)
		if f.Ends() && ended {
			over++
		}
		for _, c := range known {
			ended = ended || c.Ends() && c.Target == f.Target && c.End.Before(early) && f.EndedBy(&c)
		}
		if f.Kind != correlate.Binding || !ended && !f.Start.After(at.Add(correlate.Skew)) {
			open = append(open, f)
		}
	}
	return open, over
}

// A look-up of a name gives what is not over, and the number of ends that were told:
// whether it comes from a roll, from an entry of the hot table, or from the store.
func TestNamesAtAnyTime(t *testing.T) {
	life := lives(kinds())[alias]
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 3))
		facts := someNames(rng, 30+rng.IntN(600))
		if rng.IntN(2) == 0 {
			slices.SortFunc(facts, func(a, b correlate.Fact) int { return a.Time.Compare(b.Time) })
		}
		tables := map[string]*Table{
			"rolls":      local(t, 16<<20, 0, NewMemory()),
			"few rolls":  local(t, minHotBytes, 0, NewMemory()),
			"pebble":     local(t, 16<<20, 1<<20, openPebble(t, t.TempDir())),
			"without":    local(t, 0, 0, openPebble(t, t.TempDir())),
			"hot, small": local(t, 2*minHotBytes, minCacheBytes, openPebble(t, t.TempDir())),
		}
		parts := map[string]uint64{}
		var mem correlate.Memory
		mem.Poison()
		for known := 0; known < len(facts); {
			next := min(len(facts), known+1+rng.IntN(40))
			for _, table := range tables {
				if _, err := table.apply(facts[known:next], nil); err != nil {
					t.Fatal(err)
				}
			}
			known = next
			for _, table := range tables {
				raiseSome(rng, table.rolls)
			}
			for range 4 {
				k := facts[rng.IntN(known)].Key
				at := day.Add(time.Duration(rng.IntN(8*3600)) * time.Second)
				if rng.IntN(2) == 0 { // about now
					at = facts[known-1].Time.Add(time.Duration(rng.IntN(600)-300) * time.Second)
				}
				if end := facts[rng.IntN(known)].End; rng.IntN(4) == 0 && !end.IsZero() { // at the very turn
					at = end.Add([]time.Duration{correlate.Skew, correlate.Skew + 1, life, life + 1}[rng.IntN(4)])
				}
				for name, table := range tables {
					got, err := table.LookupName(t.Context(), k, at, &mem)
					if err != nil {
						t.Fatal(err)
					}
					what := fmt.Sprintf("seed %d, %s, %d facts, %s at %s", seed, name, known, k, at)
					sameNamed(t, what, facts[:known], k, at, life, got)
					if got.Part != 0 && !got.Until.IsZero() {
						later := at.Add(time.Duration(rng.Int64N(int64(got.Until.Sub(at)) + 1)))
						if later.Before(got.Until) {
							sameNamed(t, what+", later", facts[:known], k, later, life, got)
						}
					}
					if was := parts[name+k.Value]; got.Part != 0 && was != 0 && got.Part < was {
						t.Errorf("%s: state %d after %d", what, got.Part, was)
					}
					parts[name+k.Value] = got.Part
					mem.Reset()
				}
			}
			if t.Failed() {
				return
			}
		}
		if s := tables["rolls"].Stats(); s.Rolled == 0 || s.RollBytes == 0 {
			t.Errorf("no roll has answered: %+v", s)
		}
		for _, table := range tables {
			if s := table.Stats(); table.rolls != nil && s.RollBytes > table.rolls.limit {
				t.Errorf("rolls of %d bytes; at most %d may be", s.RollBytes, table.rolls.limit)
			}
		}
	}
}

// raiseSome raises floors, as happens when a roll has grown.
func raiseSome(rng *rand.Rand, rs *rolls) {
	if rs == nil || rng.IntN(3) > 0 {
		return
	}
	for _, r := range rs.by {
		was := r.size
		r.raise()
		rs.bytes.Add(int64(r.size - was))
	}
}

func sameNamed(t *testing.T, what string, facts []correlate.Fact, k correlate.Key, at time.Time, life time.Duration, got correlate.Named) {
	t.Helper()
	open, over := namedAt(facts, k, at, life)
	// The walk leaves out what is left of that.
	left, more := namedAt(got.Facts, k, at, life)
	diff(t, what, correlate.Session{Key: k, Facts: left}, correlate.Session{Key: k, Facts: open})
	if got.Part == 0 {
		got.Over = more
	}
	if got.Over != over {
		t.Fatalf("%s: %d ends were told, want %d", what, got.Over, over)
	}
}
