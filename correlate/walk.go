package correlate

import (
	"slices"
	"time"
)

// follow evaluates every link as one way up and chooses among them. at is when
// the targets had to be live, from the line that states the links.
func (w *Walker) follow(links []Link, at time.Time, from line, depth int) outcome {
	base := len(w.stack)
	agents := w.ways(nil, links, at, from, depth)
	return w.weighFrom(base, agents)
}

// an agentHop is an agent that a line names, with the way that ends at it.
type agentHop struct {
	hop Hop
	way outcome
}

// ways evaluates links one by one onto the stack, and sets apart the agents they
// name: those executed for whoever stands behind them.
func (w *Walker) ways(agents []agentHop, links []Link, at time.Time, from line, depth int) []agentHop {
	for i := range links {
		switch l := &links[i]; {
		case l.Role == Creator:
		case l.Role == AgentRole && l.Key.IsZero():
			agents = append(agents, agentHop{from.hop(Key{}, &l.Principal, l.Proof, l.Method), w.way(l, at, from, depth)})
		default:
			o := w.way(l, at, from, depth) // it uses the stack itself, and leaves it as it was
			w.stack = append(w.stack, o)
		}
	}
	return agents
}

// weighFrom weighs the ways on the stack from base on, takes them off it, and puts
// the agents in between. They are put in after the choice, so that an agent
// somebody claims cannot weaken a proven way and let another one win. An agent
// ends the walk only where nobody stands behind it.
func (w *Walker) weighFrom(base int, agents []agentHop) outcome {
	o := w.choose(w.stack[base:])
	if len(agents) > 0 && !o.resolved() && o.end != dead && o.end != ambiguous {
		for i := range agents {
			w.stack = append(w.stack, agents[i].way)
		}
		o, agents = w.choose(w.stack[base:]), nil
	}
	w.stack = w.stack[:base]
	if len(agents) == 0 || !o.resolved() {
		return o
	}
	// The acting credential is the executor: agents come right above it.
	cut := 0
	if o.role == Acting {
		cut = 1
	}
	hops := w.hops.Append(nil, o.hops[:min(cut, len(o.hops))]...)
	for i := len(agents) - 1; i >= 0; i-- {
		hops = w.hops.Append(hops, agents[i].hop)
		o.proof = min(o.proof, agents[i].hop.Proof)
	}
	o.hops = w.hops.Append(hops, o.hops[min(cut, len(o.hops)):]...)
	return o
}

func (w *Walker) way(l *Link, at time.Time, from line, depth int) outcome {
	at = l.when(at)
	var o outcome
	switch {
	case l.Key.IsZero():
		o = w.terminal(&l.Principal, from.hop(Key{}, &l.Principal, l.Proof, l.Method))
	case depth >= maxHops:
		o = outcome{end: missing, missing: l.Key, reason: "the walk stopped after too many hops"}
	default:
		n, _ := w.spots.find(l.Key, at)
		if w.isAlias(n) {
			o = w.alias(l, n, depth)
		} else {
			o = w.key(n, l, depth)
		}
	}
	o.role, o.link = l.Role, l.Proof
	return o
}

// isAlias tells an alias by its kind, and one of a kind that no enabled source
// declares by its facts.
func (w *Walker) isAlias(n int) bool {
	if w.kind(w.spots.list[n].key.Kind).Alias {
		return true
	}
	facts := w.factsOf(n)
	for i := range facts {
		if facts[i].Kind == Binding {
			return true
		}
	}
	return w.spots.list[n].over > 0
}

// terminal ends a way at a principal: a person, an owned service, or neither.
func (w *Walker) terminal(p *Principal, h Hop) outcome {
	entry := w.listed(p)
	if entry != nil && entry.left(w.event.Time) {
		h.State = StateLeft
	}
	o := outcome{end: service, proof: h.Proof, root: *p}
	switch {
	case entry != nil && entry.Type == Human:
		o.end, o.root = person, entry.principal(p)
	case entry != nil && entry.Owner != "":
		o.end, o.root = automated, entry.principal(p)
	case entry != nil:
		o.missing, o.reason = p.Key(), w.reasonNoOwner(entry)
	case p.Type == Human:
		o.end = person
	default:
		o.missing, o.reason = p.Key(), w.reasonNotListed(p)
	}
	o.hops = w.hops.Append(nil, h)
	return o
}

// listed returns who p is in the directory, or nil. Most walks come by the same
// person several times: as whoever logged in, and as whoever sessions are named after.
func (w *Walker) listed(p *Principal) *Entry {
	if w.Directory == nil {
		return nil
	}
	for i := range w.asked {
		if a := &w.asked[i]; a.p.ID == p.ID && a.p.Issuer == p.Issuer && slices.Equal(a.p.Names, p.Names) {
			return a.entry
		}
	}
	e := w.Directory.find(p, &w.names)
	w.asked = append(w.asked, listing{p, e})
	return e
}

// listing is what the directory said of a principal.
type listing struct {
	p     *Principal // of a link or a fact, which the walk does not change
	entry *Entry
}

func (e *Entry) principal(p *Principal) Principal {
	return Principal{Type: e.Type, ID: e.ID, Name: e.Name, Issuer: p.Issuer, Unit: e.Unit, Owner: e.Owner}
}

// alias leads to the one key that carried the name at the time, if it was one.
func (w *Walker) alias(l *Link, n, depth int) outcome {
	name, at := l.Key, w.spots.list[n].at
	targets := w.targets(n)
	var o outcome
	switch len(targets) {
	case 0:
		return w.unknown(name)
	case 1:
		t, _ := w.spots.find(targets[0], at)
		o = w.key(t, l, depth)
	default:
		o = outcome{end: ambiguous, proof: Inferred, missing: name, reason: reasonAmbiguous(len(targets))}
		// Collected here and lent at once: a list that grows while the ways below
		// take from the same slab would be moved each time.
		candidates, waits := make([]Candidate, 0, len(targets)), []Key(nil)
		for _, t := range targets {
			n, _ := w.spots.find(t, at)
			to := w.key(n, l, depth)
			candidates = append(candidates, to.asCandidate("live under the same name at the same time"))
			waits = append(waits, to.waits...)
		}
		o.candidates, o.waits = candidates, waits
	}
	if w.minted(name.Kind) {
		o.waits = w.with(o.waits, name) // a second candidate may still come
	}
	return o
}

// targets are the keys that carried the name of a spot, in order.
func (w *Walker) targets(n int) []Key {
	facts, at := w.factsOf(n), w.spots.list[n].at
	var targets []Key
	for i := range facts {
		if f := &facts[i]; f.Kind == Binding && w.live(f.Target, at) {
			targets = w.keys.Append(targets, f.Target)
		}
	}
	if len(targets) < 2 {
		return targets
	}
	slices.SortFunc(targets, Key.Compare)
	return slices.Compact(targets)
}

// with returns keys and one more, as a list of its own.
func (w *Walker) with(keys []Key, k Key) []Key {
	return w.keys.Append(w.keys.Append(nil, keys...), k)
}

// live reports whether a key could have been in use at a time. A key whose own
// account is not known yet counts as live: it must not hide behind that.
func (w *Walker) live(k Key, at time.Time) bool {
	facts := w.facts(k, at)
	a := bestAccount(facts)
	return a == nil || state(facts, a, at, Skew) == ""
}

// unknown ends a way at a key nobody told us about.
func (w *Walker) unknown(k Key) outcome {
	o := outcome{end: missing, missing: k, reason: w.reasonUnknown(k)}
	if w.minted(k.Kind) {
		o.waits = w.keys.Append(nil, k)
	}
	return o
}
