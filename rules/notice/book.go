package notice

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"whence/correlate"
)

// index puts e where it is looked for.
func (d *Desk) index(e *Entry) {
	a := &e.Alert
	open := a.State == correlate.AlertOpen
	wanted := e.open() || d.wants(a)
	switch {
	case open && wanted && (!e.open() || e.Told.news(a)), !open && e.open():
		d.pending[a.ID] = struct{}{}
	default:
		delete(d.pending, a.ID)
	}
	if group := groupKey(a); group != "" && e.stands() {
		add(d.standing, group, a.ID)
	}
	if open && len(d.policies[a.Rule].Inhibits) > 0 {
		add(d.quieting, whoKey(a.Rule, a), a.ID)
		if group := groupKey(a); group != "" {
			add(d.quieting, group, a.ID)
		}
	}
}

// unindex takes e out again. It comes before every change of e.
func (d *Desk) unindex(e *Entry) {
	a := &e.Alert
	d.hold(e, "")
	delete(d.pending, a.ID)
	remove(d.standing, groupKey(a), a.ID)
	remove(d.quieting, groupKey(a), a.ID)
	remove(d.quieting, whoKey(a.Rule, a), a.ID)
}

// hold notes why nobody is told of e.
func (d *Desk) hold(e *Entry, r Reason) {
	group := groupKey(&e.Alert)
	if e.held == Suppressed {
		if d.quiet[group]--; d.quiet[group] == 0 {
			delete(d.quiet, group)
		}
	}
	if e.held = r; r == Suppressed {
		d.quiet[group]++
	}
}

func add(to map[string]map[correlate.ID]struct{}, key string, id correlate.ID) {
	if to[key] == nil {
		to[key] = map[correlate.ID]struct{}{}
	}
	to[key][id] = struct{}{}
}

func remove(from map[string]map[correlate.ID]struct{}, key string, id correlate.ID) {
	delete(from[key], id)
	if len(from[key]) == 0 {
		delete(from, key)
	}
}

// sorted are entries by the time of their events.
func (d *Desk) sorted(ids iter.Seq[correlate.ID]) []*Entry {
	var out []*Entry
	for id := range ids {
		if e := d.entries[id]; e != nil {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *Entry) int {
		return cmp.Or(a.Alert.Time.Compare(b.Alert.Time), slices.Compare(a.Alert.ID[:], b.Alert.ID[:]))
	})
	return out
}

// forget makes room: a tenth is forgotten at once.
func (d *Desk) forget() {
	all := d.sorted(maps.Keys(d.entries))
	left := len(all) - (d.most - d.most/10)
	drop := func(which func(*Entry) bool) {
		for _, e := range all {
			if left > 0 && d.entries[e.Alert.ID] == e && e.Sending == nil && which(e) {
				d.unindex(e)
				delete(d.entries, e.Alert.ID)
				delete(d.changed, e.Alert.ID)
				d.gone = append(d.gone, e.Alert.ID)
				left--
			}
		}
	}
	drop(func(e *Entry) bool { return e.Alert.State == correlate.AlertClosed && !e.open() })
	drop(func(e *Entry) bool {
		told := e.stands() && !e.Told.news(&e.Alert)
		if told {
			d.forgot++
		}
		return told
	})
	drop(func(e *Entry) bool { // it is not the receiver's, and kept only as it inhibits
		_, waits := d.pending[e.Alert.ID]
		return !waits && !e.open()
	})
	for _, e := range all {
		if _, waits := d.pending[e.Alert.ID]; waits && left > 0 {
			e.must = true
			left--
		}
	}
}

// Open returns the alerts that somebody was told of and that are open, by time.
func (d *Desk) Open() (out []correlate.Alert) {
	for _, e := range d.sorted(maps.Keys(d.entries)) {
		if e.stands() {
			out = append(out, e.Alert)
		}
	}
	return out
}

// Counts are what a desk holds.
type Counts struct {
	Alerts int // it knows of, closed ones too
	Told   int // open, and somebody was told
	// Held are the open alerts that nobody is told of, by the reason.
	Held map[Reason]int
	// Forgotten are the open alerts that were let go as there was no room.
	Forgotten uint64
}

// Counts returns what the desk holds, as of the last Decide.
func (d *Desk) Counts() Counts {
	c := Counts{Alerts: len(d.entries), Held: map[Reason]int{}, Forgotten: d.forgot}
	for _, e := range d.entries {
		if e.stands() {
			c.Told++
		}
		if e.held != "" {
			kind, _, _ := strings.Cut(string(e.held), " ")
			c.Held[Reason(kind)]++
		}
	}
	return c
}
