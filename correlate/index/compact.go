package index

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"time"

	"whence/correlate"
	"whence/correlate/lexicon"
)

const (
	// maxWords and wordBytes bound the texts that have numbers, maxShapes and
	// shapeBytes the shapes: 20 MB at the very most.
	maxWords   = 1 << 16
	wordBytes  = 8 << 20
	maxShapes  = 1 << 12
	shapeBytes = 2 << 20
)

// compact writes facts for the caches of one table, in a third of the bytes that the
// topics take. It is of this process only: another one has other numbers.
type compact struct {
	words  *lexicon.Lexicon[string]
	shapes *lexicon.Lexicon[*shape]
	papers sync.Pool // of *paper
}

func newCompact() *compact {
	c := &compact{words: lexicon.New[string](maxWords, wordBytes), shapes: lexicon.New[*shape](maxShapes, shapeBytes)}
	c.papers.New = func() any { return new(paper) }
	return c
}

// appendFact appends f without its key:
//
//	shape+1 origin[16] times event-id target principal links
//	0 body                                                    if it has no shape
func (c *compact) appendFact(b []byte, f *correlate.Fact) []byte {
	id, ok := c.shapeFor(f)
	if !ok {
		return appendBody(append(b, 0), f)
	}
	from := len(b)
	b = binary.AppendUvarint(b, uint64(id)+1)
	b = append(b, f.Origin[:]...)
	has := shapeOf(f)
	told, fits := epoch, true
	if has&atTime != 0 {
		b, fits = appendSince(b, f.Time, told)
		told = nanos(f.Time)
	}
	start := told
	if has&atStart != 0 && fits {
		b, fits = appendSince(b, f.Start, told)
		start = nanos(f.Start)
	}
	if has&atEnd != 0 && fits {
		b, fits = appendSince(b, f.End, start)
	}
	b = c.appendText(b, f.EventID, false)
	if has&toTarget != 0 {
		b = c.appendText(b, f.Target.Value, false)
	}
	b = c.appendWho(b, &f.Principal)
	for i := range f.Parents {
		l := &f.Parents[i]
		if has := shapeOfLink(l); has&toKey != 0 {
			b = c.appendText(b, l.Key.Value, true)
		}
		if !l.At.IsZero() && fits {
			b, fits = appendSince(b, l.At, told)
		}
		b = c.appendWho(b, &l.Principal)
	}
	if !fits {
		return appendBody(append(b[:from], 0), f)
	}
	return b
}

func (c *compact) shapeFor(f *correlate.Fact) (uint32, bool) {
	var room [512]byte
	name, ok := appendShape(room[:0], f)
	if !ok {
		return 0, false
	}
	if id, ok := c.shapes.NumberOf(name); ok {
		return id, true
	}
	if !c.shapes.Sight(string(name)) {
		return 0, false
	}
	return c.shapes.Add(string(name), func(string) *shape { return newShape(f) })
}

func (c *compact) appendWho(b []byte, p *correlate.Principal) []byte {
	for _, s := range [...]string{p.ID, p.Name, p.Unit, p.Owner} {
		if s != "" {
			b = c.appendText(b, s, true)
		}
	}
	for _, n := range p.Names {
		b = c.appendText(b, n, true)
	}
	return b
}

// epoch is what the times of facts are counted from, so that those of today are
// short: 2026-01-01.
const epoch = 1767225600 * int64(time.Second)

// appendSince appends how long t is after a time, as a number of the largest
// unit that divides it. It reports false if that is too many.
func appendSince(b []byte, t time.Time, since int64) ([]byte, bool) {
	d := nanos(t) - since // may wrap, and wraps back
	unit := len(units) - 1
	for d%units[unit] != 0 {
		unit--
	}
	d /= units[unit]
	z := uint64(d<<1) ^ uint64(d>>63)
	if bits.LeadingZeros64(z) < 2 {
		return b, false
	}
	return binary.AppendUvarint(b, z<<2|uint64(unit)), true
}

var units = [...]int64{1, int64(time.Microsecond), int64(time.Millisecond), int64(time.Second)}
