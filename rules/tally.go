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

// Known is what is known of one chain, for a sum that only grows.
func Known(c *correlate.Chain) uint64 {
	n := uint64(c.Rank) + 1
	if c.Settled {
		n++
	}
	return n
}

// ErrTooMany says that the chains of a window have more groups, or values, than are
// held: the rule cannot be judged for it.
var ErrTooMany = errors.New("too many groups or values for one computation; let the rule select fewer chains, or group by less")

// What a tally may hold. A tally is of one rule, and a part of time.
const (
	maxGroups = 200_000
	maxValues = 2_000_000
	maxShown  = 10 // chains of a window that an alert names
)

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
	known, newest uint64
	groups        map[string]*grouped
}

// grouped is what one group did in one window.
type grouped struct {
	group  []string
	n      int
	sum    int64
	values map[string]struct{}
	chains []correlate.ID   // the first by time and id
	times  []time.Time      // theirs
	last   *correlate.Chain // the last by time and id
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
	w.known, w.newest = w.known+Known(c), max(w.newest, c.Version)
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
		g = &grouped{group: cloned(group), values: map[string]struct{}{}}
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
	if o.distinct != nil {
		o.distinct(c, func(v string) {
			if _, ok := g.values[v]; !ok && v != "" {
				g.values[strings.Clone(v)] = struct{}{}
				t.values++
			}
		})
		if t.values > maxValues {
			return ErrTooMany
		}
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

// Versions are what the tally's windows have seen, by their start: two tallies of one
// rule that have the same found the same. Past windows that a window needs count with
// it. Windows without chains are left out.
func (t *Tally) Versions() map[time.Time]uint64 {
	out, seen := map[time.Time]uint64{}, t.seen()
	for start := t.from; start.Before(t.to); start = start.Add(t.rule.Over.Window) {
		if v := t.rule.VersionOf(seen, start); v > 0 {
			out[start] = v
		}
	}
	return out
}

func (t *Tally) seen() map[int64]Seen {
	out := make(map[int64]Seen, len(t.windows))
	for at, w := range t.windows {
		out[at] = Seen{w.known, w.newest}
	}
	return out
}

// Seen is what is known of the chains that a rule could match in one window: the sum of
// Known, and the highest version.
type Seen struct{ Known, Newest uint64 }

// VersionOf is that of the window that begins at start, of what was seen in it and in
// its past, by the windows' starts in nanoseconds since 1970; 0 if there was nothing.
func (t *Timed) VersionOf(seen map[int64]Seen, start time.Time) uint64 {
	var sum Seen
	for at := start.Add(-t.Over.Past); !at.After(start); at = at.Add(t.Over.Window) {
		s := seen[at.UnixNano()]
		sum.Known, sum.Newest = sum.Known+s.Known, max(sum.Newest, s.Newest)
	}
	if sum.Known == 0 {
		return 0
	}
	return correlate.OverVersion(sum.Newest, sum.Known)
}

// Alerts are the open alerts of the tally's windows, ordered by window and group.
func (t *Tally) Alerts() []correlate.Alert {
	var out []correlate.Alert
	seen := t.seen()
	for start := t.from; start.Before(t.to); start = start.Add(t.rule.Over.Window) {
		w := t.windows[start.UnixNano()]
		if w == nil {
			continue
		}
		version := t.rule.VersionOf(seen, start)
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
		for v := range g.values {
			if !seen[v] {
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
// closed with the version of its window now. Nothing is returned for what is stored as
// it is.
func (t *Tally) Settle(stored []correlate.Alert) []correlate.Alert {
	found := map[correlate.ID]*correlate.Alert{}
	all, seen := t.Alerts(), t.seen()
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
			closed.Version = max(s.Version, t.rule.VersionOf(seen, s.Over.From))
			closed.Reason = "the window is not above the limit any more since a later fact"
			out = append(out, closed)
		case a == nil:
		case s.State == correlate.AlertOpen && s.Version == a.Version && s.RuleVersion == a.RuleVersion:
			delete(found, s.ID) // as it is
		default:
			a.Update = s.State == correlate.AlertOpen
			a.Version = max(a.Version, s.Version)
		}
	}
	for i := range all {
		if a := found[all[i].ID]; a != nil {
			out = append(out, *a)
		}
	}
	return out
}
