package sinks

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/ClickHouse/ch-go/proto"
)

// A column is one column of a ClickHouse table: how to encode its values from rows,
// and how to put a value that was read back into a row.
type column[T any] struct {
	name string
	typ  proto.ColumnType
	// few says that encode appends words to the strip. The type is still that of texts.
	few bool
	// encode appends the column's values to s and keeps nothing of rows.
	encode func(s *strip, rows []T)
	// count, of a column of arrays, appends where each row's values end.
	count func(ends []uint64, rows []T) []uint64
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
		encode: func(s *strip, rows []T) {
			b, used := s.cells, s.used
			for i := range rows {
				from := len(b)
				b = add(b, &rows[i])
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

// text is a field of a string type. Most columns are texts, so they go without
// the second call for each row that scalar makes.
func text[T any, S ~string](name string, of func(*T) *S) column[T] {
	c := scalar(name, wireText, nil, func(t *T, v string) error { *of(t) = S(v); return nil })
	c.encode = func(s *strip, rows []T) {
		b, used := s.cells, s.used
		for i := range rows {
			v := *of(&rows[i])
			used = used || v != ""
			b = appendText(b, v)
		}
		s.cells, s.used = b, used
	}
	return c
}

// wide is a text that is written piece by piece, so that its length is known last.
func wide[T any](name string, write func([]byte, *T) ([]byte, error), set func(*T, string) error) column[T] {
	c := scalar(name, wireText, nil, set)
	c.encode = func(s *strip, rows []T) {
		for i := range rows {
			var err error
			if s.room, err = write(s.room[:0], &rows[i]); err != nil && s.err == nil {
				s.err = err
			}
			s.used = s.used || len(s.room) > 0
			s.cells = appendText(s.cells, s.room)
		}
	}
	return c
}

// number is what has a fixed size on the wire.
type number interface {
	bool | int32 | int64 | uint32 | uint64 | float64
}

// field is a number of the row.
func field[T any, V number](name string, of func(*T) *V) column[T] {
	typ, add := numberAs[V]()
	c := scalar(name, typ, nil, func(t *T, v V) error { *of(t) = v; return nil })
	c.encode = func(s *strip, rows []T) {
		var zero V
		for i := range rows {
			v := *of(&rows[i])
			s.used = s.used || v != zero
			s.cells = add(s.cells, v)
		}
	}
	return c
}

// numberAs is how the protocol has a number: little-endian.
func numberAs[V number]() (proto.ColumnType, func([]byte, V) []byte) {
	var add any
	var typ proto.ColumnType
	switch any(*new(V)).(type) {
	case bool:
		typ, add = wireBool, func(b []byte, v bool) []byte {
			if v {
				return append(b, 1)
			}
			return append(b, 0)
		}
	case int32:
		typ, add = wireI32, func(b []byte, v int32) []byte { return binary.LittleEndian.AppendUint32(b, uint32(v)) }
	case uint32:
		typ, add = wireU32, binary.LittleEndian.AppendUint32
	case int64:
		typ, add = wireI64, func(b []byte, v int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(v)) }
	case uint64:
		typ, add = wireU64, binary.LittleEndian.AppendUint64
	case float64:
		typ, add = wireFloat, func(b []byte, v float64) []byte { return binary.LittleEndian.AppendUint64(b, math.Float64bits(v)) }
	}
	return typ, add.(func([]byte, V) []byte)
}

// list is a column of arrays: one value for each element of a slice in the row.
// Several lists over one slice make parallel arrays.
func list[T, E, V any](name string, typ proto.ColumnType, of func(*T) *[]E, add func([]byte, *E) []byte, set func(*E, V) error) column[T] {
	return column[T]{
		name: name, typ: typ.Array(),
		encode: func(s *strip, rows []T) {
			b := s.cells
			for i := range rows {
				es := *of(&rows[i])
				for j := range es {
					b = add(b, &es[j])
				}
			}
			s.cells, s.used = b, len(b) > 0
		},
		count: func(ends []uint64, rows []T) []uint64 {
			var n uint64
			if len(ends) > 0 {
				n = ends[len(ends)-1]
			}
			for i := range rows {
				n += uint64(len(*of(&rows[i])))
				ends = append(ends, n)
			}
			return ends
		},
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

// texts is a list of a string field of the elements. Most lists are, so they go
// without the second call for each element.
func texts[T, E any, S ~string](name string, of func(*T) *[]E, ref func(*E) *S) column[T] {
	c := list(name, wireText, of, nil, func(e *E, v string) error { *ref(e) = S(v); return nil })
	c.encode = func(s *strip, rows []T) {
		b, used := s.cells, s.used
		for i := range rows {
			es := *of(&rows[i])
			for j := range es {
				v := *ref(&es[j])
				used = used || v != ""
				b = appendText(b, v)
			}
		}
		s.cells, s.used = b, used
	}
	return c
}
