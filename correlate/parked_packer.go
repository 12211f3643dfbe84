package correlate

import (
	"encoding/binary"
	"time"
)

// A text of a parked chain begins with a number whose lowest two bits say what the rest
// of it is.
const (
	spelled = iota // how many bytes follow
	again          // which of the texts spelled before, in this chain: most keys come three times
	named          // which of the words of the lane
)

// A packer writes what a parked chain is made of: see whole.
type packer struct {
	b     []byte
	texts []string // that were spelled
}

func (p *packer) reset() {
	p.b = p.b[:0]
	clear(p.texts)
	p.texts = p.texts[:0]
}

// chain writes what the walk found, looked at and waits for.
func (p *packer) chain(c *Chain) {
	p.principal(&c.Requestor)
	p.count(len(c.Hops))
	for i := range c.Hops {
		h := &c.Hops[i]
		p.key(&h.Key)
		p.principal(&h.Principal)
		p.b = append(p.b, byte(h.Proof))
		p.time(h.Time)
		p.text(h.Method)
		p.text(h.EventID)
		p.text(h.Source)
		p.text(h.State)
	}
	p.count(len(c.Candidates))
	for i := range c.Candidates {
		o := &c.Candidates[i]
		p.key(&o.Key)
		p.principal(&o.Principal)
		p.b = append(p.b, byte(o.Proof))
		p.text(o.Method)
		p.text(o.EventID)
		p.text(o.Why)
	}
	p.keys(c.Walked)
	p.keys(c.Waits)
}

func (p *packer) keys(keys []Key) {
	p.count(len(keys))
	for i := range keys {
		p.key(&keys[i])
	}
}

func (p *packer) key(k *Key) {
	p.text(string(k.Kind))
	p.text(k.Value)
}

func (p *packer) principal(q *Principal) {
	for _, s := range [...]string{string(q.Type), q.ID, q.Name, q.Issuer, q.Unit, q.Owner} {
		p.text(s)
	}
	p.count(len(q.Names))
	for _, n := range q.Names {
		p.text(n)
	}
}

func (p *packer) count(n int) { p.b = binary.AppendUvarint(p.b, uint64(n)) }

// time writes a time in UTC; seconds and nanoseconds apart, as the zero time is out of
// reach of nanoseconds since 1970.
func (p *packer) time(t time.Time) {
	p.b = binary.LittleEndian.AppendUint64(p.b, uint64(t.Unix()))
	p.b = binary.LittleEndian.AppendUint32(p.b, uint32(t.Nanosecond()))
}

// text writes what is of this chain.
func (p *packer) text(s string) {
	if s != "" {
		for i := range p.texts[:min(len(p.texts), mostAgain)] {
			if p.texts[i] == s {
				p.count(i<<2 | again)
				return
			}
		}
		p.texts = append(p.texts, s)
	}
	p.count(len(s)<<2 + spelled)
	p.b = append(p.b, s...)
}

// mostAgain bounds how many texts are searched for one.
const mostAgain = 64
