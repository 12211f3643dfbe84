package sinks

import (
	"encoding/binary"
	"time"
	"unsafe"

	"github.com/ClickHouse/ch-go/proto"

	"whence/correlate"
)

// cells appends the values of one column to its strip: of the rows, or of the
// elements of a list, that at points to. It keeps nothing of them.
//
// A field is read at its offset, and the elements of a list are found once for all its
// columns: to ask a function for each of them, row by row, took a sixth of a row's
// time (BenchmarkEncodeCold), as there are some hundred columns and a row has nothing
// for most of them.
type cells func(s *strip, at []unsafe.Pointer)

// offset is how far into a T the field is that of returns: the same one of every T,
// whatever is in it. It panics for what is none: that is a mistake in a table.
func offset[T, V any](column string, of func(*T) *V) uintptr {
	t := new(T)
	off := uintptr(unsafe.Pointer(of(t))) - uintptr(unsafe.Pointer(t))
	if size := unsafe.Sizeof(*t); off > size || size-off < unsafe.Sizeof(*new(V)) {
		panic("sinks: the column " + column + " is of no field of its row")
	}
	return off
}

// listing says where rows have a slice.
type listing struct {
	slice uintptr // how far into a row
	size  uintptr // of an element
	some  bool    // the column is one of arrays
}

// of appends to at where the elements of each row are, and to ends where they end,
// counted from the first of the strip.
func (e listing) of(rows, at []unsafe.Pointer, ends []uint64) ([]unsafe.Pointer, []uint64) {
	n := uint64(0)
	if len(ends) > 0 {
		n = ends[len(ends)-1]
	}
	for _, row := range rows {
		// Of a slice of anything, the beginning and the length are where they are in one
		// of bytes.
		es := *(*[]byte)(unsafe.Add(row, e.slice))
		first := unsafe.Pointer(unsafe.SliceData(es))
		for i := range len(es) {
			at = append(at, unsafe.Add(first, uintptr(i)*e.size))
		}
		n += uint64(len(es))
		ends = append(ends, n)
	}
	return at, ends
}

func textCells(off uintptr) cells {
	return func(s *strip, at []unsafe.Pointer) {
		b, used := s.cells, s.used
		for _, p := range at {
			v := *(*string)(unsafe.Add(p, off))
			used = used || v != ""
			b = appendText(b, v)
		}
		s.cells, s.used = b, used
	}
}

func idCells(off uintptr) cells {
	return func(s *strip, at []unsafe.Pointer) {
		b := s.cells
		for _, p := range at {
			b = appendID(b, (*correlate.ID)(unsafe.Add(p, off)))
		}
		s.cells, s.used = b, true
	}
}

func keyCells(off uintptr) cells {
	return func(s *strip, at []unsafe.Pointer) {
		b, used := s.cells, s.used
		for _, p := range at {
			k := (*correlate.Key)(unsafe.Add(p, off))
			used = used || !k.IsZero()
			b = appendKey(b, k)
		}
		s.cells, s.used = b, used
	}
}

func timeCells(off uintptr) cells {
	return func(s *strip, at []unsafe.Pointer) {
		b, any := s.cells, uint64(0)
		for _, p := range at {
			ns := columnNanos((*time.Time)(unsafe.Add(p, off)))
			any |= ns
			b = binary.LittleEndian.AppendUint64(b, ns)
		}
		s.cells, s.used = b, s.used || any != 0
	}
}

// number is what has a fixed size on the wire.
type number interface {
	bool | int32 | int64 | uint32 | uint64 | float64
}

// numberCells is how the protocol has a number: little-endian.
func numberCells[V number](off uintptr) (proto.ColumnType, cells) {
	switch any(*new(V)).(type) {
	case bool:
		return wireBool, bitCells(off, func(b []byte, v uint8) []byte { return append(b, v) }, 1)
	case int32:
		return wireI32, bitCells(off, binary.LittleEndian.AppendUint32, ^uint32(0))
	case uint32:
		return wireU32, bitCells(off, binary.LittleEndian.AppendUint32, ^uint32(0))
	case int64:
		return wireI64, bitCells(off, binary.LittleEndian.AppendUint64, ^uint64(0))
	case uint64:
		return wireU64, bitCells(off, binary.LittleEndian.AppendUint64, ^uint64(0))
	}
	return wireFloat, bitCells(off, binary.LittleEndian.AppendUint64, ^uint64(0)>>1) // -0 is a zero
}

// bitCells encodes the bits of numbers. Those that are zero in the mask are the zero.
func bitCells[B uint8 | uint32 | uint64](off uintptr, add func([]byte, B) []byte, mask B) cells {
	return func(s *strip, at []unsafe.Pointer) {
		b, any := s.cells, B(0)
		for _, p := range at {
			v := *(*B)(unsafe.Add(p, off))
			any |= v
			b = add(b, v)
		}
		s.cells, s.used = b, s.used || any&mask != 0
	}
}

// listed are cells of a list, where some element is a value: lists of keys and times
// are sent whenever there are any.
func listed(c cells) cells {
	return func(s *strip, at []unsafe.Pointer) {
		c(s, at)
		s.used = true
	}
}
