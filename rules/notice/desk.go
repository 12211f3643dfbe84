package notice

import (
	"maps"
	"slices"
	"time"

	"whence/correlate"
)

// A Desk decides what one receiver is told. Of every open alert that is wanted one of
// these holds after Decide: it was told; a silence matches it; an open alert inhibits it;
// or it happened within the suppress span of another of its group, which was told and is
// open. So if that one is closed, the next of the group is told.
//
// The span is of event time, before and after: a replay of a month tells as often as the
// month did, and lines that come late open no second notice. Silences go by the wall.
//
// A desk is not safe for concurrent use.
type Desk struct {
	wants    func(*correlate.Alert) bool
	most     int
	policies map[string]Policy
	quieters map[string][]string // by rule: those whose alerts keep its alerts quiet
	silences *Silences

	entries map[correlate.ID]*Entry
	// pending are those that Decide has to look at: open and not told as they are, or
	// told and closed since.
	pending map[correlate.ID]struct{}
	// standing are the told and open ones, by group.
	standing map[string]map[correlate.ID]struct{}
	// quieting are open alerts of rules that inhibit, by group and by requestor.
	quieting map[string]map[correlate.ID]struct{}
	quiet    map[string]int // how many are suppressed, by group
	changed  map[correlate.ID]struct{}
	gone     []correlate.ID
	forgot   uint64
}

// NewDesk returns a desk that knows of nothing. wants says which alerts are the
// receiver's; nil for all. The desk keeps most entries: of more, closed alerts are
// forgotten first, and of them the oldest, then those that were told, which are told as
// new if they come again and never that they are over. One that waits is told rather than
// forgotten.
func NewDesk(wants func(*correlate.Alert) bool, most int) *Desk {
	if wants == nil {
		wants = func(*correlate.Alert) bool { return true }
	}
	return &Desk{
		wants: wants, most: most, entries: map[correlate.ID]*Entry{}, pending: map[correlate.ID]struct{}{},
		standing: map[string]map[correlate.ID]struct{}{}, quieting: map[string]map[correlate.ID]struct{}{},
		quiet: map[string]int{}, changed: map[correlate.ID]struct{}{},
	}
}

// Use has the desk go by what rules say of telling.
func (d *Desk) Use(policies map[string]Policy) {
	d.policies, d.quieters = policies, inhibitors(policies)
	clear(d.quieting)
	for _, e := range d.entries {
		d.index(e)
	}
}

// Silence has the desk go by silences.
func (d *Desk) Silence(s *Silences) { d.silences = s }

// Restore gives the desk back what it knew. Of two entries of one alert the better counts:
// the higher version, and what was told later.
func (d *Desk) Restore(e Entry) {
	old, ok := d.entries[e.Alert.ID]
	if ok {
		if old.Alert.Version > e.Alert.Version {
			e.Alert, e.Sending = old.Alert, old.Sending
		}
		if old.Told != nil && (e.Told == nil || old.Told.Version > e.Told.Version) {
			e.Told = old.Told
		}
		d.unindex(old)
	}
	d.entries[e.Alert.ID] = &e
	d.index(&e)
}

// Unfinished are the notices that may have been sent or not, and are told as they are. A
// desk that was restored gives them once.
func (d *Desk) Unfinished() (out []correlate.Notice) {
	for _, e := range d.sorted(maps.Keys(d.entries)) {
		if e.Sending != nil {
			out = append(out, correlate.Notice{Kind: e.Sending.Kind, Alert: e.Alert, Quiet: e.Sending.Quiet})
			d.unindex(e)
			e.Told = toldOf(&e.Alert)
			d.index(e)
		}
	}
	return out
}

// Hear takes note of a version of an alert; older ones may come after newer ones. The
// desk keeps a.
func (d *Desk) Hear(a correlate.Alert) {
	e, ok := d.entries[a.ID]
	switch {
	case !ok && !d.wants(&a) && len(d.policies[a.Rule].Inhibits) == 0:
		return
	case !ok:
		e = &Entry{}
		d.entries[a.ID] = e
	case !e.newer(&a):
		return
	default:
		d.unindex(e)
	}
	if e.Alert = a; a.State == correlate.AlertClosed && !e.open() {
		e.Alert = trimmed(a)
	}
	d.index(e)
	d.changed[a.ID] = struct{}{}
	if len(d.entries) > d.most {
		d.forget()
	}
}

// Decide returns what is to be told now, in the order of the alerts' times and what is
// over first. The desk takes it as told: whoever sends it sends it until it is.
func (d *Desk) Decide(now time.Time) (out []correlate.Notice) {
	waiting := d.sorted(maps.Keys(d.pending))
	for _, e := range waiting {
		if e.Alert.State == correlate.AlertClosed {
			out = d.tell(out, e, correlate.NoticeResolved)
		}
	}
	for _, e := range waiting {
		if e.Alert.State == correlate.AlertOpen {
			out = d.consider(out, e, now)
		}
	}
	return out
}

// consider decides about an open alert.
func (d *Desk) consider(out []correlate.Notice, e *Entry, now time.Time) []correlate.Notice {
	kind := correlate.NoticeOpened
	if e.open() {
		kind = correlate.NoticeChanged
	}
	d.hold(e, "")
	if !e.must {
		d.hold(e, d.reason(e, now))
	}
	if e.held != "" {
		return out
	}
	return d.tell(out, e, kind)
}

// reason is why nobody is told of e now; empty for none.
func (d *Desk) reason(e *Entry, now time.Time) Reason {
	if id, ok := d.silences.Find(&e.Alert, now); ok {
		return Silenced + " " + Reason(id)
	}
	if id, ok := d.inhibitor(&e.Alert); ok {
		return Inhibited + " " + Reason(id.String())
	}
	span := d.policies[e.Alert.Rule].Suppress
	if group := groupKey(&e.Alert); group != "" && span > 0 && !e.open() {
		for id := range d.standing[group] {
			if near(d.entries[id].Alert.Time, e.Alert.Time, span) {
				return Suppressed
			}
		}
	}
	return ""
}

// inhibitor is an open alert that keeps a quiet: of the same group, if both rules group by
// the same, and else of the same requestor. If its rule has a suppress span, a happened
// within it: what somebody did once says nothing of what they do a year later.
func (d *Desk) inhibitor(a *correlate.Alert) (correlate.ID, bool) {
	for _, rule := range d.quieters[a.Rule] {
		key := whoKey(rule, a)
		if g := d.policies[rule].Group; len(g) > 0 && len(a.Group) > 0 && slices.Equal(g, d.policies[a.Rule].Group) {
			key = keyOf(rule, a.Group...)
		}
		if ids := d.near(d.quieting[key], a.Time, d.policies[rule].Suppress); len(ids) > 0 {
			return slices.MinFunc(ids, func(x, y correlate.ID) int { return slices.Compare(x[:], y[:]) }), true
		}
	}
	return correlate.ID{}, false
}

// near are those of ids that happened within span of a time; all of them if there is none.
func (d *Desk) near(ids map[correlate.ID]struct{}, at time.Time, span time.Duration) (out []correlate.ID) {
	for id := range ids {
		if span == 0 || near(d.entries[id].Alert.Time, at, span) {
			out = append(out, id)
		}
	}
	return out
}

func (d *Desk) tell(out []correlate.Notice, e *Entry, kind correlate.NoticeKind) []correlate.Notice {
	n := correlate.Notice{Kind: kind, Alert: e.Alert}
	d.unindex(e)
	d.hold(e, "")
	if kind != correlate.NoticeResolved {
		n.Quiet = d.quiet[groupKey(&e.Alert)]
	}
	e.Told, e.must = toldOf(&e.Alert), false
	e.Sending = &Sending{Kind: kind, Quiet: n.Quiet}
	d.index(e)
	d.changed[e.Alert.ID] = struct{}{}
	return append(out, n)
}

// Sent takes note that a notice has been taken.
func (d *Desk) Sent(id correlate.ID) {
	if e := d.entries[id]; e != nil && e.Sending != nil {
		e.Sending = nil
		if e.Alert.State == correlate.AlertClosed {
			e.Alert = trimmed(e.Alert)
		}
		d.changed[id] = struct{}{}
	}
}

// Again has Changed return the entry of an alert once more.
func (d *Desk) Again(id correlate.ID) {
	if d.entries[id] != nil {
		d.changed[id] = struct{}{}
	}
}

// Changed returns the entries that have changed since it was called last, and the alerts
// that are forgotten, for whoever keeps them outside.
func (d *Desk) Changed() (changed []Entry, gone []correlate.ID) {
	for _, e := range d.sorted(maps.Keys(d.changed)) {
		changed = append(changed, *e)
	}
	clear(d.changed)
	gone, d.gone = d.gone, nil
	return changed, gone
}
