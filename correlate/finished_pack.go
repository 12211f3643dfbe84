package correlate

import (
	"encoding/binary"
	"time"
	"unsafe"
)

// pack appends what a finished walk keeps of its chain: the stamps of the keys it
// looked at, from before it did, then requestor, hops, candidates, and what it
// looked at and waits for.
func (w *Walker) pack(b []byte, c *Chain) []byte {
	n := 0
	for i := range w.spots.list {
		if w.spots.list[i].read {
			n++
		}
	}
	b = binary.AppendUvarint(b, uint64(n))
	for i := range w.spots.list {
		if p := &w.spots.list[i]; p.read {
			b = appendKey(b, &p.key)
			b = binary.LittleEndian.AppendUint32(b, p.stamp)
		}
	}
	b = appendPrincipal(b, &c.Requestor)
	b = binary.AppendUvarint(b, uint64(len(c.Hops)))
	for i := range c.Hops {
		h := &c.Hops[i]
		b = appendKey(b, &h.Key)
		b = appendPrincipal(b, &h.Principal)
		b = append(b, byte(h.Proof))
		b = appendTime(b, h.Time)
		b = appendText(appendText(appendText(appendText(b, h.Method), h.EventID), h.Source), h.State)
	}
	b = binary.AppendUvarint(b, uint64(len(c.Candidates)))
	for i := range c.Candidates {
		o := &c.Candidates[i]
		b = appendKey(b, &o.Key)
		b = appendPrincipal(b, &o.Principal)
		b = append(b, byte(o.Proof))
		b = appendText(appendText(appendText(b, o.Method), o.EventID), o.Why)
	}
	for _, keys := range [...][]Key{c.Walked, c.Waits} {
		b = binary.AppendUvarint(b, uint64(len(keys)))
		for i := range keys {
			b = appendKey(b, &keys[i])
		}
	}
	return b
}

// appendLinks writes links down so that two lists are written alike only if they
// are alike.
func appendLinks(b []byte, links []Link) []byte {
	for i := range links {
		l := &links[i]
		b = append(b, byte(l.Role), byte(l.Proof))
		b = appendKey(b, &l.Key)
		b = appendText(b, l.Method)
		b = appendTime(b, l.At)
		b = appendPrincipal(b, &l.Principal)
	}
	return b
}

func appendPrincipal(b []byte, p *Principal) []byte {
	b = appendText(appendText(appendText(b, string(p.Type)), p.ID), p.Name)
	b = appendText(appendText(appendText(b, p.Issuer), p.Unit), p.Owner)
	b = binary.AppendUvarint(b, uint64(len(p.Names)))
	for _, n := range p.Names {
		b = appendText(b, n)
	}
	return b
}

func appendKey(b []byte, k *Key) []byte { return appendText(appendText(b, string(k.Kind)), k.Value) }

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendTime writes a time in UTC; seconds and nanoseconds apart, as the zero time
// is out of reach of nanoseconds since 1970.
func appendTime(b []byte, t time.Time) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(t.Unix()))
	return binary.LittleEndian.AppendUint32(b, uint32(t.Nanosecond()))
}

// An unpacker reads what pack wrote. Text is a view: what is packed never changes.
type unpacker struct{ text []byte }

func (u *unpacker) count() int {
	if c := u.text[0]; c < 0x80 {
		u.text = u.text[1:]
		return int(c)
	}
	v, n := binary.Uvarint(u.text)
	u.text = u.text[n:]
	return int(v)
}

func (u *unpacker) string() string {
	n := u.count()
	if n == 0 {
		return ""
	}
	s := unsafe.String(&u.text[0], n)
	u.text = u.text[n:]
	return s
}

func (u *unpacker) key() Key { return Key{Kind: Kind(u.string()), Value: u.string()} }

func (u *unpacker) stamp() uint32 {
	v := binary.LittleEndian.Uint32(u.text)
	u.text = u.text[4:]
	return v
}

func (u *unpacker) time() time.Time {
	sec, nsec := int64(binary.LittleEndian.Uint64(u.text)), int64(binary.LittleEndian.Uint32(u.text[8:]))
	u.text = u.text[12:]
	if t := time.Unix(sec, nsec).UTC(); !t.IsZero() {
		return t
	}
	return time.Time{}
}

func (u *unpacker) principal(p *Principal, w *Walker) {
	p.Type, p.ID, p.Name = PrincipalType(u.string()), u.string(), u.string()
	p.Issuer, p.Unit, p.Owner = u.string(), u.string(), u.string()
	p.Names = w.mem.Names.Make(u.count())
	for i := range p.Names {
		p.Names[i] = u.string()
	}
}

func (u *unpacker) hop(h *Hop, w *Walker) {
	h.Key = u.key()
	u.principal(&h.Principal, w)
	h.Proof = Proof(u.text[0])
	u.text = u.text[1:]
	h.Time = u.time()
	h.Method, h.EventID, h.Source, h.State = u.string(), u.string(), u.string(), u.string()
}

func (u *unpacker) candidate(c *Candidate, w *Walker) {
	c.Key = u.key()
	u.principal(&c.Principal, w)
	c.Proof = Proof(u.text[0])
	u.text = u.text[1:]
	c.Method, c.EventID, c.Why = u.string(), u.string(), u.string()
}

func (u *unpacker) keys(w *Walker) []Key {
	keys := w.mem.keys.Make(u.count())
	for i := range keys {
		keys[i] = u.key()
	}
	return keys
}
