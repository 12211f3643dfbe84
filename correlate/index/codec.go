package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"whence/correlate"
)

// Bounds of an encoded fact. Whatever is larger is refused by Bind, the same way
// everywhere: no log line needs it, and a broker would refuse it for good.
const (
	// MaxFactBytes is the largest encoded fact. Brokers take records of 1 MiB.
	MaxFactBytes = 256 << 10
	maxParents   = 256
	maxNames     = 256
)

var (
	errShort    = errors.New("ends early")
	errTrailing = errors.New("has bytes left over")
	errCount    = errors.New("counts more than it can hold")
)

// A fact's body is everything but its key, which the place it is kept in knows:
//
//	flags kind proof origin[16]
//	source event_id method reason       each uvarint length, bytes
//	time start end                      each 8 bytes, if flagged
//	target principal parents            if flagged
//
// Times are unix nanoseconds; a zero time is a flag not set.
const (
	hasTime = 1 << iota
	hasStart
	hasEnd
	hasTarget
	hasPrincipal
	hasParents
	isStanding
)

const (
	linkKey = 1 << iota
	linkPrincipal
	linkAt
)

// appendBody appends f without its key.
func appendBody(b []byte, f *correlate.Fact) []byte {
	flags := flag(!f.Time.IsZero(), hasTime) | flag(!f.Start.IsZero(), hasStart) | flag(!f.End.IsZero(), hasEnd) |
		flag(!f.Target.IsZero(), hasTarget) | flag(present(&f.Principal), hasPrincipal) |
		flag(len(f.Parents) > 0, hasParents) | flag(f.Standing, isStanding)
	b = append(b, flags, byte(f.Kind), byte(f.Proof))
	b = append(b, f.Origin[:]...)
	b = appendString(b, f.Source)
	b = appendString(b, f.EventID)
	b = appendString(b, f.Method)
	b = appendString(b, f.Reason)
	b = appendTime(b, f.Time)
	b = appendTime(b, f.Start)
	b = appendTime(b, f.End)
	if flags&hasTarget != 0 {
		b = appendKey(b, f.Target)
	}
	if flags&hasPrincipal != 0 {
		b = appendPrincipal(b, &f.Principal)
	}
	if flags&hasParents != 0 {
		b = binary.AppendUvarint(b, uint64(len(f.Parents)))
		for i := range f.Parents {
			b = appendLink(b, &f.Parents[i])
		}
	}
	return b
}

func appendLink(b []byte, l *correlate.Link) []byte {
	flags := flag(!l.Key.IsZero(), linkKey) | flag(present(&l.Principal), linkPrincipal) | flag(!l.At.IsZero(), linkAt)
	b = append(b, flags, byte(l.Role), byte(l.Proof))
	b = appendString(b, l.Method)
	if flags&linkKey != 0 {
		b = appendKey(b, l.Key)
	}
	if flags&linkPrincipal != 0 {
		b = appendPrincipal(b, &l.Principal)
	}
	return appendTime(b, l.At)
}

func appendPrincipal(b []byte, p *correlate.Principal) []byte {
	for _, s := range [...]string{string(p.Type), p.ID, p.Name, p.Issuer, p.Unit, p.Owner} {
		b = appendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(p.Names)))
	for _, n := range p.Names {
		b = appendString(b, n)
	}
	return b
}

func appendKey(b []byte, k correlate.Key) []byte {
	return appendString(appendString(b, string(k.Kind)), k.Value)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return binary.BigEndian.AppendUint64(b, uint64(nanos(t)))
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

// present is stricter than IsZero: a principal with nothing but a name is kept.
func present(p *correlate.Principal) bool {
	return !p.IsZero() || p.Name != "" || p.Issuer != "" || p.Unit != "" || p.Owner != "" || len(p.Names) > 0
}

// fits reports whether an encoded f can be read back: see the bounds above.
func fits(f *correlate.Fact) bool {
	n := len(f.Principal.Names)
	for i := range f.Parents {
		n = max(n, len(f.Parents[i].Principal.Names))
	}
	if n > maxNames || len(f.Parents) > maxParents {
		return false
	}
	var room [1024]byte // what nearly all facts fit in
	return len(f.Key.Kind)+len(f.Key.Value)+len(appendBody(room[:0], f)) < MaxFactBytes-32
}

// A reader takes an encoding apart. It reads from a string, so that the strings
// it gives out share one copy of the input. After the first error every read
// gives zero, and err says what was wrong.
type reader struct {
	s   string
	err error
	mem *correlate.Memory // lends lists; nil for the heap
}

// body reads what appendBody wrote into f.
func (r *reader) body(f *correlate.Fact) {
	flags := r.byte()
	f.Kind, f.Proof = correlate.FactKind(r.byte()), correlate.Proof(r.byte())
	copy(f.Origin[:], r.bytes(len(f.Origin)))
	f.Source, f.EventID, f.Method, f.Reason = r.string(), r.string(), r.string(), r.string()
	f.Time, f.Start, f.End = r.time(flags&hasTime), r.time(flags&hasStart), r.time(flags&hasEnd)
	f.Standing = flags&isStanding != 0
	if flags&hasTarget != 0 {
		f.Target = r.key()
	}
	if flags&hasPrincipal != 0 {
		r.principal(&f.Principal)
	}
	if flags&hasParents != 0 {
		f.Parents = lendLinks(r.mem, r.count(maxParents))
		for i := range f.Parents {
			f.Parents[i] = correlate.Link{}
			r.link(&f.Parents[i])
		}
	}
}

func (r *reader) link(l *correlate.Link) {
	flags := r.byte()
	l.Role, l.Proof = correlate.Role(r.byte()), correlate.Proof(r.byte())
	l.Method = r.string()
	if flags&linkKey != 0 {
		l.Key = r.key()
	}
	if flags&linkPrincipal != 0 {
		r.principal(&l.Principal)
	}
	l.At = r.time(flags & linkAt)
}

func (r *reader) principal(p *correlate.Principal) {
	p.Type, p.ID, p.Name = correlate.PrincipalType(r.string()), r.string(), r.string()
	p.Issuer, p.Unit, p.Owner = r.string(), r.string(), r.string()
	if n := r.count(maxNames); n > 0 {
		p.Names = lendNames(r.mem, n)
		for i := range p.Names {
			p.Names[i] = r.string()
		}
	}
}

func (r *reader) key() correlate.Key {
	return correlate.Key{Kind: correlate.Kind(r.string()), Value: r.string()}
}

func (r *reader) time(flag byte) time.Time {
	if flag == 0 {
		return time.Time{}
	}
	b := r.bytes(8)
	if len(b) < 8 {
		return time.Time{}
	}
	var v uint64
	for i := range 8 {
		v = v<<8 | uint64(b[i])
	}
	return time.Unix(0, int64(v)).UTC()
}

// count reads how many elements follow; each takes at least one byte.
func (r *reader) count(limit uint64) int {
	n := r.uvarint()
	if n > limit || n > uint64(len(r.s)) {
		r.fail(errCount)
		return 0
	}
	return int(n)
}

func (r *reader) string() string {
	n := r.uvarint()
	if n > uint64(len(r.s)) {
		r.fail(errShort)
		return ""
	}
	return r.bytes(int(n))
}

func (r *reader) uvarint() uint64 {
	var v uint64
	for shift := uint(0); shift < 64; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.fail(errCount)
	return 0
}

func (r *reader) byte() byte {
	if len(r.s) == 0 {
		r.fail(errShort)
		return 0
	}
	c := r.s[0]
	r.s = r.s[1:]
	return c
}

func (r *reader) bytes(n int) string {
	if n > len(r.s) {
		r.fail(errShort)
		return ""
	}
	s := r.s[:n]
	r.s = r.s[n:]
	return s
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.s = ""
}

// end returns the first error, or one if anything is left over.
func (r *reader) end(what string) error {
	switch {
	case r.err != nil:
		return fmt.Errorf("read %s: it %w", what, r.err)
	case r.s != "":
		return fmt.Errorf("read %s: it %w", what, errTrailing)
	}
	return nil
}
