package sigma

import (
	"slices"
	"strings"
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
	// gated are rules by a value of the log's gate, in lower case. Most are; the
	// others are asked of every line.
	gated map[string][]*candidate
	rest  []*candidate
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
		of = append(of, &indexed{log: f.log, gated: map[string][]*candidate{}})
		i = len(of) - 1
	}
	x, c := of[i], &candidate{r.ID, f.when}
	if len(f.gates) == 0 || f.log.token == nil {
		x.rest = append(x.rest, c)
	} else {
		for _, g := range slices.Compact(slices.Sorted(slices.Values(f.gates))) {
			x.gated[g] = append(x.gated[g], c)
		}
	}
	s.logs[f.log.source] = of
}

// A Matcher matches lines against a set. It uses its memory again and is not safe
// for concurrent use: each goroutine has its own.
type Matcher struct {
	set   *Set
	line  line
	token []byte
}

// NewMatcher returns a matcher of s.
func (s *Set) NewMatcher() *Matcher { return &Matcher{set: s} }

// Match appends to dst the ids of the rules that match the line raw, of which e was
// decoded, in order. It keeps neither; the ids are the set's.
func (m *Matcher) Match(e *correlate.Event, raw []byte, dst []string) []string {
	of := m.set.logs[e.Source]
	if len(of) == 0 || len(raw) == 0 {
		return dst
	}
	first := len(dst)
	for _, x := range of {
		m.line = line{event: e, raw: raw, log: x.log}
		if len(x.gated) > 0 {
			m.token = appendLower(m.token[:0], x.log.token(e))
			dst = m.line.match(x.gated[string(m.token)], dst)
		}
		dst = m.line.match(x.rest, dst)
	}
	m.line = line{}
	if found := dst[first:]; len(found) > 1 {
		slices.Sort(found)
		dst = dst[:first+len(slices.Compact(found))]
	}
	return dst
}

func (l *line) match(cs []*candidate, dst []string) []string {
	for _, c := range cs {
		if c.when(l) {
			dst = append(dst, c.id)
		}
	}
	return dst
}

// appendLower appends s as strings.ToLower gives it.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return append(b[:len(b)-i], strings.ToLower(s)...)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
