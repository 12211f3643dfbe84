package sinks

import (
	"strconv"

	"whence/correlate"
)

// ours writes what OCSF has no place for: who asked, and how we know. Edges lead from 0,
// what was done, by way of whoever did it to the root; edge i ends at i+1. The way is
// depth edges long, and where it breaks off, missing says at what.
func (d *ocsfWriter) ours() {
	c := d.c
	d.name("version")
	d.b = strconv.AppendUint(d.b, c.Version, 10)
	d.number("rank", int64(c.Rank))
	d.flag("settled", c.Settled)
	d.flag("primary", c.Primary)
	d.text("status", string(c.Status))
	d.text("proof", c.Proof.String())
	d.text("class", string(c.Class))
	d.text("outcome", string(c.Outcome))
	d.text("reason", c.Reason)
	if !c.Missing.IsZero() {
		d.open("missing")
		d.keyed(&c.Missing)
		d.end()
	}
	d.who("executor", &c.Actor)
	d.who("requestor", &c.Requestor)
	if n := len(c.Hops); n > 0 {
		d.who("root", &c.Hops[n-1].Principal)
	}
	d.number("depth", int64(len(c.Hops)))
	d.edges()
	d.approvers()
	d.candidates()
	d.mints()
	d.context()
	d.texts("signals", c.Signals)
	d.origin()
}

// who writes a principal as our own JSON has it, without its other names.
func (d *ocsfDocument) who(n string, p *correlate.Principal) {
	if p.IsZero() {
		return
	}
	d.open(n)
	d.whose(p)
	d.end()
}

func (d *ocsfDocument) whose(p *correlate.Principal) {
	d.text("type", string(p.Type))
	d.text("id", p.ID)
	d.text("name", p.Name)
	d.text("issuer", p.Issuer)
	d.text("unit", p.Unit)
	d.text("owner", p.Owner)
}

func (d *ocsfDocument) keyed(k *correlate.Key) {
	d.text("kind", string(k.Kind))
	d.text("key", k.Value)
}

func (d *ocsfWriter) edges() {
	if len(d.c.Hops) == 0 {
		return
	}
	d.list("edges")
	for i := range d.c.Hops {
		h := &d.c.Hops[i]
		d.begin()
		d.number("from", int64(i))
		d.number("to", int64(i+1))
		d.keyed(&h.Key)
		d.who("principal", &h.Principal)
		d.text("proof", h.Proof.String())
		d.text("method", h.Method)
		d.text("source", h.Source)
		d.text("event_id", h.EventID)
		d.instant("time", h.Time)
		d.text("state", h.State)
		d.end()
	}
	d.endList()
}

func (d *ocsfWriter) approvers() {
	if len(d.c.Approvers) == 0 {
		return
	}
	d.list("approvers")
	for i := range d.c.Approvers {
		a := &d.c.Approvers[i]
		d.begin()
		d.whose(&a.Principal)
		d.instant("time", a.Time)
		d.text("via", a.Via)
		d.text("event_id", a.EventID)
		d.end()
	}
	d.endList()
}

func (d *ocsfWriter) candidates() {
	if len(d.c.Candidates) == 0 {
		return
	}
	d.list("candidates")
	for i := range d.c.Candidates {
		x := &d.c.Candidates[i]
		d.begin()
		d.keyed(&x.Key)
		d.who("principal", &x.Principal)
		d.text("proof", x.Proof.String())
		d.text("method", x.Method)
		d.text("event_id", x.EventID)
		d.text("why", x.Why)
		d.end()
	}
	d.endList()
}

// mints are the keys that the line made.
func (d *ocsfWriter) mints() {
	if mintedBy(d.c) == nil {
		return
	}
	d.list("mints")
	for i := range d.c.Mints {
		if f := &d.c.Mints[i]; f.Kind == correlate.Account && !f.Key.IsZero() {
			d.begin()
			d.keyed(&f.Key)
			d.end()
		}
	}
	d.endList()
}

// context is what the event's attributes have no place for.
func (d *ocsfWriter) context() {
	c := d.c
	if !d.inCloud() {
		d.text("account", c.Context.Account)
		d.text("region", c.Context.Region)
	}
	if c.Context.Trace != "" && (c.Class == correlate.Auth || approvalOf(c) != nil) {
		d.text("trace", c.Context.Trace)
	}
	d.text("ticket", c.Context.Ticket)
	d.text("unit", c.Context.Unit)
	if c.Usage.CostKnown || c.Usage.CostUSD != 0 {
		d.amount("cost_usd", c.Usage.CostUSD)
	}
}

// origin is where the raw event is.
func (d *ocsfWriter) origin() {
	e := &d.c.Evidence
	d.open("evidence")
	d.text("topic", e.Topic)
	d.number("partition", int64(e.Partition))
	d.number("offset", e.Offset)
	d.end()
}
