package index

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"whence/correlate"
)

// A pile is fact rows in memory, to be sorted and written at once. It is owned by one
// goroutine at a time.
type pile struct {
	bytes []byte // rows and their values, in the order in which they came
	rows  []pileRow
	kinds []string // beginnings of rows up to the value of their key
	kind  map[correlate.Kind]uint32
}

// A pileRow is a row without its bytes. Most are told apart by begin.
type pileRow struct {
	begin      uint64 // of what comes after the kind
	at         uint64
	kind       uint32 // in kinds; once sorted, their order
	key, value uint32 // lengths
}

// newPile has room for so many bytes, and a quarter more: left to itself it would leave as
// much again to the collector as it grows, when memory is needed most.
func newPile(size int) pile {
	const row = 160 // or so
	size += size / 4
	return pile{bytes: make([]byte, 0, size), rows: make([]pileRow, 0, size/row)}
}

// add appends the row of f. body is what appendBody makes of f, if the caller has it.
func (r *pile) add(f *correlate.Fact, body string) {
	kind, ok := r.kind[f.Key.Kind]
	if !ok {
		kind = r.addKind(f.Key.Kind)
	}
	at := len(r.bytes)
	r.bytes = appendRow(r.bytes, f)
	end := len(r.bytes)
	if body != "" {
		r.bytes = append(r.bytes, body...)
	} else {
		r.bytes = appendBody(r.bytes, f)
	}
	rest := r.bytes[at+len(r.kinds[kind]) : end] // longer than eight bytes: it has a time and an origin
	r.rows = append(r.rows, pileRow{
		begin: binary.BigEndian.Uint64(rest), at: uint64(at), kind: kind,
		key: uint32(end - at), value: uint32(len(r.bytes) - end),
	})
}

func (r *pile) addKind(k correlate.Kind) uint32 {
	if r.kind == nil {
		r.kind = map[correlate.Kind]uint32{}
	}
	begin := appendString([]byte{factRows}, string(k))
	id := uint32(len(r.kinds))
	r.kinds = append(r.kinds, string(begin))
	r.kind[correlate.Kind(begin[len(begin)-len(k):])] = id
	return id
}

func (r *pile) key(row *pileRow) []byte { return r.bytes[row.at : row.at+uint64(row.key)] }

func (r *pile) value(row *pileRow) []byte {
	from := row.at + uint64(row.key)
	return r.bytes[from : from+uint64(row.value)]
}

func (r *pile) size() int { return len(r.bytes) }

// sort orders the rows. Of one row that came twice the later one stays.
func (r *pile) sort() {
	order := make([]uint32, len(r.kinds)) // no kind's beginning begins another one's
	byName := make([]uint32, len(r.kinds))
	for i := range byName {
		byName[i] = uint32(i)
	}
	slices.SortFunc(byName, func(a, b uint32) int { return cmp.Compare(r.kinds[a], r.kinds[b]) })
	for i, k := range byName {
		order[k] = uint32(i)
	}
	for i := range r.rows {
		r.rows[i].kind = order[r.rows[i].kind]
	}
	slices.SortFunc(r.rows, func(a, b pileRow) int {
		if a.kind != b.kind {
			return cmp.Compare(a.kind, b.kind)
		}
		if a.begin != b.begin {
			return cmp.Compare(a.begin, b.begin)
		}
		if c := bytes.Compare(r.key(&a), r.key(&b)); c != 0 {
			return c
		}
		return cmp.Compare(a.at, b.at)
	})
	kept := r.rows[:0]
	for i := range r.rows {
		row := r.rows[i]
		if n := len(kept); n > 0 && kept[n-1].begin == row.begin && bytes.Equal(r.key(&kept[n-1]), r.key(&row)) {
			kept[n-1] = row
			continue
		}
		kept = append(kept, row)
	}
	r.rows = kept
}

// reset empties r and keeps its memory.
func (r *pile) reset() {
	r.bytes, r.rows, r.kinds = r.bytes[:0], r.rows[:0], r.kinds[:0]
	clear(r.kind)
}
