package sinks

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"whence/correlate/ledger"
)

// A digester hashes rows as a reader gets them from the table. What is hashed of a
// row, so that anybody can do it: of every column in the order of the names (by
// bytes), unless its value is "", 0, false or [], the first four bytes of the
// name's SHA-256, and the value in ClickHouse's RowBinary: a String is its length in
// LEB128 and its bytes, a number its bytes, the lowest first, an Array the number
// of its elements in LEB128 and the elements.
//
// Columns that are added later are empty in old rows and so change no hash.
type digester struct {
	columns []digested
	room    []byte
	at      []int // of each column, where the next row's cell begins; of words, the value
}

// digested is a column of the table.
type digested struct {
	place, lead int // in the table
	tag         [4]byte
	list        bool
	size        int // of a value; 0 for a text
}

func newDigester[T any](t *table[T]) *digester {
	d := &digester{columns: make([]digested, len(t.columns)), at: make([]int, len(t.columns))}
	order := make([]int, len(t.columns))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(t.columns[a].name, t.columns[b].name) })
	for i, place := range order {
		c := &t.columns[place]
		name := sha256.Sum256([]byte(c.name))
		v := c.typ
		if v.IsArray() {
			v = v.Elem()
		}
		d.columns[i] = digested{place: place, lead: c.lead, tag: [4]byte(name[:]), list: c.typ.IsArray(), size: sizeOf(v)}
	}
	return d
}

// sums appends the SHA-256 of each row of b.
func (d *digester) sums(sums []ledger.Sum, b *block) []ledger.Sum {
	clear(d.at)
	for row := range b.rows {
		d.room = d.row(d.room[:0], b, row)
		sums = append(sums, sha256.Sum256(d.room))
	}
	return sums
}

// row appends what is hashed of one row. Rows are taken in order: the cells of a
// column have no index.
func (d *digester) row(out []byte, b *block, row int) []byte {
	for i := range d.columns {
		c := &d.columns[i]
		s := &b.strips[c.place]
		if c.list {
			if n := elements(s, &b.strips[c.lead], row); n > 0 {
				out = binary.AppendUvarint(append(out, c.tag[:]...), uint64(n))
				out = d.values(out, i, s, n)
			}
			continue
		}
		if !s.used { // every cell is empty
			continue
		}
		from := len(out)
		out = d.values(append(out, c.tag[:]...), i, s, 1)
		if empty(out[from+len(c.tag):], c.size) {
			out = out[:from]
		}
	}
	return out
}

// values appends the next n values of column i.
func (d *digester) values(out []byte, i int, s *strip, n int) []byte {
	size, from := d.columns[i].size, d.at[i]
	switch {
	case !s.used: // all are empty, and nothing of them may be there
		for range n * max(size, 1) {
			out = append(out, 0)
		}
	case len(s.codes) > 0:
		d.at[i] += n
		for v := from; v < d.at[i]; v++ {
			out = append(out, s.value(v)...)
		}
	default:
		d.at[i] = skip(s.cells, from, n, size)
		out = append(out, s.cells[from:d.at[i]]...)
	}
	return out
}

// elements is how many values a row's list has. A strip that was read has its own
// ends, one that was encoded has those of its lead.
func elements(s, lead *strip, row int) int {
	ends := s.ends
	if len(ends) == 0 {
		ends = lead.ends
	}
	if row == 0 {
		return int(ends[0])
	}
	return int(ends[row] - ends[row-1])
}

// skip returns where n values end that begin at from.
func skip(cells []byte, from, n, size int) int {
	if size > 0 {
		return from + n*size
	}
	for ; n > 0; n-- {
		length, width := uint64(cells[from]), 1
		if length >= 0x80 {
			length, width = binary.Uvarint(cells[from:])
		}
		from += width + int(length)
	}
	return from
}

func empty(cell []byte, size int) bool {
	if size == 0 {
		return cell[0] == 0
	}
	for _, b := range cell {
		if b != 0 {
			return false
		}
	}
	return true
}

// sizeOf is how many bytes a value takes on the wire; 0 for a text.
func sizeOf(t proto.ColumnType) int {
	switch t {
	case wireText:
		return 0
	case wireBool:
		return 1
	case wireU32, wireI32:
		return 4
	case wireU64, wireI64, wireFloat, wireTime:
		return 8
	}
	if n, ok := strings.CutPrefix(string(t), "FixedString("); ok {
		if size, err := strconv.Atoi(strings.TrimSuffix(n, ")")); err == nil {
			return size
		}
	}
	panic(fmt.Sprintf("sinks: nobody knows how long a %s is", t))
}
