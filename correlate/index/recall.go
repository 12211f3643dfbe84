package index

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"whence/correlate"
)

// recall passes on the latest marks before the position of a store that was filled
// earlier. Whoever runs while marks are written hears all that count within seconds;
// but if nobody has for long, and the group is new, it would not hear above which
// generation it has to speak.
func (t *Table) recall() {
	r, ok := t.store.(recaller)
	marks := t.marks.Load()
	if !ok || marks == nil {
		return
	}
	for _, m := range r.recall() {
		marks.Observe(m.partition, m.mark)
	}
}

// keepMarks has the store keep marks, before its position says that they were read.
func (t *Table) keepMarks(marks []placedMark) error {
	r, ok := t.store.(recaller)
	if !ok || len(marks) == 0 {
		return nil
	}
	return r.keepMarks(marks)
}

// keepMarks implements recaller: of each raw partition and sessions partition there is
// one row, of the mark that correlate.Marks would go by. Rows are as few as partitions
// that ever were; none is deleted.
func (p *Pebble) keepMarks(marks []placedMark) error {
	p.put.Lock()
	defer p.put.Unlock()
	if err := p.failing.now(); err != nil {
		return err
	}
	changed := map[string]correlate.Mark{}
	for _, m := range marks {
		row := string(markRow(m))
		held, ok := changed[row]
		if !ok {
			held, ok = p.marks[row]
		}
		if now := later(held, m.mark); !ok || now != held {
			changed[row] = now
		}
	}
	b := p.db.NewBatch()
	defer b.Close()
	for row, m := range changed {
		if err := b.Set([]byte(row), markRecord("", 0, m).Value, nil); err != nil {
			return p.failed("write marks", err)
		}
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return p.failed("write marks", err)
	}
	maps.Copy(p.marks, changed)
	return nil
}

// later is what two marks of one raw partition come to, as correlate.Marks has it.
func later(held, m correlate.Mark) correlate.Mark {
	switch {
	case m.Generation < held.Generation:
		return held
	case m.Generation > held.Generation:
		return m
	}
	if held.Time.After(m.Time) {
		m.Time = held.Time
	}
	m.Known = max(m.Known, held.Known)
	return m
}

func markRow(m placedMark) []byte {
	b := binary.BigEndian.AppendUint32([]byte{markRows}, uint32(m.partition))
	b = appendString(appendString(b, m.mark.Group), m.mark.Topic)
	return binary.BigEndian.AppendUint32(b, uint32(m.mark.Partition))
}

// recall implements recaller.
func (p *Pebble) recall() []placedMark {
	p.put.Lock()
	defer p.put.Unlock()
	var out []placedMark
	for _, row := range slices.Sorted(maps.Keys(p.marks)) {
		out = append(out, placedMark{int32(binary.BigEndian.Uint32([]byte(row)[1:])), p.marks[row]})
	}
	return out
}

// readMarks reads what was kept of marks.
func (p *Pebble) readMarks() error {
	p.marks = map[string]correlate.Mark{}
	return p.scan(markRows, func(row, value []byte) error {
		_, m, err := decodeRecord(string(value))
		if err != nil || m == nil || len(row) < 5 {
			return damaged(fmt.Errorf("a mark: %w", errRow))
		}
		p.marks[string(row)] = *m
		return nil
	})
}
