package correlate

import (
	"slices"
	"time"
)

// follow evaluates every link as one way up and chooses among them. at is when
// the targets had to be live, from the line that states the links.
func (w *walk) follow(links []Link, at time.Time, from line, depth int) outcome {
	ways, agents := w.ways(links, at, from, depth)
	return w.choose(ways, agents)
}

// an agentHop is an agent that a line names, with the way that ends at it.
type agentHop struct {
	hop Hop
	way outcome
}

// ways evaluates links one by one, and sets apart the agents they name: those
// executed for whoever stands behind them.
func (w *walk) ways(links []Link, at time.Time, from line, depth int) (ways []outcome, agents []agentHop) {
	for _, l := range links {
		switch {
		case l.Role == Creator:
		case l.Role == AgentRole && l.Key.IsZero():
			agents = append(agents, agentHop{from.hop(Key{}, l.Principal, l.Proof, l.Method), w.way(l, at, from, depth)})
		default:
			ways = append(ways, w.way(l, at, from, depth))
		}
	}
	return ways, agents
}

// choose weighs the ways and puts the agents in between. They are put in after
// the choice, so that an agent somebody claims cannot weaken a proven way and let
// another one win. An agent ends the walk only where nobody stands behind it.
func (w *walk) choose(ways []outcome, agents []agentHop) outcome {
	o := choose(ways)
	if len(agents) == 0 {
		return o
	}
	if !o.resolved() && o.end != dead && o.end != ambiguous {
		for _, a := range agents {
			ways = append(ways, a.way)
		}
		return choose(ways)
	}
	if !o.resolved() {
		return o
	}
	// The acting credential is the executor: agents come right above it.
	cut := 0
	if o.role == Acting {
		cut = 1
	}
	o.hops = slices.Clone(o.hops)
	for _, a := range agents {
		o.hops = slices.Insert(o.hops, min(cut, len(o.hops)), a.hop)
		o.proof = min(o.proof, a.hop.Proof)
	}
	return o
}

func (w *walk) way(l Link, at time.Time, from line, depth int) outcome {
	at = l.when(at)
	var o outcome
	switch {
	case l.Key.IsZero():
		o = w.terminal(l.Principal, from.hop(Key{}, l.Principal, l.Proof, l.Method))
	case depth >= maxHops:
		o = outcome{end: missing, missing: l.Key, reason: "the walk stopped after too many hops"}
	case w.r.Kinds[l.Key.Kind].Alias || w.isAlias(l.Key, at):
		o = w.alias(l, at, depth)
	default:
		o = w.key(l, at, depth)
	}
	o.role, o.link = l.Role, l.Proof
	return o
}

// isAlias tells an alias of a kind that no enabled source declares by its facts.
func (w *walk) isAlias(k Key, at time.Time) bool {
	return slices.ContainsFunc(w.session(k, at).Facts, func(f Fact) bool { return f.Kind == Binding })
}

// terminal ends a way at a principal: a person, an owned service, or neither.
func (w *walk) terminal(p Principal, h Hop) outcome {
	entry, listed := w.r.Directory.Find(p)
	if listed && entry.left(w.event.Time) {
		h.State = StateLeft
	}
	o := outcome{end: service, proof: h.Proof, hops: []Hop{h}, root: p}
	switch {
	case listed && entry.Type == Human:
		o.end, o.root = person, entry.principal(p)
	case listed && entry.Owner != "":
		o.end, o.root = automated, entry.principal(p)
	case listed:
		o.missing, o.reason = p.Key(), reasonNoOwner(entry)
	case p.Type == Human:
		o.end = person
	default:
		o.missing, o.reason = p.Key(), reasonNotListed(p)
	}
	return o
}

func (e *Entry) principal(p Principal) Principal {
	return Principal{Type: e.Type, ID: e.ID, Name: e.Name, Issuer: p.Issuer, Unit: e.Unit, Owner: e.Owner}
}

// alias leads to the one key that carried the name at the time, if it was one.
func (w *walk) alias(l Link, at time.Time, depth int) outcome {
	name := l.Key
	var targets []Key
	for _, f := range w.session(name, at).Facts {
		if f.Kind == Binding && w.live(f.Target, at) {
			targets = append(targets, f.Target)
		}
	}
	slices.SortFunc(targets, Key.Compare)
	targets = slices.Compact(targets)
	var o outcome
	switch len(targets) {
	case 0:
		return w.unknown(name)
	case 1:
		l.Key = targets[0]
		o = w.key(l, at, depth)
	default:
		o = outcome{end: ambiguous, proof: Inferred, missing: name, reason: reasonAmbiguous(len(targets))}
		for _, t := range targets {
			c := l
			c.Key = t
			to := w.key(c, at, depth)
			o.candidates = append(o.candidates, to.asCandidate("live under the same name at the same time"))
			o.waits = append(o.waits, to.waits...)
		}
	}
	if w.r.Kinds.Minted(name.Kind) {
		o.waits = append(slices.Clone(o.waits), name) // a second candidate may still come
	}
	return o
}

// live reports whether a key could have been in use at a time. A key whose own
// account is not known yet counts as live: it must not hide behind that.
func (w *walk) live(k Key, at time.Time) bool {
	s := w.session(k, at)
	a := bestAccount(s.Facts)
	return a == nil || state(s.Facts, a, at, Skew) == ""
}

// unknown ends a way at a key nobody told us about.
func (w *walk) unknown(k Key) outcome {
	o := outcome{end: missing, missing: k, reason: w.reasonUnknown(k)}
	if w.r.Kinds.Minted(k.Kind) {
		o.waits = []Key{k}
	}
	return o
}

// key walks through an exact key: its hop, then whoever asked for it.
func (w *walk) key(l Link, at time.Time, depth int) outcome {
	v := visit{l.Key, at.UnixNano()}
	o, ok := w.done[v]
	switch {
	case ok && o == nil:
		return outcome{end: missing, missing: l.Key, reason: "the log says that this credential was asked for with itself"}
	case !ok:
		w.done[v] = nil
		got := w.node(l.Key, at, depth)
		o = &got
		w.done[v] = o
	}
	return o.through(l)
}

// through gives the way beyond a key the strength of the link that leads to it.
// The executor's own credential is stated by whoever minted it; every other hop
// is only as good as the link.
func (o outcome) through(l Link) outcome {
	if len(o.hops) == 0 || o.hops[0].Key != l.Key || l.Role == Acting {
		return o
	}
	o.hops = slices.Clone(o.hops)
	h := &o.hops[0]
	h.Proof, h.Method = min(h.Proof, l.Proof), l.Method
	if o.proof != 0 {
		o.proof = min(o.proof, l.Proof)
	}
	return o
}

// node is what is known of a key and of everything above it.
func (w *walk) node(k Key, at time.Time, depth int) outcome {
	facts := w.session(k, at).Facts
	a := bestAccount(facts)
	if a == nil {
		return w.unknown(k)
	}
	h := a.line().hop(k, a.Principal, a.Proof, a.Method)
	h.State = state(facts, a, at, EarlySkew)

	up := w.above(facts, a, depth)
	up.waits = slices.Clone(up.waits)
	if w.r.Kinds[k.Kind].Best > a.Proof {
		up.waits = append(up.waits, k)
	}
	if h.State != "" {
		d := outcome{end: dead, proof: a.Proof, hops: []Hop{h}, missing: k, reason: reasonDead(k, h.State, at), waits: up.waits}
		d.candidates = append(slices.Clone(up.candidates), up.asCandidate("stood behind it while it was live"))
		return d
	}
	if len(up.hops) == 1 && up.hops[0].Key.IsZero() && up.hops[0].Principal.Same(a.Principal) {
		h.State = up.hops[0].State
		up.hops = nil // the session is the person's own: one hop tells it
		up.proof = a.Proof
	}
	up.hops = append([]Hop{h}, up.hops...)
	if up.proof == 0 {
		up.proof = a.Proof
	}
	up.proof = min(up.proof, a.Proof)
	return up
}

// above chooses among everything the accounts of one key say of who asked for it.
func (w *walk) above(facts []Fact, best *Fact, depth int) outcome {
	var ways []outcome
	var agents []agentHop
	var creators []Candidate
	for i := range facts {
		f := &facts[i]
		if f.Kind != Account {
			continue
		}
		if f.Standing || f.Principal.Type == Human || !slices.ContainsFunc(f.Parents, func(l Link) bool { return l.Role != Creator }) {
			proof := f.Proof
			if len(f.Parents) > 0 && !f.Standing {
				// Whoever asked for the session weighs more than the name on it.
				proof = min(proof, Attested)
			}
			o := w.terminal(f.Principal, f.line().hop(Key{}, f.Principal, proof, f.Method))
			o.role, o.link = Requestor, proof
			ways = append(ways, o)
		}
		if f.Standing {
			creators = append(creators, w.creators(f, depth)...)
			continue
		}
		ws, as := w.ways(f.Parents, f.Start, f.line(), depth+1)
		ways, agents = append(ways, ws...), append(agents, as...)
	}
	o := w.choose(ways, agents)
	if o.end == service {
		// The root is nobody accountable. The nearest principal that the
		// directory gives an owner then answers for the session.
		if t := w.terminal(best.Principal, best.line().hop(Key{}, best.Principal, best.Proof, best.Method)); t.end == automated {
			t.role, t.link, t.waits = o.role, best.Proof, o.waits
			o = t
		}
	}
	o.candidates = sorted(append(slices.Clone(o.candidates), creators...))
	return o
}

// creators lists who made a standing key: shown, never taken for the requestor.
func (w *walk) creators(f *Fact, depth int) []Candidate {
	var cs []Candidate
	for _, l := range f.Parents {
		o := w.way(l, f.Start, f.line(), depth+1)
		cs = append(cs, o.asCandidate("created this standing key"))
	}
	return cs
}

func (ln line) hop(k Key, p Principal, proof Proof, method string) Hop {
	return Hop{Key: k, Principal: p, Proof: proof, Method: method, EventID: ln.eventID, Source: ln.source, Time: ln.time}
}
