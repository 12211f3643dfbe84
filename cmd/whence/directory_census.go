package main

import (
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
