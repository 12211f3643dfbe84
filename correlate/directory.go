package correlate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Entry is one person, service or schedule in the operator's list.
type Entry struct {
	// ID is a person's e-mail address in lower case, or the operator's name for
	// a service or schedule.
	ID   string
	Name string
	Type PrincipalType
	Unit string
	// Owner is the accountable person's ID, and Manager a person's manager.
	Owner   string
	Manager string
	// From and Until bound a person's employment; zero means open.
	From, Until time.Time
	// Aliases are the names logs use, as "issuer:name" (a * at the end or inside
	// stands for any run of characters) or bare.
	Aliases []string
	// Line is where the entry stands in its file, for messages.
	Line string
}

// leftAfter is how long after the begin of a person's last day it is over, wherever
// they worked.
const leftAfter = 36 * time.Hour

// left reports whether a person's last day was over.
func (e *Entry) left(at time.Time) bool {
	return e.Type == Human && !e.Until.IsZero() && at.After(e.Until.Add(leftAfter))
}

// A Directory is the operator's list of people, services and schedules. It is
// immutable and safe for concurrent use; a nil Directory knows nobody.
type Directory struct {
	// Version orders directories: raise it to have chains written anew. It is
	// part of a chain's epoch.
	Version  uint32
	entries  map[string]*Entry
	patterns []pattern
	size     int
}

type pattern struct {
	glob  string
	parts []string // between the stars, two at least
	entry *Entry
}

// NewDirectory checks and indexes entries. Two entries that share an ID or an
// alias are refused, with both lines named; all problems are reported at once.
func NewDirectory(version uint32, entries []Entry) (*Directory, error) {
	d := &Directory{Version: version, entries: map[string]*Entry{}, size: len(entries)}
	var errs []error
	for i := range entries {
		e := &entries[i]
		if e.ID == "" {
			errs = append(errs, fmt.Errorf("%s: an entry needs an id", e.Line))
			continue
		}
		for _, a := range append([]string{e.ID}, e.Aliases...) {
			errs = append(errs, d.add(Fold(strings.TrimSpace(a)), e))
		}
	}
	for i := range entries {
		e := &entries[i]
		if o := d.entries[Fold(e.Owner)]; e.Owner != "" && (o == nil || o.Type != Human) {
			errs = append(errs, fmt.Errorf("%s: the owner %q of %q is not among the people", e.Line, e.Owner, e.ID))
		}
	}
	// The most specific pattern wins: the longest, then the first in order.
	slices.SortFunc(d.patterns, func(a, b pattern) int {
		return cmp.Or(cmp.Compare(len(b.glob), len(a.glob)), cmp.Compare(a.glob, b.glob))
	})
	return d, errors.Join(errs...)
}

func (d *Directory) add(alias string, e *Entry) error {
	if alias == "" {
		return fmt.Errorf("%s: %q has an empty alias", e.Line, e.ID)
	}
	switch old := d.entries[alias]; {
	case old == e:
		return nil
	case old != nil && old.ID == e.ID && Fold(e.ID) == alias:
		return fmt.Errorf("%s: %q is already there (%s)", e.Line, e.ID, old.Line)
	case old != nil:
		return fmt.Errorf("%s: %q of %q is already a name of %q (%s)", e.Line, alias, e.ID, old.ID, old.Line)
	}
	if strings.Contains(alias, "*") {
		d.patterns = append(d.patterns, pattern{alias, strings.Split(alias, "*"), e})
	}
	d.entries[alias] = e // a pattern too: it matches itself, and is a name of one entry only
	return nil
}

// With returns a resolver that goes by another directory. It shares the index with r
// and no walk that r has kept: those go by r's directory.
func (r *Resolver) With(d *Directory, epoch uint32) *Resolver {
	o := *r
	o.Directory, o.Epoch = d, epoch
	if r.Finished != nil {
		o.Finished = NewFinished(int(r.Finished.limit))
	}
	return &o
}

// Len is the number of entries.
func (d *Directory) Len() int {
	if d == nil {
		return 0
	}
	return d.size
}

// Find returns the entry that lists p under any of the names the log gives it:
// issuer and id first, then its other names, then the bare id.
func (d *Directory) Find(p Principal) (Entry, bool) {
	var room []byte
	if e := d.find(&p, &room); e != nil {
		return *e, true
	}
	return Entry{}, false
}

// find is Find, with room to write a name into that is used again.
func (d *Directory) find(p *Principal, room *[]byte) *Entry {
	if d == nil || p.ID == "" {
		return nil
	}
	if e := d.entries[foldInto(room, p.Issuer, ":", p.ID)]; e != nil {
		return e
	}
	for _, n := range p.Names {
		if e := d.entries[foldInto(room, n)]; e != nil {
			return e
		}
	}
	if e := d.entries[foldInto(room, p.ID)]; e != nil || len(d.patterns) == 0 {
		return e
	}
	if e := d.like(foldInto(room, p.Issuer, ":", p.ID)); e != nil {
		return e
	}
	for _, n := range p.Names {
		if e := d.like(foldInto(room, n)); e != nil {
			return e
		}
	}
	return d.like(foldInto(room, p.ID))
}

func (d *Directory) like(name string) *Entry {
	for i := range d.patterns {
		if d.patterns[i].matches(name) {
			return d.patterns[i].entry
		}
	}
	return nil
}

// matches reports whether s matches the pattern, in which * stands for any run of
// characters, slashes and colons included.
func (pt *pattern) matches(s string) bool {
	first, last := pt.parts[0], pt.parts[len(pt.parts)-1]
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for _, part := range pt.parts[1 : len(pt.parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, last)
}
