package sinks

import (
	"slices"
	"unsafe"

	"github.com/ClickHouse/ch-go/proto"
)

// A column is one column of a ClickHouse table: how to encode its values from rows,
// and how to put a value that was read back into a row.
type column[T any] struct {
	name string
	typ  proto.ColumnType
	// few says that encode appends words to the strip. The type is still that of texts.
	few bool
	// encode appends the values of what at points to, rows or the elements of a column
	// of arrays, to s and keeps nothing of it.
	encode cells
	// list says where a column of arrays has its own.
	list listing
	// lead is the first column of those that are named alike up to a dot. They are
	// lists over one slice, so where its values end, theirs do.
	lead int
	// place returns what to scan a value into, and what then puts it into a row.
	place func() (dest any, put func(*T) error)
}

// scalar is a column of one value per row. add appends a row's value in the
// protocol's bytes; set takes it back as the Go value that it is scanned into.
func scalar[T, V any](name string, typ proto.ColumnType, add func([]byte, *T) []byte, set func(*T, V) error) column[T] {
	return column[T]{
		name: name, typ: typ,
		encode: func(s *strip, at []unsafe.Pointer) {
			b, used := s.cells, s.used
			for _, p := range at {
				from := len(b)
				b = add(b, (*T)(p))
				used = used || !blank(b[from:], typ)
			}
			s.cells, s.used = b, used
		},
		place: func() (any, func(*T) error) {
			v := new(V)
			return v, func(t *T) error { return set(t, *v) }
		},
	}
}

// text is a field of a string type.
func text[T any, S ~string](name string, of func(*T) *S) column[T] {
	c := scalar(name, wireText, nil, func(t *T, v string) error { *of(t) = S(v); return nil })
	c.encode = textCells(offset(name, of))
	return c
}

// wide is a text that is written piece by piece, so that its length is known last.
func wide[T any](name string, write func([]byte, *T) ([]byte, error), set func(*T, string) error) column[T] {
	c := scalar(name, wireText, nil, set)
	c.encode = func(s *strip, at []unsafe.Pointer) {
		for _, p := range at {
			var err error
			if s.room, err = write(s.room[:0], (*T)(p)); err != nil && s.err == nil {
				s.err = err
			}
			s.used = s.used || len(s.room) > 0
			s.cells = appendText(s.cells, s.room)
		}
	}
	return c
}

// field is a number of the row.
func field[T any, V number](name string, of func(*T) *V) column[T] {
	typ, encode := numberCells[V](offset(name, of))
	c := scalar(name, typ, nil, func(t *T, v V) error { *of(t) = v; return nil })
	c.encode = encode
	return c
}

// list is a column of arrays: one value for each element of a slice in the row.
// Several lists over one slice make parallel arrays.
func list[T, E, V any](name string, typ proto.ColumnType, of func(*T) *[]E, encode cells, set func(*E, V) error) column[T] {
	return column[T]{
		name: name, typ: typ.Array(), encode: encode,
		list: listing{slice: offset(name, of), size: unsafe.Sizeof(*new(E)), some: true},
		place: func() (any, func(*T) error) {
			vs := new([]V)
			return vs, func(t *T) error {
				es := of(t)
				if n := len(*vs); len(*es) < n {
					*es = append(slices.Clip(*es), make([]E, n-len(*es))...)
				}
				for i, v := range *vs {
					if err := set(&(*es)[i], v); err != nil {
						return err
					}
				}
				return nil
			}
		},
	}
}

// texts is a list of a string field of the elements.
func texts[T, E any, S ~string](name string, of func(*T) *[]E, ref func(*E) *S) column[T] {
	return list(name, wireText, of, textCells(offset(name, ref)), func(e *E, v string) error { *ref(e) = S(v); return nil })
}
