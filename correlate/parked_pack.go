package correlate

import (
	"encoding/binary"
	"math"
	"strings"
)

// A parked chain is kept in bytes without pointers: the collector would otherwise
// look at some fifty strings of each, again and again.

// whole packs all of c into p, its text spelled or, where it is one of few, by number.
func (p *packer) whole(c *Chain, words *words) {
	w := parkedPacker{p, words}
	w.event(&c.Event)
	p.count(int(c.Rank))
	p.number(c.Version)
	p.b = append(p.b, bit(c.Settled), byte(c.Proof))
	w.word(string(c.Status))
	p.text(c.Reason)
	p.key(&c.Missing)
	p.count(len(c.Approvers))
	for i := range c.Approvers {
		a := &c.Approvers[i]
		p.principal(&a.Principal)
		p.time(a.Time)
		w.word(a.Via)
		p.text(a.EventID)
	}
	p.chain(c)
}

type parkedPacker struct {
	*packer
	words *words
}

func (p parkedPacker) event(e *Event) {
	p.b = append(p.b, e.ID[:]...)
	p.b = append(p.b, e.ActionID[:]...)
	p.b = append(p.b, bit(e.Primary))
	p.time(e.Time)
	for _, s := range [...]string{
		e.Source, e.Tenant, e.Action, string(e.Class), string(e.Outcome), e.Error, e.Evidence.Topic,
		e.Context.Account, e.Context.Region, e.Context.Agent, e.Context.App, e.Context.Unit, e.Usage.Model,
	} {
		p.word(s)
	}
	for _, s := range [...]string{
		e.EventID, e.Context.IP, e.Context.Session, e.Context.Trace, e.Context.Ticket, e.Evidence.SHA256,
	} {
		p.text(s)
	}
	p.principal(&e.Actor)
	p.links(e.Uses)
	p.count(len(e.Mints))
	for i := range e.Mints {
		p.fact(&e.Mints[i])
	}
	p.count(len(e.Resources))
	for i := range e.Resources {
		p.word(e.Resources[i].Type)
		p.text(e.Resources[i].ID)
	}
	p.number(uint64(e.Usage.InputTokens))
	p.number(uint64(e.Usage.OutputTokens))
	p.b = binary.LittleEndian.AppendUint64(p.b, math.Float64bits(e.Usage.CostUSD))
	p.b = append(p.b, bit(e.Usage.CostKnown))
	p.number(uint64(uint32(e.Evidence.Partition)))
	p.number(uint64(e.Evidence.Offset))
	p.count(len(e.Signals))
	for _, s := range e.Signals {
		p.word(s)
	}
}

func (p parkedPacker) links(ls []Link) {
	p.count(len(ls))
	for i := range ls {
		l := &ls[i]
		p.b = append(p.b, byte(l.Role), byte(l.Proof))
		p.key(&l.Key)
		p.principal(&l.Principal)
		p.word(l.Method)
		p.time(l.At)
	}
}

func (p parkedPacker) fact(f *Fact) {
	p.b = append(p.b, byte(f.Kind), byte(f.Proof), bit(f.Standing))
	p.b = append(p.b, f.Origin[:]...)
	p.key(&f.Key)
	p.key(&f.Target)
	p.word(f.Source)
	p.text(f.EventID)
	p.time(f.Time)
	p.word(f.Method)
	p.principal(&f.Principal)
	p.links(f.Parents)
	p.time(f.Start)
	p.time(f.End)
	p.word(f.Reason)
}

// word writes what is one of few.
func (p parkedPacker) word(s string) {
	if id, ok := p.words.number(s); ok {
		p.count(int(id)<<2 | named)
		return
	}
	p.text(s)
}

func (p *packer) number(v uint64) { p.b = binary.AppendUvarint(p.b, v) }

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// words are what the parked chains of one lane say again and again. They only grow,
// up to their bound; what is not among them is spelled. They are owned by one
// goroutine.
type words struct {
	ids  map[string]uint32
	list []string
}

const (
	mostWords   = 4096
	longestWord = 128
)

func (w *words) number(s string) (uint32, bool) {
	if s == "" || len(s) > longestWord {
		return 0, false
	}
	if id, ok := w.ids[s]; ok {
		return id, true
	}
	if len(w.list) == mostWords {
		return 0, false
	}
	s, id := strings.Clone(s), uint32(len(w.list))
	w.ids[s] = id
	w.list = append(w.list, s)
	return id, true
}
