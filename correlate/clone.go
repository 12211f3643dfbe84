package correlate

import (
	"slices"
	"strings"

	"whence/correlate/arena"
)

// Events are decoded, and chains walked, in memory that is lent for one batch. What
// is kept longer is cloned: what the window parks, what is read to be shown.

// Clone returns a copy of e that shares no memory with it.
func (e *Event) Clone() Event {
	c := *e
	c.ownLists()
	own(c.texts)
	return c
}

// Clone returns a copy of c that shares no memory with it.
func (c *Chain) Clone() Chain {
	d := *c
	d.ownLists()
	own(d.texts)
	return d
}

// Clone returns a copy of f that shares no memory with it.
func (f *Fact) Clone() Fact {
	c := *f
	c.ownLists()
	own(c.texts)
	return c
}

// Clone returns a copy of k that shares no memory with it.
func (k Key) Clone() Key {
	return Key{Kind: Kind(strings.Clone(string(k.Kind))), Value: strings.Clone(k.Value)}
}

// own moves every string that texts visits into one piece of memory.
func own(texts func(visit func(*string))) {
	n := 0
	texts(func(s *string) { n += len(*s) })
	room := make([]byte, 0, n)
	texts(func(s *string) { room = append(room, *s...) })
	all := arena.View(room)
	texts(func(s *string) { *s, all = all[:len(*s)], all[len(*s):] })
}

func (e *Event) ownLists() {
	e.Actor.ownLists()
	e.Uses = slices.Clone(e.Uses)
	for i := range e.Uses {
		e.Uses[i].Principal.ownLists()
	}
	e.Mints = slices.Clone(e.Mints)
	for i := range e.Mints {
		e.Mints[i].ownLists()
	}
	e.Resources = slices.Clone(e.Resources)
	e.Signals, e.Line = slices.Clone(e.Signals), nil
}

func (c *Chain) ownLists() {
	c.Event.ownLists()
	c.Requestor.ownLists()
	c.Approvers = slices.Clone(c.Approvers)
	for i := range c.Approvers {
		c.Approvers[i].ownLists()
	}
	c.Hops = slices.Clone(c.Hops)
	for i := range c.Hops {
		c.Hops[i].Principal.ownLists()
	}
	c.Candidates = slices.Clone(c.Candidates)
	for i := range c.Candidates {
		c.Candidates[i].Principal.ownLists()
	}
	c.Walked, c.Waits = slices.Clone(c.Walked), slices.Clone(c.Waits)
}

func (f *Fact) ownLists() {
	f.Principal.ownLists()
	f.Parents = slices.Clone(f.Parents)
	for i := range f.Parents {
		f.Parents[i].Principal.ownLists()
	}
}

func (p *Principal) ownLists() { p.Names = slices.Clone(p.Names) }

// texts visits every string of e, always in the same order.
func (e *Event) texts(visit func(*string)) {
	for _, s := range [...]*string{
		&e.Source, &e.EventID, &e.Tenant, &e.Action, (*string)(&e.Class), (*string)(&e.Outcome), &e.Error, &e.Usage.Model,
		&e.Context.IP, &e.Context.Agent, &e.Context.Account, &e.Context.Region, &e.Context.Session, &e.Context.Trace,
		&e.Context.Ticket, &e.Context.App, &e.Context.Unit, &e.Evidence.Topic, &e.Evidence.SHA256,
	} {
		visit(s)
	}
	e.Actor.texts(visit)
	for i := range e.Uses {
		e.Uses[i].texts(visit)
	}
	for i := range e.Mints {
		e.Mints[i].texts(visit)
	}
	for i := range e.Resources {
		visit(&e.Resources[i].Type)
		visit(&e.Resources[i].ID)
	}
	for i := range e.Signals {
		visit(&e.Signals[i])
	}
}

func (c *Chain) texts(visit func(*string)) {
	c.Event.texts(visit)
	visit((*string)(&c.Status))
	visit(&c.Reason)
	c.Missing.texts(visit)
	c.Requestor.texts(visit)
	for i := range c.Approvers {
		a := &c.Approvers[i]
		a.texts(visit)
		visit(&a.Via)
		visit(&a.EventID)
	}
	for i := range c.Hops {
		h := &c.Hops[i]
		h.Key.texts(visit)
		h.Principal.texts(visit)
		for _, s := range [...]*string{&h.Method, &h.EventID, &h.Source, &h.State} {
			visit(s)
		}
	}
	for i := range c.Candidates {
		o := &c.Candidates[i]
		o.Key.texts(visit)
		o.Principal.texts(visit)
		for _, s := range [...]*string{&o.Method, &o.EventID, &o.Why} {
			visit(s)
		}
	}
	for i := range c.Walked {
		c.Walked[i].texts(visit)
	}
	for i := range c.Waits {
		c.Waits[i].texts(visit)
	}
}

func (f *Fact) texts(visit func(*string)) {
	for _, s := range [...]*string{&f.Source, &f.EventID, &f.Method, &f.Reason} {
		visit(s)
	}
	f.Key.texts(visit)
	f.Target.texts(visit)
	f.Principal.texts(visit)
	for i := range f.Parents {
		f.Parents[i].texts(visit)
	}
}

func (l *Link) texts(visit func(*string)) {
	visit(&l.Method)
	l.Key.texts(visit)
	l.Principal.texts(visit)
}

func (p *Principal) texts(visit func(*string)) {
	for _, s := range [...]*string{(*string)(&p.Type), &p.ID, &p.Name, &p.Issuer, &p.Unit, &p.Owner} {
		visit(s)
	}
	for i := range p.Names {
		visit(&p.Names[i])
	}
}

func (k *Key) texts(visit func(*string)) {
	visit((*string)(&k.Kind))
	visit(&k.Value)
}
