package correlate

// What an exact key leads to: the hop of its session, and whoever asked for it.

// key walks through an exact key: its hop, then whoever asked for it. l is the link
// that leads to it, by itself or by a name.
func (w *Walker) key(n int, l *Link, depth int) outcome {
	p := &w.spots.list[n]
	switch k := p.key; {
	case p.under:
		return outcome{end: missing, missing: k, reason: "the log says that this credential was asked for with itself"}
	case p.way == nil:
		p.under = true
		o := w.outcomes.New()
		*o = w.node(n, depth)
		p = &w.spots.list[n] // the walk has found more spots
		p.under, p.way = false, o
	}
	return w.through(p.way, p.key, l)
}

// through gives the way beyond a key the strength of the link that leads to it.
// The executor's own credential is stated by whoever minted it; every other hop
// is only as good as the link.
func (w *Walker) through(known *outcome, k Key, l *Link) outcome {
	o := *known
	if len(o.hops) == 0 || o.hops[0].Key != k || l.Role == Acting {
		return o
	}
	o.hops = w.hops.Append(nil, o.hops...)
	h := &o.hops[0]
	h.Proof, h.Method = min(h.Proof, l.Proof), l.Method
	if o.proof != 0 {
		o.proof = min(o.proof, l.Proof)
	}
	return o
}

// node is what is known of a key and of everything above it.
func (w *Walker) node(n, depth int) outcome {
	facts := w.factsOf(n)
	k, at := w.spots.list[n].key, w.spots.list[n].at
	a := bestAccount(facts)
	if a == nil {
		return w.unknown(k)
	}
	h := a.line().hop(k, &a.Principal, a.Proof, a.Method)
	h.State = state(facts, a, at, EarlySkew)

	up := w.above(facts, a, depth)
	if w.kind(k.Kind).Best > a.Proof {
		up.waits = w.with(up.waits, k)
	}
	if h.State != "" {
		d := outcome{end: dead, proof: a.Proof, hops: w.hops.Append(nil, h), missing: k, reason: reasonDead(k, h.State, at), waits: up.waits}
		d.candidates = w.candidates.Append(w.candidates.Append(nil, up.candidates...), up.asCandidate("stood behind it while it was live"))
		return d
	}
	if len(up.hops) == 1 && up.hops[0].Key.IsZero() && up.hops[0].Principal.Same(a.Principal) {
		h.State = up.hops[0].State
		up.hops = nil // the session is the person's own: one hop tells it
		up.proof = a.Proof
	}
	up.hops = w.hops.Append(w.hops.Append(nil, h), up.hops...)
	if up.proof == 0 {
		up.proof = a.Proof
	}
	up.proof = min(up.proof, a.Proof)
	return up
}

// above chooses among everything the accounts of one key say of who asked for it.
func (w *Walker) above(facts []Fact, best *Fact, depth int) outcome {
	base := len(w.stack)
	var agents []agentHop
	var creators []Candidate
	for i := range facts {
		f := &facts[i]
		if f.Kind != Account {
			continue
		}
		if f.Standing || f.Principal.Type == Human || !f.askedFor() {
			proof := f.Proof
			if len(f.Parents) > 0 && !f.Standing {
				// Whoever asked for the session weighs more than the name on it.
				proof = min(proof, Attested)
			}
			o := w.terminal(&f.Principal, f.line().hop(Key{}, &f.Principal, proof, f.Method))
			o.role, o.link = Requestor, proof
			w.stack = append(w.stack, o)
		}
		if f.Standing {
			creators = w.creators(creators, f, depth)
			continue
		}
		agents = w.ways(agents, f.Parents, f.Start, f.line(), depth+1)
	}
	o := w.weighFrom(base, agents)
	if o.end == service {
		// The root is nobody accountable. The nearest principal that the
		// directory gives an owner then answers for the session.
		if t := w.terminal(&best.Principal, best.line().hop(Key{}, &best.Principal, best.Proof, best.Method)); t.end == automated {
			t.role, t.link, t.waits = o.role, best.Proof, o.waits
			o = t
		}
	}
	if len(o.candidates)+len(creators) > 0 {
		o.candidates = sorted(w.candidates.Append(w.candidates.Append(nil, o.candidates...), creators...))
	}
	return o
}

// askedFor reports whether the account says who asked for the key.
func (f *Fact) askedFor() bool {
	for i := range f.Parents {
		if f.Parents[i].Role != Creator {
			return true
		}
	}
	return false
}

// creators lists who made a standing key: shown, never taken for the requestor.
func (w *Walker) creators(cs []Candidate, f *Fact, depth int) []Candidate {
	for i := range f.Parents {
		o := w.way(&f.Parents[i], f.Start, f.line(), depth+1)
		cs = w.candidates.Append(cs, o.asCandidate("created this standing key"))
	}
	return cs
}

func (ln line) hop(k Key, p *Principal, proof Proof, method string) Hop {
	return Hop{Key: k, Principal: *p, Proof: proof, Method: method, EventID: ln.eventID, Source: ln.source, Time: ln.time}
}
