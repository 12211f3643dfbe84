package correlate

import "cmp"

// ending says how one way up ended, from least to most satisfying.
type ending uint8

const (
	nowhere   ending = iota // no way up at all
	missing                 // at a key of which nothing is known
	service                 // at a principal that is neither a person nor owned
	dead                    // at a key that should not have worked any more
	ambiguous               // at several candidates
	automated               // at a schedule or service with an accountable owner
	person                  // at a person
)

// An outcome is what one way up from an event or a session leads to.
type outcome struct {
	end        ending
	role       Role
	link       Proof // of the link that starts this way
	proof      Proof // the weakest hop's
	hops       []Hop // nearest first
	root       Principal
	missing    Key
	reason     string
	candidates []Candidate
	waits      []Key
}

func (o *outcome) resolved() bool { return o.end == automated || o.end == person }

// unresolvedLink reports whether the way stops at something nobody told us about.
func (o *outcome) unresolvedLink() bool { return o.end == missing || o.end == nowhere }

// leadsNowhere reports whether the way goes by a key of its own and stops short
// of anybody accountable. A principal that a line merely states is no such way: it
// may describe, less closely, the one that a name leads to.
func (o *outcome) leadsNowhere() bool {
	return o.unresolvedLink() || o.end == service && len(o.hops) > 0 && !o.hops[0].Key.IsZero()
}

// sameRoot reports whether two ways lead to the same principal. E-mail addresses
// name one person whoever vouches for them.
func sameRoot(a, b Principal) bool {
	return a.ID == b.ID && (a.Issuer == b.Issuer || a.Type == Human && b.Type == Human)
}

// better orders outcomes that could each be chosen: stronger proof first, then
// people before services, then the longer way, then the stronger link, so that a key
// the log names is not shown as found by its name, then by name.
func better(a, b *outcome) int {
	switch {
	case a.proof != b.proof:
		return cmp.Compare(b.proof, a.proof)
	case a.end != b.end:
		return cmp.Compare(b.end, a.end)
	case len(a.hops) != len(b.hops):
		return cmp.Compare(len(b.hops), len(a.hops))
	case a.link != b.link:
		return cmp.Compare(b.link, a.link)
	}
	if c := compareRoots(&a.root, &b.root); c != 0 {
		return c
	}
	return compareHops(a.hops, b.hops)
}

func compareRoots(a, b *Principal) int {
	if a.ID != b.ID {
		return cmp.Compare(a.ID, b.ID)
	}
	return cmp.Compare(a.Issuer, b.Issuer)
}

func compareHops(a, b []Hop) int {
	for i := range min(len(a), len(b)) {
		x, y := &a[i], &b[i]
		if c := x.Key.Compare(y.Key); c != 0 {
			return c
		}
		if c := cmp.Compare(x.Method, y.Method); c != 0 {
			return c
		}
		if c := cmp.Compare(x.EventID, y.EventID); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// moreTelling orders outcomes of which none can be chosen: the one that got
// furthest first, then the one on the stronger link.
func moreTelling(a, b *outcome) int {
	switch x, y := a.found(), b.found(); {
	case x != y:
		return cmp.Compare(y, x)
	case len(a.hops) != len(b.hops):
		return cmp.Compare(len(b.hops), len(a.hops))
	case a.end != b.end:
		return cmp.Compare(b.end, a.end)
	case a.link != b.link:
		return cmp.Compare(b.link, a.link)
	}
	if c := a.missing.Compare(b.missing); c != 0 {
		return c
	}
	if a.root.ID != b.root.ID {
		return cmp.Compare(a.root.ID, b.root.ID)
	}
	return compareHops(a.hops, b.hops)
}

// found is how o ended, if that says more than how far it got: a way over several
// credentials to one that nobody told us about is further than a name that the line
// states and that is in no directory, such as a user whom Vault made for one job.
func (o *outcome) found() ending {
	if o.end < dead {
		return nowhere
	}
	return o.end
}

// asCandidate tells of an outcome that was not chosen, and why.
func (o *outcome) asCandidate(why string) Candidate {
	c := Candidate{Principal: o.root, Proof: o.proof, Why: why}
	if len(o.hops) > 0 {
		h := o.hops[0]
		c.Key, c.Method, c.EventID = h.Key, h.Method, h.EventID
		if c.Principal.IsZero() {
			c.Principal = h.Principal
		}
	} else {
		c.Key = o.missing
	}
	return c
}

// names reports whether o goes through, or lists, key k or principal p.
func (o *outcome) names(k Key, p Principal) bool {
	for _, h := range o.hops {
		if !k.IsZero() && h.Key == k {
			return true
		}
	}
	return o.resolved() && !p.IsZero() && sameRoot(o.root, p)
}
