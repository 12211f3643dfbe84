package index

import (
	"encoding/binary"

	"whence/correlate"
)

// An entry is a cached session: all facts of one key whose origin is not before
// floor, as bytes. Bytes cost the collector nothing; a million sessions made of
// pointers cost it a third of a core.
//
//	count<<1|floored kind value floor[8] facts
//
// The floor is there if it is not the beginning of time, and then each fact has its
// length before it, so that a look-up passes over what is too old for it. Without it
// a look-up reads what is too old as well, and leaves it out.
func (c *compact) appendEntry(b []byte, s correlate.Session, floor int64) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.Facts))<<1|uint64(flag(floor != whole, 1)))
	b = c.appendText(b, string(s.Key.Kind), true)
	b = c.appendText(b, s.Key.Value, false)
	if floor == whole {
		for i := range s.Facts {
			b = c.appendFact(b, &s.Facts[i])
		}
		return b
	}
	b = binary.BigEndian.AppendUint64(b, uint64(floor))
	var room [512]byte
	for i := range s.Facts {
		fact := c.appendFact(room[:0], &s.Facts[i])
		b = append(binary.AppendUvarint(b, uint64(len(fact))), fact...)
	}
	return b
}

// isAbout reports whether an entry is about k.
func (c *compact) isAbout(entry []byte, k correlate.Key) bool {
	d := decoder{compact: c, b: entry}
	d.uvarint()
	return d.matches(string(k.Kind)) && d.matches(k.Value)
}

// key returns the key of an entry, in room if it is large enough.
func (c *compact) key(entry, room []byte) (kind, value []byte) {
	d := decoder{compact: c, b: entry}
	d.uvarint()
	form, n := d.head()
	kind = d.written(room[:0], form, n)
	form, n = d.head()
	value = d.written(kind[len(kind):], form, n)
	return kind, value
}

// readEntry decodes an entry, which must be about k, if it reaches back to reach.
// It leaves out what was told before floor.
func (c *compact) readEntry(entry []byte, k correlate.Key, reach, floor int64, mem *correlate.Memory) (s correlate.Session, from int64, ok bool) {
	d := decoder{compact: c, b: entry, mem: mem}
	defer d.close()
	head := d.uvarint()
	d.skipText()
	d.skipText()
	n, from := int(head>>1), int64(whole)
	if head&1 != 0 {
		from = int64(binary.BigEndian.Uint64(d.take(8)))
	}
	if from > reach {
		return correlate.Session{}, 0, false
	}
	s = correlate.Session{Key: k}
	if n == 0 {
		return s, from, true
	}
	facts := lendFacts(mem, n)
	kept := 0
	for range n {
		if head&1 == 0 {
			d.fact(&facts[kept], k)
			if floor == whole || nanos(facts[kept].Time) >= floor {
				kept++
			}
			continue
		}
		size := int(d.uvarint())
		if d.toldBefore(floor) {
			d.take(size)
			continue
		}
		d.fact(&facts[kept], k)
		kept++
	}
	if len(d.b) > 0 {
		panic("index: a cached session must always decode")
	}
	if kept > 0 {
		s.Facts = facts[:kept:kept]
	}
	return s, from, true
}

// skipText reads a text that is not wanted.
func (d *decoder) skipText() {
	for {
		form, n := d.head()
		switch form {
		case raw, hexed:
			d.take(n)
			return
		case upper, lower:
			d.take(packed(n))
			return
		case uuid:
			d.take(16)
			return
		case word:
			return
		case uuidTo:
			d.take(16)
		}
	}
}
