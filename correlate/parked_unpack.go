package correlate

import (
	"encoding/binary"
	"math"
)

// whole reads what packer.whole wrote. Text is a view of what is packed; lists are
// lent by u.mem.
func (u *unpacker) whole(c *Chain) {
	u.event(&c.Event)
	c.Rank = uint32(u.count())
	c.Version = u.number()
	c.Settled, c.Proof = u.flag(), u.proof()
	c.Status = Status(u.text())
	c.Reason = u.text()
	u.key(&c.Missing)
	c.Approvers = u.mem.approvers.Make(u.count())
	for i := range c.Approvers {
		a := &c.Approvers[i]
		u.principal(&a.Principal)
		a.Time = u.time()
		a.Via, a.EventID = u.text(), u.text()
	}
	u.chain(c)
}

func (u *unpacker) event(e *Event) {
	u.id(&e.ID)
	u.id(&e.ActionID)
	e.Primary = u.flag()
	e.Time = u.time()
	for _, s := range [...]*string{
		&e.Source, &e.Tenant, &e.Action, (*string)(&e.Class), (*string)(&e.Outcome), &e.Error, &e.Evidence.Topic,
		&e.Context.Account, &e.Context.Region, &e.Context.Agent, &e.Context.App, &e.Context.Unit, &e.Usage.Model,
		&e.EventID, &e.Context.IP, &e.Context.Session, &e.Context.Trace, &e.Context.Ticket, &e.Evidence.SHA256,
	} {
		*s = u.text()
	}
	u.principal(&e.Actor)
	e.Uses = u.links()
	e.Mints = u.mem.Facts.Make(u.count())
	for i := range e.Mints {
		u.fact(&e.Mints[i])
	}
	e.Resources = u.mem.resources.Make(u.count())
	for i := range e.Resources {
		e.Resources[i] = Resource{Type: u.text(), ID: u.text()}
	}
	e.Usage.InputTokens, e.Usage.OutputTokens = int64(u.number()), int64(u.number())
	e.Usage.CostUSD = math.Float64frombits(binary.LittleEndian.Uint64(u.b[u.at:]))
	u.at += 8
	e.Usage.CostKnown = u.flag()
	e.Evidence.Partition = int32(uint32(u.number()))
	e.Evidence.Offset = int64(u.number())
	if n := u.count(); n > 0 {
		e.Signals = u.mem.Names.Make(n)
		for i := range e.Signals {
			e.Signals[i] = u.text()
		}
	}
}

func (u *unpacker) links() []Link {
	ls := u.mem.Links.Make(u.count())
	for i := range ls {
		l := &ls[i]
		l.Role, l.Proof = Role(u.byte()), u.proof()
		u.key(&l.Key)
		u.principal(&l.Principal)
		l.Method = u.text()
		l.At = u.time()
	}
	return ls
}

func (u *unpacker) fact(f *Fact) {
	f.Kind, f.Proof, f.Standing = FactKind(u.byte()), u.proof(), u.flag()
	u.id(&f.Origin)
	u.key(&f.Key)
	u.key(&f.Target)
	f.Source, f.EventID = u.text(), u.text()
	f.Time = u.time()
	f.Method = u.text()
	u.principal(&f.Principal)
	f.Parents = u.links()
	f.Start, f.End = u.time(), u.time()
	f.Reason = u.text()
}

func (u *unpacker) id(id *ID) { u.at += copy(id[:], u.b[u.at:]) }

func (u *unpacker) flag() bool { return u.byte() != 0 }

func (u *unpacker) byte() byte {
	u.at++
	return u.b[u.at-1]
}

func (u *unpacker) number() uint64 {
	v, n := binary.Uvarint(u.b[u.at:])
	u.at += n
	return v
}
