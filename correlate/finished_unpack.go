package correlate

import "time"

// giveTo sets what a finished walk found, looked at and waits for in c. Text is where
// the walk has it, which never changes; lists are lent.
func (w *finished) giveTo(c *Chain, f *Finished, mem *Memory) {
	r := w.rest()
	g := giver{w.memories(&r, f), r.names, mem}
	g.principal(&c.Requestor, &w.requestor)
	g.key(&c.Missing, &w.missing)
	c.Reason = g.at(w.reason)
	c.Hops = mem.hops.Make(len(r.hops))
	for i := range c.Hops {
		h, from := &c.Hops[i], &r.hops[i]
		g.key(&h.Key, &from.key)
		g.principal(&h.Principal, &from.principal)
		h.Proof = from.principal.proof
		h.Method, h.EventID = g.at(from.method), g.at(from.eventID)
		h.Source, h.State = g.at(from.source), g.at(from.state)
		h.Time = time.Unix(from.sec, int64(from.nsec)).UTC()
	}
	c.Candidates = mem.candidates.Make(len(r.candidates))
	for i := range c.Candidates {
		o, from := &c.Candidates[i], &r.candidates[i]
		g.key(&o.Key, &from.key)
		g.principal(&o.Principal, &from.principal)
		o.Proof = from.principal.proof
		o.Method, o.EventID, o.Why = g.at(from.method), g.at(from.eventID), g.at(from.why)
	}
	c.Walked, c.Waits = g.keys(r.walked), g.keys(r.waits)
}

type giver struct {
	texts
	names []place // of the principals that are left
	mem   *Memory
}

func (g *giver) keys(from []keptKey) []Key {
	keys := g.mem.keys.Make(len(from))
	for i := range keys {
		g.key(&keys[i], &from[i])
	}
	return keys
}

func (g *giver) key(k *Key, from *keptKey) { k.Kind, k.Value = Kind(g.at(from.kind)), g.at(from.value) }

func (g *giver) principal(p *Principal, from *keptPrincipal) {
	p.Type, p.ID, p.Name = PrincipalType(g.at(from.typ)), g.at(from.id), g.at(from.name)
	p.Issuer, p.Unit, p.Owner = g.at(from.issuer), g.at(from.unit), g.at(from.owner)
	p.Names = nil
	if n := int(from.names); n > 0 {
		p.Names = g.mem.Names.Make(n)
		for i := range p.Names {
			p.Names[i] = g.at(g.names[i])
		}
		g.names = g.names[n:]
	}
}
