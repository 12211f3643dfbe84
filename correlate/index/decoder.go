package index

import (
	"encoding/binary"
	"time"

	"whence/correlate"
	"whence/correlate/arena"
)

// A decoder reads an entry, and puts what it finds in memory that mem lends, or on
// the heap if mem is nil. Entries come from this process alone, so what does not
// decode is a bug, and panics.
type decoder struct {
	*compact
	b     []byte
	mem   *correlate.Memory
	sheet *paper
}

// close gives back the paper.
func (d *decoder) close() {
	if d.sheet != nil {
		d.papers.Put(d.sheet)
	}
}

// fact reads what appendFact wrote into f, whatever f was.
func (d *decoder) fact(f *correlate.Fact, k correlate.Key) {
	id := d.uvarint()
	if id == 0 {
		d.body(f, k)
		return
	}
	s := d.shapes.At(id - 1)
	*f = s.fact
	f.Key = k
	f.Origin = correlate.ID(d.take(len(f.Origin)))
	told := epoch
	if s.has&atTime != 0 {
		told = d.since(told)
		f.Time = instantOf(told)
	}
	start := told
	switch {
	case s.has&startIsTime != 0:
		f.Start = f.Time
	case s.has&atStart != 0:
		start = d.since(told)
		f.Start = instantOf(start)
	}
	if s.has&atEnd != 0 {
		f.End = instantOf(d.since(start))
	}
	f.EventID = d.text()
	if s.has&toTarget != 0 {
		f.Target.Value = d.text()
	}
	d.who(&f.Principal, s.who)
	if len(s.links) == 0 {
		return
	}
	f.Parents = lendLinks(d.mem, len(s.links))
	for i := range s.links {
		d.link(&f.Parents[i], &s.links[i], told)
	}
}

func (d *decoder) link(l *correlate.Link, s *linkShape, told int64) {
	*l = s.link
	if s.has&toKey != 0 {
		l.Key.Value = d.text()
	}
	if s.has&atAt != 0 {
		l.At = instantOf(d.since(told))
	}
	d.who(&l.Principal, s.who)
}

func (d *decoder) who(p *correlate.Principal, s whoShape) {
	if s.has&whoID != 0 {
		p.ID = d.text()
	}
	if s.has&whoName != 0 {
		p.Name = d.text()
	}
	if s.has&whoUnit != 0 {
		p.Unit = d.text()
	}
	if s.has&whoOwner != 0 {
		p.Owner = d.text()
	}
	if s.names > 0 {
		p.Names = lendNames(d.mem, int(s.names))
		for i := range p.Names {
			p.Names[i] = d.text()
		}
	}
}

// body reads a fact without a shape.
func (d *decoder) body(f *correlate.Fact, k correlate.Key) {
	*f = correlate.Fact{Key: k}
	r := reader{s: arena.View(d.b), mem: d.mem}
	r.body(f)
	if r.err != nil {
		panic("index: a cached session must always decode")
	}
	d.b = d.b[len(d.b)-len(r.s):]
}

// toldBefore reports whether the fact that is next was told before floor. It reads
// nothing else of it, and leaves it to be read.
func (d *decoder) toldBefore(floor int64) bool {
	peek := decoder{compact: d.compact, b: d.b}
	id := peek.uvarint()
	if id == 0 {
		var f correlate.Fact
		peek.body(&f, correlate.Key{})
		return nanos(f.Time) < floor
	}
	if peek.shapes.At(id-1).has&atTime == 0 {
		return nanos(time.Time{}) < floor
	}
	peek.take(len(correlate.ID{}))
	return peek.since(epoch) < floor
}

// since reads what appendSince wrote.
func (d *decoder) since(begin int64) int64 {
	v := d.uvarint()
	z := v >> 2
	return begin + (int64(z>>1)^-int64(z&1))*units[v&3]
}

// instantOf is how facts tell times: see normal.
func instantOf(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

func (d *decoder) word(n int) string { return d.words.At(uint64(n)) }

func (d *decoder) take(n int) []byte {
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) uvarint() uint64 {
	if c := d.b[0]; c < 0x80 {
		d.b = d.b[1:]
		return uint64(c)
	}
	v, n := binary.Uvarint(d.b)
	d.b = d.b[n:]
	return v
}

// lendFacts, lendLinks and lendNames return lists of any content.
func lendFacts(mem *correlate.Memory, n int) []correlate.Fact {
	if mem != nil {
		return mem.Facts.Make(n)
	}
	return make([]correlate.Fact, n)
}

func lendLinks(mem *correlate.Memory, n int) []correlate.Link {
	if mem != nil {
		return mem.Links.Make(n)
	}
	return make([]correlate.Link, n)
}

func lendNames(mem *correlate.Memory, n int) []string {
	if mem != nil {
		return mem.Names.Make(n)
	}
	return make([]string, n)
}
