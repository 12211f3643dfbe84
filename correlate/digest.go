package correlate

import (
	"encoding/binary"
	"math/bits"
	"time"
)

// A digest is a hash of a chain's content: sixteen bytes of it go through one
// multiplication, which costs a twentieth of SHA-256 over the chain's JSON. Nobody
// can gain by making two contents collide: a version takes ten bits of it to put rows
// of one chain, walked from as many facts, into an order that everybody agrees on.
// What must be believed, such as evidence, is hashed with SHA-256.
//
// It is the same on every machine and in every process, and must stay as it is, or
// chains that are walked again get other versions.
type digest uint64

const (
	digestA = 0x9E3779B97F4A7C15
	digestB = 0xD6E8FEB86659FD93
)

// two adds two numbers.
func (d *digest) two(v, w uint64) {
	hi, lo := bits.Mul64(uint64(*d)^v^digestA, w^digestB)
	*d = digest(bits.RotateLeft64(uint64(*d), 23) ^ hi ^ lo)
}

// word adds one number.
func (d *digest) word(v uint64) { d.two(v, 0) }

// text adds a string, and its length with the end of it, so that what one string
// lacks cannot be made up by the next.
func (d *digest) text(s string) {
	n := uint64(len(s)) * digestA
	for len(s) > 16 {
		d.two(load(s), load(s[8:]))
		s = s[16:]
	}
	v, w := ends(s)
	d.two(v, w^n)
}

// ends are all bytes of a string of at most sixteen, some of them twice: its length
// tells which.
func ends(s string) (v, w uint64) {
	switch n := len(s); {
	case n >= 8:
		return load(s), load(s[n-8:])
	case n >= 4:
		return load4(s), load4(s[n-4:])
	case n > 0:
		return uint64(s[0]) | uint64(s[n/2])<<8 | uint64(s[n-1])<<16, 0
	}
	return 0, 0
}

func load(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load4(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

func (d *digest) texts(ss ...string) {
	for _, s := range ss {
		d.text(s)
	}
}

func (d *digest) id(id *ID) {
	d.two(binary.LittleEndian.Uint64(id[:8]), binary.LittleEndian.Uint64(id[8:]))
}

func (d *digest) time(t time.Time) { d.two(uint64(t.Unix()), uint64(t.Nanosecond())) }

func (d *digest) key(k *Key) { d.texts(string(k.Kind), k.Value) }

func (d *digest) principal(p *Principal) {
	d.texts(string(p.Type), p.ID, p.Name, p.Issuer, p.Unit, p.Owner)
	d.word(uint64(len(p.Names)))
	d.texts(p.Names...)
}

// digest is that of what a chain's JSON shows, but for the version and the place of
// the record: of its event, and of what was found.
//
// The SHA-256 of the raw event stands for what was decoded from it: with the scope,
// which is in the id, and the time, which may be that of arrival, it decides all of
// it. Where the walk started and what it looked at follows from that and the facts.
func (c *Chain) digest(found digest) uint64 {
	var d digest
	d.id(&c.ID)
	d.time(c.Time)
	d.text(c.Evidence.SHA256)
	var settled uint64
	if c.Settled {
		settled = 1
	}
	d.two(uint64(found), settled)
	d.word(digestB) // the version takes the highest bits
	return uint64(d)
}

// found is the digest of what the walk found. A walk that is used again finds the
// same, so this part is kept with it.
func (c *Chain) found() digest {
	var d digest
	d.two(uint64(c.Rank), uint64(c.Proof))
	d.texts(string(c.Status), c.Reason)
	d.key(&c.Missing)
	d.principal(&c.Requestor)
	d.word(uint64(len(c.Approvers)))
	for i := range c.Approvers {
		a := &c.Approvers[i]
		d.principal(&a.Principal)
		d.time(a.Time)
		d.texts(a.Via, a.EventID)
	}
	d.word(uint64(len(c.Hops)))
	for i := range c.Hops {
		h := &c.Hops[i]
		d.key(&h.Key)
		d.principal(&h.Principal)
		d.word(uint64(h.Proof))
		d.time(h.Time)
		d.texts(h.Method, h.EventID, h.Source, h.State)
	}
	d.word(uint64(len(c.Candidates)))
	for i := range c.Candidates {
		o := &c.Candidates[i]
		d.key(&o.Key)
		d.principal(&o.Principal)
		d.word(uint64(o.Proof))
		d.texts(o.Method, o.EventID, o.Why)
	}
	return d
}
