package index

import (
	"encoding/binary"

	"whence/correlate"
	"whence/correlate/arena"
)

// Where an entry leads, read past all else in it.

// follow finds the keys that an entry leads to.
func (f *foreseer) follow(p *foreseen) {
	if p.entry == nil {
		return
	}
	n, w := binary.Uvarint(p.entry)
	p.entry = p.entry[w : w+int(n) : w+int(n)]
	d := decoder{compact: f.compact, b: p.entry}
	head := d.uvarint()
	if !d.matches(string(p.key.Kind)) || !d.matches(p.key.Value) {
		p.entry = nil // another key has the same tag
		return
	}
	if head&1 != 0 {
		d.take(8)
	}
	event := p.event // p moves as keys are added
	for range min(head>>1, factsAhead) {
		if head&1 != 0 {
			d.uvarint()
		}
		if !f.lead(&d, event) {
			return
		}
	}
}

// lead reads a fact and adds the keys that it leads to. It reports false if it cannot
// read on.
func (f *foreseer) lead(d *decoder, event int16) bool {
	id := d.uvarint()
	if id == 0 {
		return false
	}
	s := d.shapes.At(id - 1)
	d.take(len(correlate.ID{}))
	for _, time := range [...]uint16{atTime, atStart, atEnd} {
		if s.has&time != 0 {
			d.uvarint()
		}
	}
	d.skipText() // of the event
	if s.has&toTarget != 0 {
		f.addText(d, event, s.fact.Target.Kind)
	}
	d.skipWho(s.who)
	for i := range s.links {
		l := &s.links[i]
		if l.has&toKey != 0 {
			f.addText(d, event, l.link.Key.Kind)
		}
		if l.has&atAt != 0 {
			d.uvarint()
		}
		d.skipWho(l.who)
	}
	return true
}

// addText adds a key whose value is next.
func (f *foreseer) addText(d *decoder, event int16, kind correlate.Kind) {
	form, n := d.head()
	value := d.written(f.text[len(f.text):], form, n)
	if len(f.text)+len(value) <= cap(f.text) {
		f.text = f.text[:len(f.text)+len(value)]
	} // else it is in memory of its own
	f.add(event, correlate.Key{Kind: kind, Value: arena.View(value)})
}

// skipWho reads a principal that is not wanted.
func (d *decoder) skipWho(s whoShape) {
	for _, bit := range [...]uint8{whoID, whoName, whoUnit, whoOwner} {
		if s.has&bit != 0 {
			d.skipText()
		}
	}
	for range s.names {
		d.skipText()
	}
}
