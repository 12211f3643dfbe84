package rules

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"whence/correlate"
)

// A Timed is a rule over time with what it needs to be computed.
type Timed struct {
	*Rule
	// Sources, Classes, Actions and Prefixes say which chains it can match at all, by
	// what never changes about them; an empty list is all.
	Sources, Classes, Actions, Prefixes []string

	of *compiled
}

// Timed are the rules over time, ordered by id.
func (s *Set) Timed() []Timed {
	var out []Timed
	for _, r := range s.rules {
		if r.Over == nil {
			continue
		}
		t := Timed{Rule: &r.Rule, of: r}
		h := r.narrowed()
		t.Sources, t.Classes, t.Actions, t.Prefixes = h.sources, h.classes, h.actions, h.prefixes
		out = append(out, t)
	}
	return out
}

// narrowed joins what the file says with what the expression implies.
func (r *compiled) narrowed() hints {
	first := func(a, b []string) []string {
		if len(a) > 0 {
			return a
		}
		return b
	}
	d, i := r.declared, r.implied
	return hints{
		sources: first(d.sources, i.sources), classes: first(d.classes, i.classes),
		actions: i.actions, prefixes: first(d.prefixes, i.prefixes),
	}
}

// Before is how much of the past a window needs.
func (t *Timed) Before() time.Duration { return t.Over.Past }

// ErrTooMany says that the chains of a window have more groups, or values, than are
// held: the rule cannot be judged for it.
var ErrTooMany = errors.New("too many groups or values for one computation; let the rule select fewer chains, or group by less")

// What a tally may hold. A tally is of one rule, and a part of time.
const (
	maxGroups = 200_000
	maxValues = 2_000_000
	maxShown  = 10 // chains of a window that an alert names
)

// orders is how many different orders the versions of one epoch have: rank and settled.
const orders = 1 << 21

// A Tally computes what one rule over time finds in some windows. It is given every
// chain that the rule could match from the first window's past on, each once, in its
// current version and in any order. It is not safe for concurrent use.
type Tally struct {
	rule    Timed
	judge   *Judge
	from    time.Time // the first window
	to      time.Time // the end of the last
	windows map[int64]*windowed
	groups  int
	values  int
}

// windowed is one window of the tally.
type windowed struct {
	sum    uint64 // of the chains' versions; it may overflow
	known  uint64 // the sum of what they order by, which only grows
	newest uint64 // the highest version
	groups map[string]*grouped
}

// grouped is what one group did in one window.
type grouped struct {
	group  []string
	n      int
	sum    int64
	values map[string]bool  // and whether a chain has it that does not bring it
	chains []correlate.ID   // the first by time and id, of those that bring values
	times  []time.Time      // theirs
	last   *correlate.Chain // the last of them by time and id
}

// NewTally begins one for the windows from the one that begins at from up to the one
// that ends at to. judge is of the set that the rule is of.
func (t Timed) NewTally(judge *Judge, from, to time.Time) *Tally {
	return &Tally{rule: t, judge: judge, from: from, to: to, windows: map[int64]*windowed{}}
}

// Add takes one chain into account. It keeps nothing that the caller may change. The
// error is ErrTooMany; then the tally is of no use.
func (t *Tally) Add(c *correlate.Chain) error {
	start := c.Time.Truncate(t.rule.Over.Window)
	w := t.windows[start.UnixNano()]
	if w == nil {
		w = &windowed{groups: map[string]*grouped{}}
		t.windows[start.UnixNano()] = w
	}
	w.sum, w.known, w.newest = w.sum+c.Version, w.known+uint64(correlate.Order(c.Version)%orders)+1, max(w.newest, c.Version)
	v := t.judge.verdict(t.rule.of, c)
	t.judge.release()
	if v != matched {
		return nil
	}
	group := t.rule.GroupOf(c)
	key := strings.Join(group, "\x00")
	g := w.groups[key]
	if g == nil {
		if t.groups++; t.groups > maxGroups {
			return ErrTooMany
		}
		g = &grouped{group: cloned(group), values: map[string]bool{}}
		w.groups[key] = g
	}
	return t.count(g, c)
}

func cloned(texts []string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = strings.Clone(s)
	}
	return out
}

func (t *Tally) count(g *grouped, c *correlate.Chain) error {
	g.n++
	o := t.rule.Over
	if o.sum != nil {
		g.sum += o.sum(c)
	}
	brings := o.brings(c)
	if o.distinct != nil {
		o.distinct(c, func(v string) {
			old, ok := g.values[v]
			switch {
			case ok:
				g.values[v] = old || !brings
			case v != "":
				g.values[strings.Clone(v)] = !brings
				t.values++
			}
		})
		if t.values > maxValues {
			return ErrTooMany
		}
	}
	if !brings {
		return nil
	}
	if g.last == nil || later(c, g.last) {
		last := c.Clone()
		g.last = &last
	}
	g.show(c)
	return nil
}

func later(a, b *correlate.Chain) bool {
	return cmp.Or(a.Time.Compare(b.Time), slices.Compare(a.ID[:], b.ID[:])) > 0
}

// show keeps the first chains by time and id, whatever the order they come in.
func (g *grouped) show(c *correlate.Chain) {
	at := len(g.chains)
	for at > 0 && cmp.Or(c.Time.Compare(g.times[at-1]), slices.Compare(c.ID[:], g.chains[at-1][:])) < 0 {
		at--
	}
	if at == maxShown {
		return
	}
	g.chains, g.times = slices.Insert(g.chains, at, c.ID), slices.Insert(g.times, at, c.Time)
	if len(g.chains) > maxShown {
		g.chains, g.times = g.chains[:maxShown], g.times[:maxShown]
	}
}

// Sums are those of the tally's windows, by their start: see SumOf. Windows without
// chains, in them and in their past, are left out.
func (t *Tally) Sums() map[time.Time]uint64 {
	seen := make(map[int64]uint64, len(t.windows))
	for at, w := range t.windows {
		seen[at] = w.sum
	}
	out := map[time.Time]uint64{}
	for start := t.from; start.Before(t.to); start = start.Add(t.rule.Over.Window) {
		if sum := t.rule.SumOf(seen, start); sum > 0 {
			out[start] = sum
		}
	}
	return out
}

// SumOf is the sum of the versions of all chains of the window that begins at start
// and of its past, which are in seen by the windows' starts in nanoseconds since 1970.
// Versions only rise, so a sum that is the same is of the same chains as they were; it
// overflows, and would have to do so to the very same number. 0 is for nothing.
func (t *Timed) SumOf(seen map[int64]uint64, start time.Time) (sum uint64) {
	for at := start.Add(-t.Over.Past); !at.After(start); at = at.Add(t.Over.Window) {
		sum += seen[at.UnixNano()]
	}
	return sum
}

// version is that of alerts of the window that begins at start: what is known of its
// chains and of its past.
func (t *Tally) version(start time.Time) uint64 {
	var known, newest uint64
	for at := start.Add(-t.rule.Over.Past); !at.After(start); at = at.Add(t.rule.Over.Window) {
		if w := t.windows[at.UnixNano()]; w != nil {
			known, newest = known+w.known, max(newest, w.newest)
		}
	}
	return correlate.OverVersion(newest, known)
}

// Alerts are the open alerts of the tally's windows, ordered by window and group.
func (t *Tally) Alerts() []correlate.Alert {
	var out []correlate.Alert
	for start := t.from; start.Before(t.to); start = start.Add(t.rule.Over.Window) {
		w := t.windows[start.UnixNano()]
		if w == nil {
			continue
		}
		version := t.version(start)
		for _, key := range slices.Sorted(maps.Keys(w.groups)) {
			g := w.groups[key]
			limit, ok := t.rule.Over.limit(g.group)
			if !ok {
				continue
			}
			if value, usual, above := t.above(start, key, g, limit); above {
				out = append(out, t.rule.alert(g, start, version, value, max(limit, usual)))
			}
		}
	}
	return out
}

// above computes the value of a group in a window, and whether it is above the limit
// and what is usual for it.
func (t *Tally) above(start time.Time, key string, g *grouped, limit float64) (value, usual float64, above bool) {
	o := t.rule.Over
	if o.Past == 0 {
		value = t.value(g)
		return value, 0, value > limit
	}
	var active int
	var sum float64
	seen := map[string]bool{}
	for at := start.Add(-o.Past); at.Before(start); at = at.Add(o.Window) {
		w := t.windows[at.UnixNano()]
		if w == nil || w.groups[key] == nil {
			continue
		}
		active++
		sum += t.value(w.groups[key])
		if o.First != "" {
			for v := range w.groups[key].values {
				seen[v] = true
			}
		}
	}
	if o.First != "" {
		for v, had := range g.values {
			if !seen[v] && !had {
				value++
			}
		}
		return value, 0, value > limit && (active > 0 || o.NewGroups)
	}
	value = t.value(g)
	if active == 0 {
		return value, 0, false
	}
	usual = o.Times * sum / float64(active)
	return value, usual, value > limit && value > usual
}

func (t *Tally) value(g *grouped) float64 {
	switch o := t.rule.Over; {
	case o.sum != nil:
		return float64(g.sum) / billion
	case o.distinct != nil:
		return float64(len(g.values))
	}
	return float64(g.n)
}

func (t *Timed) alert(g *grouped, start time.Time, version uint64, value, limit float64) correlate.Alert {
	id := correlate.NewID(append([]string{"over", t.ID, start.UTC().Format(time.RFC3339)}, g.group...)...)
	c := g.last
	a := correlate.Alert{
		ID: id, ChainID: id, ActionID: id, Version: version, State: correlate.AlertOpen,
		Rule: t.ID, Title: t.Title, Severity: string(t.Severity), RuleVersion: t.Version,
		Time: start, Source: c.Source, Action: c.Action, Status: c.Status,
		Requestor: c.Requestor, Executor: c.Actor, Resources: c.Resources, Group: g.group,
		Reason: fmt.Sprintf("%s: %s in %s, above %s", t.Over.measure(), number(value), t.Over.Window, number(limit)),
		Over: correlate.OverTime{
			From: start, To: start.Add(t.Over.Window), Value: value, Limit: limit, Chains: g.chains,
		},
	}
	return a.Clone()
}

func number(v float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.4f", v), "0"), ".")
}

// Settle compares what a tally found with the alerts of its windows that are stored:
// it returns what has to be written. An alert that the windows do not give any more is
// closed. Nothing is returned for what is stored as it is. What is written has a higher
// version than what was stored: what is known of the window decides, and where that
// cannot tell two states apart, the one that was computed later.
func (t *Tally) Settle(stored []correlate.Alert) []correlate.Alert {
	found := map[correlate.ID]*correlate.Alert{}
	all := t.Alerts()
	for i := range all {
		found[all[i].ID] = &all[i]
	}
	var out []correlate.Alert
	for i := range stored {
		s := &stored[i]
		a := found[s.ID]
		switch {
		case a == nil && s.State == correlate.AlertOpen:
			closed := s.Clone()
			closed.State, closed.Update, closed.RuleVersion = correlate.AlertClosed, false, t.rule.Version
			closed.Version = max(s.Version+1, t.version(s.Over.From))
			closed.Reason = "the window is not above the limit any more since a later fact"
			out = append(out, closed)
		case a == nil:
		case alike(a, s):
			delete(found, s.ID)
		default:
			a.Update = s.State == correlate.AlertOpen
			a.Version = max(a.Version, s.Version+1)
		}
	}
	for i := range all {
		if a := found[all[i].ID]; a != nil {
			out = append(out, *a)
		}
	}
	return out
}

// alike reports whether two alerts of one window say the same.
func alike(a, b *correlate.Alert) bool {
	return a.State == b.State && a.RuleVersion == b.RuleVersion && a.Severity == b.Severity && a.Reason == b.Reason &&
		a.Over.Value == b.Over.Value && a.Over.Limit == b.Over.Limit && slices.Equal(a.Over.Chains, b.Over.Chains) &&
		a.Source == b.Source && a.Action == b.Action && a.Status == b.Status &&
		a.Requestor.ID == b.Requestor.ID && a.Executor.ID == b.Executor.ID && slices.Equal(a.Resources, b.Resources)
}
