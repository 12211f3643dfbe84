package sigma

import (
	"maps"
	"path"
	"slices"
	"strings"

	sigma "github.com/bradleyjkemp/sigma-go"
)

// A node is a compiled part of a rule's condition.
type node func(l *line) bool

// compile makes a form of a detection for one log.
func (g *log) compile(d *sigma.Detection) (form, error) {
	c := compiler{log: g, searches: map[string]search{}}
	for name, s := range d.Searches {
		compiled, err := c.search(s)
		if err != nil {
			return form{}, err
		}
		c.searches[name] = compiled
	}
	var all []search // of several conditions any will do
	for _, cond := range d.Conditions {
		if cond.Aggregation != nil {
			return form{}, refuse("aggregation", "it counts over time; write it as a rule over time")
		}
		s, err := c.condition(cond.Search)
		if err != nil {
			return form{}, err
		}
		all = append(all, s)
	}
	s := anyOf(all)
	return form{g, s.when, s.asks}, nil
}

// A search is a condition.
type search struct {
	when node
	// asks are fields and their values, of which one must be there for the search to be
	// fulfilled: what can be looked up. None if there is no such thing.
	asks []ask
	// reads says that the line itself has to be looked at: what the event tells is
	// asked first.
	reads bool
}

// cheapFirst orders searches, of which all are asked or any is.
func cheapFirst(all []search) (reads bool) {
	slices.SortStableFunc(all, func(a, b search) int { return rank(a.reads) - rank(b.reads) })
	return len(all) > 0 && all[len(all)-1].reads
}

func rank(reads bool) int {
	if reads {
		return 1
	}
	return 0
}

type compiler struct {
	log      *log
	searches map[string]search
}

func (c *compiler) condition(e sigma.SearchExpr) (search, error) {
	switch e := e.(type) {
	case sigma.And:
		all, err := c.conditions(e)
		return allOf(all), err
	case sigma.Or:
		all, err := c.conditions(e)
		return anyOf(all), err
	case sigma.Not:
		s, err := c.condition(e.Expr)
		when := s.when
		return search{when: func(l *line) bool { return !when(l) }, reads: s.reads}, err
	case sigma.SearchIdentifier:
		s, ok := c.searches[e.Name]
		if !ok {
			return search{}, refuse("syntax", "the condition names %q, which the detection does not have", e.Name)
		}
		return s, nil
	case sigma.OneOfIdentifier:
		return c.condition(e.Ident)
	case sigma.AllOfIdentifier:
		return c.condition(e.Ident)
	case sigma.OneOfThem:
		all, err := c.like("*")
		return anyOf(all), err
	case sigma.AllOfThem:
		all, err := c.like("*")
		return allOf(all), err
	case sigma.OneOfPattern:
		all, err := c.like(e.Pattern)
		return anyOf(all), err
	case sigma.AllOfPattern:
		all, err := c.like(e.Pattern)
		return allOf(all), err
	}
	return search{}, refuse("syntax", "a condition of a kind that is not supported: %T", e)
}

func (c *compiler) conditions(es []sigma.SearchExpr) ([]search, error) {
	var all []search
	for _, e := range es {
		s, err := c.condition(e)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// like are the searches whose name fits a pattern. Of "them", those whose name
// begins with _ are none.
func (c *compiler) like(pattern string) (all []search, err error) {
	for _, name := range slices.Sorted(maps.Keys(c.searches)) {
		if ok, _ := path.Match(pattern, name); ok && (pattern != "*" || !strings.HasPrefix(name, "_")) {
			all = append(all, c.searches[name])
		}
	}
	if len(all) == 0 {
		return nil, refuse("syntax", "the condition asks for %q, and the detection has no such search", pattern)
	}
	return all, nil
}

// anyOf is fulfilled by any of all. What it asks is known only if that is known of each.
func anyOf(all []search) search {
	var asks []ask
	for _, s := range all {
		if len(s.asks) == 0 {
			asks = nil
			break
		}
		asks = append(asks, s.asks...)
	}
	reads := cheapFirst(all)
	return search{func(l *line) bool {
		return slices.ContainsFunc(all, func(s search) bool { return s.when(l) })
	}, asks, reads}
}

// allOf is fulfilled by all together: what the cheapest to look up asks, they ask.
func allOf(all []search) search {
	return search{func(l *line) bool {
		return !slices.ContainsFunc(all, func(s search) bool { return !s.when(l) })
	}, cheapestAsks(all), cheapFirst(all)}
}

func (c *compiler) search(s sigma.Search) (search, error) {
	var all []search
	for _, word := range s.Keywords {
		if strings.ContainsAny(word, "*?") {
			return search{}, refuse("keyword", "a word with wildcards that may be anywhere in the line: %q", word)
		}
		word = string(appendFolded(nil, word))
		all = append(all, search{when: func(l *line) bool { return l.keyword(word) }, reads: true})
	}
	for _, m := range s.EventMatchers {
		var each []search
		for _, f := range m {
			one, err := c.field(f)
			if err != nil {
				return search{}, err
			}
			each = append(each, one)
		}
		if len(each) == 0 {
			return search{}, refuse("syntax", "an empty search")
		}
		all = append(all, allOf(each))
	}
	if len(all) == 0 {
		return search{}, refuse("syntax", "an empty search")
	}
	return anyOf(all), nil
}

// field compiles what is asked of one field: any of its values, or with the modifier
// "all" each of them.
func (c *compiler) field(m sigma.FieldMatcher) (search, error) {
	f, err := c.log.field(m.Field)
	if err != nil {
		return search{}, err
	}
	if slices.Contains(m.Modifiers, "exists") {
		return exists(f, m.Values)
	}
	if slices.Contains(m.Modifiers, "fieldref") {
		return c.reference(f, m)
	}
	var tests []test
	for _, v := range m.Values {
		if text, ok := v.(string); ok && f.words[strings.ToLower(text)] != "" {
			v = f.words[strings.ToLower(text)]
		}
		t, err := compilePattern(v, m.Modifiers)
		if err != nil {
			return search{}, err
		}
		tests = append(tests, t)
	}
	if len(tests) == 0 {
		return search{}, refuse("syntax", "field %q is asked for no value", m.Field)
	}
	one := func(l *line, t test) bool { return l.values(f, t) || wantsNone(t) && !l.values(f, always) }
	reads := len(f.paths) > 0
	if slices.Contains(m.Modifiers, "all") {
		return search{reads: reads, when: func(l *line) bool {
			return !slices.ContainsFunc(tests, func(t test) bool { return !one(l, t) })
		}}, nil
	}
	s := search{reads: reads, when: func(l *line) bool {
		return slices.ContainsFunc(tests, func(t test) bool { return one(l, t) })
	}}
	if values := wholeValues(f, m); len(values) > 0 {
		s.asks = []ask{{f, values}}
	}
	return s, nil
}

func always(value) bool { return true }

// wantsNone reports whether a test is fulfilled by null, and so by a field that is not there.
func wantsNone(t test) bool { return t(value{null: true}) }

func exists(f *field, values []any) (search, error) {
	want := len(values) == 0 || values[0] == true
	return search{reads: true, when: func(l *line) bool { return l.values(f, func(v value) bool { return !v.null }) == want }}, nil
}

// reference compiles the comparison of a field with another one of the same line.
func (c *compiler) reference(f *field, m sigma.FieldMatcher) (search, error) {
	how := slices.DeleteFunc(slices.Clone(m.Modifiers), func(s string) bool { return s == "fieldref" })
	var others []*field
	for _, v := range m.Values {
		name, _ := v.(string)
		other, err := c.log.field(name)
		if err != nil {
			return search{}, err
		}
		others = append(others, other)
	}
	if len(how) > 1 {
		return search{}, refuse("modifier", "fieldref together with %s", strings.Join(how, ", "))
	}
	fits := strings.EqualFold
	if len(how) == 1 {
		switch how[0] {
		case "contains":
			fits = func(a, b string) bool { return strings.Contains(strings.ToLower(a), strings.ToLower(b)) }
		case "startswith":
			fits = func(a, b string) bool { return strings.HasPrefix(strings.ToLower(a), strings.ToLower(b)) }
		case "endswith":
			fits = func(a, b string) bool { return strings.HasSuffix(strings.ToLower(a), strings.ToLower(b)) }
		default:
			return search{}, refuse("modifier", "fieldref together with %s", how[0])
		}
	}
	return search{reads: true, when: func(l *line) bool {
		return slices.ContainsFunc(others, func(other *field) bool {
			return l.values(other, func(b value) bool {
				return !b.null && l.values(f, func(a value) bool { return !a.null && fits(a.text, b.text) })
			})
		})
	}}, nil
}

// field finds where the values of a field are that a rule names.
func (g *log) field(name string) (*field, error) {
	if name == "" {
		return nil, refuse("field", "a value without a field")
	}
	if f, ok := g.fields[strings.ToLower(name)]; ok {
		return f.ready(strings.ToLower(name), nil), nil
	}
	top, _, _ := strings.Cut(name, ".")
	if slices.ContainsFunc(g.open, func(member string) bool { return strings.EqualFold(member, top) }) {
		return field{paths: []string{name}}.ready("", g.open), nil
	}
	return nil, refuse("field", "no line of %s has a field %q", g.source, name)
}
