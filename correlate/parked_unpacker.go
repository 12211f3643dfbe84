package correlate

import (
	"encoding/binary"
	"time"
	"unsafe"
)

// An unpacker reads what a packer wrote. Text is a view: what is packed never changes,
// and neither do names.
type unpacker struct {
	b     []byte
	at    int
	names []string
	texts []string
	mem   *Memory
}

func (u *unpacker) chain(c *Chain) {
	u.principal(&c.Requestor)
	c.Hops = u.mem.hops.Make(u.count())
	for i := range c.Hops {
		h := &c.Hops[i]
		u.key(&h.Key)
		u.principal(&h.Principal)
		h.Proof = u.proof()
		h.Time = u.time()
		h.Method, h.EventID, h.Source, h.State = u.text(), u.text(), u.text(), u.text()
	}
	c.Candidates = u.mem.candidates.Make(u.count())
	for i := range c.Candidates {
		o := &c.Candidates[i]
		u.key(&o.Key)
		u.principal(&o.Principal)
		o.Proof = u.proof()
		o.Method, o.EventID, o.Why = u.text(), u.text(), u.text()
	}
	c.Walked, c.Waits = u.keys(), u.keys()
}

func (u *unpacker) keys() []Key {
	keys := u.mem.keys.Make(u.count())
	for i := range keys {
		u.key(&keys[i])
	}
	return keys
}

func (u *unpacker) key(k *Key) { k.Kind, k.Value = Kind(u.text()), u.text() }

func (u *unpacker) principal(p *Principal) {
	p.Type, p.ID, p.Name = PrincipalType(u.text()), u.text(), u.text()
	p.Issuer, p.Unit, p.Owner = u.text(), u.text(), u.text()
	p.Names = u.mem.Names.Make(u.count())
	for i := range p.Names {
		p.Names[i] = u.text()
	}
}

func (u *unpacker) count() int {
	c := u.b[u.at]
	u.at++
	if c < 0x80 {
		return int(c)
	}
	return u.more(c)
}

// more reads the rest of a count that begins with c.
func (u *unpacker) more(c byte) int {
	d := u.b[u.at]
	if d < 0x80 {
		u.at++
		return int(c)&0x7f | int(d)<<7
	}
	v, n := binary.Uvarint(u.b[u.at-1:])
	u.at += n - 1
	return int(v)
}

func (u *unpacker) text() string {
	v := u.count()
	n := v >> 2
	switch v & 3 {
	case named:
		return u.names[n]
	case again:
		return u.texts[n]
	}
	if n == 0 {
		return ""
	}
	s := unsafe.String(&u.b[u.at], n)
	u.at += n
	u.texts = append(u.texts, s)
	return s
}

func (u *unpacker) proof() Proof {
	u.at++
	return Proof(u.b[u.at-1])
}

func (u *unpacker) time() time.Time {
	b := u.b[u.at : u.at+12]
	u.at += 12
	sec, nsec := int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint32(b[8:]))
	if t := time.Unix(sec, nsec).UTC(); !t.IsZero() {
		return t
	}
	return time.Time{}
}
