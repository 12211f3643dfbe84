package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"whence/correlate"
)

// group is one person, service or schedule, by all of their names.
type group struct {
	members []*seen // those that chains ended at first
	names   []string
	shared  []string         // names that others have too, who are somebody else
	listed  *correlate.Entry // whom the directory has under one of the names
	chains  int
	last    time.Time
	sources []string
}

// groups are those at whom chains ended and who are not in the directory under the
// names that the lines gave, in the order of how many chains.
func (c *census) groups() []*group {
	by := map[string]*group{}
	own := c.own()
	for _, s := range c.seen {
		if names := own(s); s.stated {
			for _, n := range names[1:] {
				c.join(names[0], n)
			}
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(c.seen), func(a, b sight) int {
		return cmp.Or(strings.Compare(a.issuer, b.issuer), strings.Compare(a.id, b.id), strings.Compare(a.names, b.names))
	}) {
		s := c.seen[key]
		if !s.stated {
			continue
		}
		root := c.root(own(s)[0])
		g := by[root]
		if g == nil {
			g = &group{}
			by[root] = g
		}
		g.add(s, own(s), c.directory)
	}
	var out []*group
	for _, g := range by {
		if slices.Sort(g.names); g.chains > 0 {
			g.names = slices.Compact(g.names)
			slices.Sort(g.shared)
			g.shared = slices.Compact(g.shared)
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b *group) int {
		if a.chains != b.chains {
			return b.chains - a.chains
		}
		return strings.Compare(a.names[0], b.names[0])
	})
	return out
}

// own returns what tells the names that are a principal's own. Two accounts may have a
// name in common that is neither's, such as the mount of a vault through which both came:
// a name that accounts of several ids bear, and beside it others, joins nobody. An address
// is one person's, and the name that sessions of a role share is all they have.
func (c *census) own() func(s *seen) []string {
	bearers, among := map[string]map[string]bool{}, map[string]bool{}
	for _, s := range c.seen {
		names := namesOf(&s.principal)
		for _, n := range names {
			if bearers[n] == nil {
				bearers[n] = map[string]bool{}
			}
			if n != s.principal.Issuer+":"+s.principal.ID {
				bearers[n][correlate.Fold(s.principal.ID)] = true
			}
			among[n] = among[n] || len(names) > 1
		}
	}
	return func(s *seen) []string {
		names := slices.DeleteFunc(namesOf(&s.principal), func(n string) bool { return !isEmail(n) && among[n] && len(bearers[n]) > 1 })
		if len(names) == 0 {
			names = append(names, s.principal.Issuer+":"+s.principal.ID)
		}
		return names
	}
}

func (g *group) add(s *seen, own []string, d *correlate.Directory) {
	if e, ok := d.Find(s.principal); ok {
		if g.listed = &e; s.chains == 0 {
			return
		}
	}
	g.members = append(g.members, s)
	slices.SortStableFunc(g.members, func(a, b *seen) int { return b.chains - a.chains })
	g.names = append(g.names, own...)
	for _, n := range namesOf(&s.principal) {
		if !slices.Contains(own, n) {
			g.shared = append(g.shared, n)
		}
	}
	if s.chains == s.claimed {
		return
	}
	g.chains += s.chains - s.claimed
	if s.last.After(g.last) {
		g.last = s.last
	}
	for src := range s.sources {
		if !slices.Contains(g.sources, src) {
			g.sources = append(g.sources, src)
		}
	}
	slices.Sort(g.sources)
}

// human reports whether the group is a person: a log says so, or gives an e-mail.
func (g *group) human() bool {
	return slices.ContainsFunc(g.members, func(s *seen) bool { return s.principal.Type == correlate.Human }) || len(g.emails()) > 0
}

// emails are the bare addresses among the names.
func (g *group) emails() (all []string) {
	for _, n := range g.names {
		if isEmail(n) {
			all = append(all, n)
		}
	}
	return all
}
