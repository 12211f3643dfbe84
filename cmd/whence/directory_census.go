package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"whence/correlate"
)

// A census gathers who was seen, by which names, and joins those that certainly are
// the same: names that one log line gave to one principal, on a proof of its own. What
// a caller wrote joins nothing.
type census struct {
	directory *correlate.Directory // may be nil
	above     map[string]string    // of a name, another name of the same one, up to the root
	seen      map[sight]*seen
}

// sight is a principal as a log line names one: an id may be that of a mount or a role,
// which many share, so it is nobody without the other names.
type sight struct{ issuer, id, names string }

// seen is what was seen of a principal.
type seen struct {
	principal correlate.Principal
	chains    int  // that ended there, with nobody in the directory
	claimed   int  // of those, by what a caller wrote
	stated    bool // by more than a caller
	last      time.Time
	sources   map[string]bool
}

func newCensus(d *correlate.Directory) *census {
	return &census{directory: d, above: map[string]string{}, seen: map[sight]*seen{}}
}

// event learns the names that a line gives.
func (c *census) event(e *correlate.Event) {
	stated := true
	for i := range e.Uses {
		u := &e.Uses[i]
		c.learn(&u.Principal, u.Proof)
		stated = stated && !(u.Principal.Same(e.Actor) && u.Proof < correlate.Attested)
	}
	if stated {
		c.learn(&e.Actor, correlate.Attested)
	}
	for i := range e.Mints {
		c.fact(&e.Mints[i])
	}
}

// fact learns the names that a fact gives.
func (c *census) fact(f *correlate.Fact) {
	c.learn(&f.Principal, f.Proof)
	for i := range f.Parents {
		c.learn(&f.Parents[i].Principal, f.Parents[i].Proof)
	}
}

func (c *census) learn(p *correlate.Principal, proof correlate.Proof) {
	if p.ID == "" || proof < correlate.Attested || slices.Contains(nobody, p.ID) {
		return
	}
	c.at(p).stated = true
}

// nobody is what decoders write where a log names nobody: listed with an owner, that one
// would answer for everything that nobody is known of.
var nobody = []string{"unknown", "anonymous"}

func (c *census) at(p *correlate.Principal) *seen {
	key := sight{p.Issuer, p.ID, strings.Join(p.Names, "\n")}
	s := c.seen[key]
	if s == nil {
		s = &seen{principal: *p, sources: map[string]bool{}}
		c.seen[key] = s
	}
	if s.principal.Name == "" {
		s.principal.Name = p.Name
	}
	if p.Type == correlate.Human {
		s.principal.Type = p.Type
	}
	return s
}

// chain counts at whom a chain ended, if that is nobody in the directory.
func (c *census) chain(ch *correlate.Chain) {
	if len(ch.Hops) == 0 || ch.Status == correlate.Automated {
		return
	}
	// The hop has the name that the log gave, and the requestor the directory's.
	p := &ch.Hops[len(ch.Hops)-1].Principal
	if ch.Status != correlate.Attributed && p.Key() != ch.Missing {
		return // a credential is missing, and not somebody in the directory
	}
	if _, listed := c.directory.Find(*p); !listed {
		c.ended(p, ch.Status == correlate.Attributed && ch.Proof < correlate.Attested, 1, ch.Time, ch.Source)
	}
}

func (c *census) ended(p *correlate.Principal, claimed bool, chains int, last time.Time, sources ...string) {
	s := c.at(p)
	s.chains += chains
	if claimed {
		s.claimed += chains
	}
	if last.After(s.last) {
		s.last = last
	}
	for _, src := range sources {
		s.sources[src] = true
	}
}

func (c *census) join(a, b string) {
	if a, b = c.root(a), c.root(b); a != b {
		c.above[max(a, b)] = min(a, b)
	}
}

func (c *census) root(name string) string {
	for {
		up, ok := c.above[name]
		if !ok {
			return name
		}
		if next, ok := c.above[up]; ok {
			c.above[name] = next
		}
		name = up
	}
}

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

// namesOf are the names under which the directory can list p, one at least: of a
// person also what stands for p alone, and of a session of a service only what it
// shares with the other sessions.
func namesOf(p *correlate.Principal) []string {
	var names []string
	if id := correlate.Fold(p.ID); isEmail(id) {
		names = append(names, id)
	} else if p.Type == correlate.Human || p.Type == correlate.Unknown || len(p.Names) == 0 {
		names = append(names, p.Issuer+":"+p.ID)
	}
	for _, n := range p.Names {
		issuer, bare, ok := strings.Cut(n, ":")
		switch {
		case isEmail(n):
			n = correlate.Fold(n)
		case !ok || issuer == "":
			continue // a bare name may be anybody's
		case isEmail(bare) && slices.Contains(names, correlate.Fold(bare)):
			continue // the address alone says it
		}
		if !slices.ContainsFunc(names, func(o string) bool { return correlate.Fold(o) == correlate.Fold(n) }) {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		names = append(names, p.Issuer+":"+p.ID)
	}
	return names
}

// isEmail reports whether s looks like an address and like nothing else.
func isEmail(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(host, ".") && !strings.ContainsAny(s, " :/") && !strings.Contains(host, "@")
}
