package correlate

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// A start is a hash of the links from which a walk starts: 128 bits, the first of which
// say where the walk is kept.
type start struct{ slot, check uint64 }

func (s start) tag() uint32 { return uint32(s.check>>32) | 1 }

// A secret keys the hash. It is drawn anew by every process and nothing of the hash is
// ever shown, so nobody can make a session that is taken for another. Should two
// collide all the same, the walk's own key is compared with that of the event: see
// Walker.again.
type secret [4]uint64

func newSecret() secret {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails
	var s secret
	for i := range s {
		s[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return s
}

// startOf hashes links where they lie: to write them down first, to be hashed twice,
// costs three times as much.
func (f *Finished) startOf(links []Link) start {
	h := hasher{start{f.secret[0], f.secret[1]}, f.secret[2], f.secret[3]}
	for i := range links {
		l := &links[i]
		p := &l.Principal
		parts := uint64(l.Role) | uint64(l.Proof)<<8 | uint64(len(l.Method))<<32
		if !l.Key.IsZero() {
			parts |= 1 << 16
		}
		if !l.At.IsZero() {
			parts |= 1 << 17
		}
		if !p.empty() {
			parts |= 1 << 18
		}
		h.two(parts, uint64(len(links)))
		h.text(l.Method)
		if parts&(1<<16) != 0 {
			h.text(string(l.Key.Kind))
			h.text(l.Key.Value)
		}
		if parts&(1<<17) != 0 {
			h.two(uint64(l.At.Unix()), uint64(l.At.Nanosecond()))
		}
		if parts&(1<<18) != 0 {
			h.principal(p)
		}
	}
	return h.start
}

func (p *Principal) empty() bool {
	return len(p.Type)+len(p.ID)+len(p.Name)+len(p.Issuer)+len(p.Unit)+len(p.Owner)+len(p.Names) == 0
}

// A hasher makes two hashes at once, each by the multiplication that Go's own maps
// hash with where the processor has no instruction for it. They do not wait for each
// other, so that the second costs little.
type hasher struct {
	start
	j, k uint64
}

func (h *hasher) two(v, w uint64) {
	hi, lo := bits.Mul64(h.slot^v, h.j^w)
	h.slot = hi ^ lo
	hi, lo = bits.Mul64(h.check^w, h.k^v)
	h.check = hi ^ lo
}

// text adds a string and its length, as digest.text does.
func (h *hasher) text(s string) {
	n := uint64(len(s)) * digestA
	for len(s) > 16 {
		h.two(load(s), load(s[8:]))
		s = s[16:]
	}
	v, w := ends(s)
	h.two(v, w^n)
}

func (h *hasher) principal(p *Principal) {
	h.text(string(p.Type))
	h.text(p.ID)
	h.text(p.Name)
	h.text(p.Issuer)
	h.text(p.Unit)
	h.text(p.Owner)
	h.two(uint64(len(p.Names)), 0)
	for _, n := range p.Names {
		h.text(n)
	}
}
