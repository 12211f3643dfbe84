package sinks

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"
)

// A table is a ClickHouse table of rows that are made from Ts.
type table[T any] struct {
	name    string
	columns []column[T]
}

func newTable[T any](name string, columns ...[]column[T]) table[T] {
	t := table[T]{name, slices.Concat(columns...)}
	leads := map[string]int{}
	for i := range t.columns {
		c := &t.columns[i]
		group, _, _ := strings.Cut(c.name, ".")
		if _, ok := leads[group]; !ok {
			leads[group] = i
		}
		c.lead = leads[group]
		if i > 0 && c.lead < i && t.columns[i-1].lead != c.lead {
			panic("sinks: the column " + c.name + " is not beside its like")
		}
	}
	return t
}

// A block holds rows of one table, column by column, ready to be sent any number
// of times. It keeps nothing of the rows it was made from, and its memory is used
// again for other rows.
type block struct {
	rows   int
	strips []strip // of the table's columns

	// rowsAt and elementsAt are where the rows are that are being encoded, and the
	// elements of the list that is. They point at nothing between two blocks.
	rowsAt, elementsAt []unsafe.Pointer
}

// together is how many rows are encoded column after column: few enough to stay in
// the processor's cache while some hundred columns look at them.
const together = 32

// encode makes b the block of rows.
func (t table[T]) encode(b *block, rows []T) error {
	b.reset(len(t.columns))
	b.rows = len(rows)
	defer b.forget()
	for some := range slices.Chunk(rows, together) {
		at := b.rowsAt[:0]
		for i := range some {
			at = append(at, unsafe.Pointer(&some[i]))
		}
		b.rowsAt = at
		for i := range t.columns {
			c, s := &t.columns[i], &b.strips[i]
			if !c.list.some {
				c.encode(s, at)
				continue
			}
			if c.lead == i {
				b.elementsAt, s.ends = c.list.of(at, b.elementsAt[:0], s.ends)
				// The server makes the other lists as long as those it is sent.
				s.used = s.used || len(b.elementsAt) > 0
			}
			if len(b.elementsAt) > 0 {
				c.encode(s, b.elementsAt)
			}
		}
	}
	for i := range b.strips {
		if err := b.strips[i].err; err != nil {
			return fmt.Errorf("column %s of %s: %w", t.columns[i].name, t.name, err)
		}
	}
	return nil
}

func (b *block) reset(columns int) {
	if b.strips == nil {
		b.strips = make([]strip, columns)
	}
	for i := range b.strips {
		b.strips[i].reset()
	}
}

// forget lets go of the rows.
func (b *block) forget() {
	clear(b.rowsAt[:cap(b.rowsAt)])
	clear(b.elementsAt[:cap(b.elementsAt)])
}

// bytes is what b takes on the wire before compression.
func (b *block) bytes() (n int) {
	for i := range b.strips {
		n += b.strips[i].bytes()
	}
	return n
}

// scanner returns what to scan a result row into, and what then makes a T of it.
func (t table[T]) scanner() (dests []any, row func() (T, error)) {
	puts := make([]func(*T) error, len(t.columns))
	dests = make([]any, len(t.columns))
	for i, c := range t.columns {
		dests[i], puts[i] = c.place()
	}
	return dests, func() (T, error) {
		var v T
		for i, put := range puts {
			if err := put(&v); err != nil {
				return v, fmt.Errorf("column %s of %s: %w", t.columns[i].name, t.name, err)
			}
		}
		return v, nil
	}
}

func (t table[T]) names() []string {
	ns := make([]string, len(t.columns))
	for i, c := range t.columns {
		ns[i] = c.name
	}
	return ns
}

// selection is the list of the table's columns for a SELECT; alias, if given, is
// the table's name there.
func (t table[T]) selection(alias string) string {
	if alias != "" {
		alias += "."
	}
	ns := t.names()
	for i, n := range ns {
		ns[i] = alias + "`" + n + "`"
	}
	return strings.Join(ns, ", ")
}
