package sigma

import (
	"slices"
	"unicode/utf8"

	"whence/correlate"
)

// A Set is a number of rules, indexed for matching. It does not change and is safe
// for concurrent use.
type Set struct {
	rules []*Rule
	logs  map[string][]*indexed // by source
}

// indexed are the rules of one log.
type indexed struct {
	log *log
	// named are rules by a value of the log's token. Most are; the others are found by
	// what else they ask for, or are asked of every line.
	named map[string][]*candidate
	doors []*door
	rest  []*candidate
}

// A door is a field of which each rule behind it wants one of some values.
type door struct {
	field   *field
	rules   map[string][]*candidate // by value, folded
	longest int                     // of the values
}

type candidate struct {
	id   string
	when node
}

// NewSet indexes rules. Of two with one id the first counts: see Import, which
// refuses the second.
func NewSet(rules []*Rule) *Set {
	s := &Set{rules: rules, logs: map[string][]*indexed{}}
	for _, r := range rules {
		for i := range r.forms {
			s.add(r, &r.forms[i])
		}
	}
	return s
}

// Rules are the rules of s. They must not be changed.
func (s *Set) Rules() []*Rule { return s.rules }

func (s *Set) add(r *Rule, f *form) {
	of := s.logs[f.log.source]
	i := slices.IndexFunc(of, func(x *indexed) bool { return slices.Equal(x.log.services, f.log.services) })
	if i < 0 {
		of = append(of, &indexed{log: f.log, named: map[string][]*candidate{}})
		i = len(of) - 1
	}
	x, c := of[i], &candidate{r.ID, f.when}
	if len(f.asks) == 0 {
		x.rest = append(x.rest, c)
	}
	for _, a := range f.asks {
		x.add(a, c)
	}
	s.logs[f.log.source] = of
}

func (x *indexed) add(a ask, c *candidate) {
	if a.field.gate && x.log.token != nil {
		put(x.named, a, c)
		return
	}
	i := slices.IndexFunc(x.doors, func(d *door) bool { return d.field.key == a.field.key })
	if i < 0 {
		i = len(x.doors)
		x.doors = append(x.doors, &door{field: a.field, rules: map[string][]*candidate{}})
	}
	d := x.doors[i]
	put(d.rules, a, c)
	for _, v := range a.values {
		d.longest = max(d.longest, len(v))
	}
}

func put(rules map[string][]*candidate, a ask, c *candidate) {
	for _, v := range a.values {
		if !slices.Contains(rules[v], c) {
			rules[v] = append(rules[v], c)
		}
	}
}

// A Matcher matches lines against a set. It uses its memory again and is not safe
// for concurrent use: each goroutine has its own.
type Matcher struct {
	set  *Set
	line line
	key  []byte

	door  *door            // whose field is read
	knock func(value) bool // is told of each of its values
	found []*candidate     // behind it
}

// NewMatcher returns a matcher of s.
func (s *Set) NewMatcher() *Matcher {
	m := &Matcher{set: s}
	m.knock = m.behind
	return m
}

// Match appends to dst the ids of the rules that match the line raw, of which e was
// decoded, in order. It keeps neither; the ids are the set's.
func (m *Matcher) Match(e *correlate.Event, raw []byte, dst []string) []string {
	of := m.set.logs[e.Source]
	if len(of) == 0 || len(raw) == 0 {
		return dst
	}
	first := len(dst)
	m.line = line{event: e, raw: raw, spare: m.line.spare}
	for _, x := range of {
		dst = m.match(x, dst)
	}
	m.line = line{spare: m.line.spare}
	if found := dst[first:]; len(found) > 1 {
		slices.Sort(found)
		dst = dst[:first+len(slices.Compact(found))]
	}
	return dst
}

func (m *Matcher) match(x *indexed, dst []string) []string {
	m.line.log = x.log
	if len(x.named) > 0 {
		m.key = appendFolded(m.key[:0], x.log.token(m.line.event))
		dst = m.line.match(x.named[string(m.key)], dst)
	}
	for _, m.door = range x.doors {
		m.found = m.found[:0]
		m.line.values(m.door.field, m.knock)
		dst = m.line.match(m.found, dst)
	}
	return m.line.match(x.rest, dst)
}

// behind finds the rules that want v. It never ends the search for values.
func (m *Matcher) behind(v value) bool {
	if v.null || len(v.text) > utf8.UTFMax*m.door.longest {
		return false
	}
	m.key = appendFolded(m.key[:0], v.text)
	for _, c := range m.door.rules[string(m.key)] {
		if !slices.Contains(m.found, c) {
			m.found = append(m.found, c)
		}
	}
	return false
}

func (l *line) match(cs []*candidate, dst []string) []string {
	for _, c := range cs {
		if c.when(l) {
			dst = append(dst, c.id)
		}
	}
	return dst
}
