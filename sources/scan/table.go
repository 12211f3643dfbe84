// Package scan reads the wanted members of JSON objects into Go structs in one pass
// over the bytes, without copying and, in steady state, without allocating.
//
// It is the decoder of every log that is JSON. General libraries were measured on
// real CloudTrail: the best of them costs 1.3 times as much and allocates ten times
// an event, because it must hand out memory of its own. Logs allow more: a struct
// can be used again for every line, text can stay where it is in the record, and a
// member of an odd type is left empty in place of failing the line.
package scan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"reflect"
	"strings"
	"unsafe"

	"whence/correlate/arena"
)

// Errors of Read and Valid. None repeats input.
var (
	ErrSyntax = errors.New("not valid JSON")
	ErrObject = errors.New("not a JSON object")
	ErrDeep   = errors.New("nested too deep")
	// ErrStopped is of an Each alone: it may be valid JSON.
	ErrStopped = errors.New("not read to its end")
)

// MaxDepth is the deepest nesting that is read. Real logs stay under 40.
const MaxDepth = 256

// A Table says which members of an object go to which field of T. It is made of
// T's json tags: see Of. It is immutable and safe for concurrent use.
type Table[T any] struct {
	object  *object
	objects int // it and those inside of it
}

// A Reader is a field that reads its value itself, whatever type that has. raw is
// valid JSON and a view: ReadJSON may keep parts of it as long as its struct. It is
// called for null, not for an absent member; before the first Read and whenever
// the struct is used again, the field is set to its zero value.
type Reader interface {
	ReadJSON(raw Raw, mem *arena.Text)
}

var readerType = reflect.TypeFor[Reader]()

// Of returns the table of T, a struct. A field takes the member its json tag names;
// fields without a tag, or with "-", are left alone and embedded structs are part
// of T. A field may be a string, a bool, an int64, a float64, a Raw, a struct, a
// slice of any of these, an Each, a map[string]string, or a Reader. It panics for any other:
// T is part of the program. A Seen tells which members came, a Rest has those that no
// field takes, a Whole what was there, an Order makes reading many lines faster.
//
// Tagged as `json:"metadata" scan:"quoted"`, a struct takes an object or
// text with one in it: JSON inside of JSON, read in the same pass. Text that is no
// object, or breaks off, is no error: what comes before the break is read, and
// nothing if it nests too deep. Tagged with scan:"lone", a slice of structs takes an
// object too, as its only element: some exports take lists apart.
func Of[T any]() *Table[T] {
	t := &Table[T]{}
	t.object = compile(reflect.TypeFor[T](), &t.objects)
	return t
}

// Read fills into from raw, one object and nothing after it. What into held is
// gone, but its slices and maps are used again. Text is a view of raw, or lent by
// mem if it had to be unescaped, so it is good as long as both.
//
// A member that is null or of another type than its field leaves the field empty;
// of a member that comes twice the last counts. Names are matched exactly. Syntax
// is checked throughout, skipped values included, except inside of skipped
// strings: control characters and unknown escapes pass there. Text that is not
// UTF-8 gets U+FFFD for what is not.
func (t *Table[T]) Read(raw []byte, into *T, mem *arena.Text) error {
	r := reader{b: raw, mem: mem}
	i := r.space(0)
	if i == len(raw) {
		t.clear(into)
		return ErrSyntax
	}
	if raw[i] != '{' {
		t.clear(into)
		if err := Valid(raw); err != nil {
			return err
		}
		return ErrObject
	}
	if i = t.read(&r, i, into); i >= 0 && r.space(i) == len(raw) {
		return nil
	}
	return r.reason()
}

// Elements calls one with each element of list, once it is read into into: in one
// pass over them. An element that is no object comes with ErrObject; after any other
// error there is none. one may read something else into into.
func (t *Table[T]) Elements(list Raw, into *T, mem *arena.Text, one func(raw Raw, err error)) {
	r := reader{b: list, mem: mem}
	i, more := r.space(1), true
	if !list.IsList() || i < len(list) && list[i] == ']' {
		return
	}
	for more {
		if i >= len(list) {
			one(nil, ErrSyntax)
			return
		}
		end, err := 0, ErrObject
		if list[i] == '{' {
			end, err = t.read(&r, i, into), nil
		} else {
			end = r.skip(i, 0)
		}
		if end < 0 {
			one(list[i:], r.reason())
			return
		}
		one(list[i:end:end], err)
		i, more = r.more(end, ']')
	}
}

// read reads the object at i and returns the place after it.
func (t *Table[T]) read(r *reader, i int, into *T) int {
	t.clear(into)
	if o := t.object; o.ordered {
		order := (*Order)(unsafe.Add(unsafe.Pointer(into), o.order))
		if order.habits == nil {
			order.habits = make([]habit, t.objects)
		}
		r.habits = order.habits
		if r.marks == nil {
			r.lookOver(&order.marks)
		}
	}
	return r.object(i+1, t.object, unsafe.Pointer(into), 1)
}

func (t *Table[T]) clear(into *T) { t.object.blank.clear(unsafe.Pointer(into)) }

type op uint8

const (
	opText op = iota + 1
	opRaw
	opBool
	opInt
	opFloat
	opObject
	opList
	opMap
	opReader
	// Those that value looks at last.
	opQuoted // an object, or text with one in it
	opEach
)

// kind is how a value is read.
type kind struct {
	op      op
	typ     reflect.Type
	object  *object // of opObject, opQuoted and opEach
	elem    *kind   // of opList
	lone    bool    // of opList: what is no list is its only element
	members bool    // of opEach: of an object, not of a list
	method  Reader  // of opReader: a nil one, for its methods
}

// reader is the field at p, of opReader. It is put together by hand: asking package
// reflect for it takes as long as reading a short member does.
func (k *kind) reader(p unsafe.Pointer) Reader {
	r := k.method
	(*[2]unsafe.Pointer)(unsafe.Pointer(&r))[1] = p // how an interface that holds a pointer lies in memory
	return r
}

type field struct {
	kind
	name   string
	ends   ends // of the name
	offset uintptr
	index  int // among its object's fields
}

// object is the compiled form of a struct: its fields by name.
type object struct {
	fields []field
	shift  uint8   // of a hash, to as many bits as first has places
	first  []uint8 // hash of a name to the first field that has it, plus one
	next   []uint8 // from a field to the next one with the same hash, plus one
	seen   uintptr // offset of the Seen
	marks  bool    // it has one
	number int     // among those of the table

	rest    uintptr // offset of the Rest
	spares  bool    // it has one
	whole   uintptr // offset of the Whole
	kept    bool    // it has one
	order   uintptr // offset of the Order
	ordered bool    // it has one
	blank   blank
}

func compile(t reflect.Type, number *int) *object {
	if t.Kind() != reflect.Struct {
		panic("scan: " + t.String() + " is not a struct")
	}
	o := &object{number: *number}
	*number++
	o.add(t, 0, number)
	if len(o.fields) > 127 {
		panic("scan: " + t.String() + " has too many fields")
	}
	size := 8
	o.shift = 64 - 3
	for size < 4*len(o.fields) {
		size *= 2
		o.shift--
	}
	o.first, o.next = make([]uint8, size), make([]uint8, len(o.fields))
	for i := range o.fields {
		f := &o.fields[i]
		f.index, f.ends = i, endsOf([]byte(f.name))
		h := o.hash(f.ends, len(f.name))
		o.next[i], o.first[h] = o.first[h], uint8(i+1)
	}
	o.blank = blankOf(o)
	return o
}

func (o *object) add(t reflect.Type, base uintptr, number *int) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			o.add(f.Type, base+f.Offset, number)
		case f.Type == reflect.TypeFor[Seen]():
			o.seen, o.marks = base+f.Offset, true
		case f.Type == reflect.TypeFor[Rest]():
			o.rest, o.spares = base+f.Offset, true
		case f.Type == reflect.TypeFor[Whole]():
			o.whole, o.kept = base+f.Offset, true
		case f.Type == reflect.TypeFor[Order]():
			o.order, o.ordered = base+f.Offset, true
		case name != "" && name != "-":
			k := kindOf(f.Type, number)
			if f.Tag.Get("scan") == "quoted" && k.op == opObject {
				k.op = opQuoted
			}
			k.members = f.Tag.Get("scan") == "members" && k.op == opEach
			k.lone = f.Tag.Get("scan") == "lone" && k.op == opList
			o.fields = append(o.fields, field{kind: k, name: name, offset: base + f.Offset})
		}
	}
}

func kindOf(t reflect.Type, number *int) kind {
	k := kind{typ: t}
	switch {
	case reflect.PointerTo(t).Implements(readerType):
		k.op, k.method = opReader, reflect.Zero(reflect.PointerTo(t)).Interface().(Reader)
	case reflect.PointerTo(t).Implements(eachType):
		k.op, k.object = opEach, compile(t.Field(1).Type, number)
	case t.Kind() == reflect.String:
		k.op = opText
	case t.Kind() == reflect.Bool:
		k.op = opBool
	case t.Kind() == reflect.Int64:
		k.op = opInt
	case t.Kind() == reflect.Float64:
		k.op = opFloat
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		k.op = opRaw
	case t.Kind() == reflect.Struct:
		k.op, k.object = opObject, compile(t, number)
	case t.Kind() == reflect.Slice:
		elem := kindOf(t.Elem(), number)
		k.op, k.elem = opList, &elem
	case t == reflect.TypeFor[map[string]string]():
		k.op = opMap
	default:
		panic(fmt.Sprintf("scan: a field cannot be a %s", t))
	}
	return k
}

// ends is what two looks at a name tell of it: its first and its last bytes, eight
// of each or fewer. Names of up to 16 bytes that have the same ends and length are
// the same.
type ends struct{ first, last uint64 }

func endsOf(name []byte) ends {
	switch n := len(name); {
	case n >= 8:
		return ends{binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[n-8:])}
	case n >= 4:
		return ends{uint64(binary.LittleEndian.Uint32(name)), uint64(binary.LittleEndian.Uint32(name[n-4:]))}
	case n > 0:
		return ends{uint64(name[0]), uint64(name[n/2])<<8 | uint64(name[n-1])}
	}
	return ends{}
}

func (o *object) hash(e ends, n int) uint64 {
	const spread = 0x9E3779B97F4A7C15
	return (e.first ^ bits.RotateLeft64(e.last, 21) ^ uint64(n)) * spread >> o.shift
}

func (o *object) find(name []byte) *field {
	e := endsOf(name)
	for i := o.first[o.hash(e, len(name))]; i != 0; i = o.next[i-1] {
		if f := &o.fields[i-1]; f.ends == e && len(f.name) == len(name) && (len(name) <= 16 || f.name == string(name)) {
			return f
		}
	}
	return nil
}

// header is how a slice lies in memory.
type header struct {
	data     unsafe.Pointer
	len, cap int
}
