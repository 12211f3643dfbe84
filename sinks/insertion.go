package sinks

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

// An insertion is one INSERT of blocks of one table. It copies nothing: what is
// sent is made from the blocks while it is sent, as often as it takes. The blocks
// of several callers go out joined into parts, of a size that a connection can
// buffer and compress without leaving the processor's cache for long; the server
// makes one of them again.
type insertion struct {
	statement string
	blocks    []*block
	input     proto.Input // the feeds of the columns that are used
	settings  []ch.Setting
	// chained says that the connection takes many pieces of memory at once.
	chained bool

	part  []*block // what is being sent
	after int      // the first block behind it
	rows  int      // in part
	wrong error    // what the server says that one of its columns is, and we have no such values
}

// partBytes is when a part is big enough.
const partBytes = 1 << 19

// newInsertion prepares to insert blocks, at least one with at least one row. The
// columns that no block has values for are left out, all but one.
func newInsertion[T any](database string, t *table[T], blocks []*block, settings []ch.Setting) *insertion {
	in := &insertion{blocks: blocks, settings: settings}
	for i, c := range t.columns {
		used := slices.ContainsFunc(blocks, func(b *block) bool { return b.strips[i].used })
		if last := i == len(t.columns)-1; used || last && in.input == nil {
			in.input = append(in.input, proto.InputColumn{Name: c.name, Data: &feed{in, i, c.lead, c.name, c.typ, c.few}})
		}
	}
	names := make([]string, len(in.input))
	for i, c := range in.input {
		names[i] = c.Name
	}
	in.statement = insertInto(database, t.name, names)
	return in
}

// insertInto is the statement that takes rows of a table.
func insertInto(database, table string, columns []string) string {
	return fmt.Sprintf("INSERT INTO `%s`.`%s` (`%s`) FORMAT Native", database, table, strings.Join(columns, "`, `"))
}

// query is one attempt, from the first block on.
func (in *insertion) query() ch.Query {
	in.part, in.after, in.rows, in.wrong = nil, 0, 0, nil
	return ch.Query{Body: in.statement, Input: in.input, OnInput: in.next, Settings: in.settings}
}

// next makes the next part the one that the feeds are of.
func (in *insertion) next(context.Context) error {
	from, bytes := in.after, 0
	in.rows = 0
	for in.after < len(in.blocks) && bytes < partBytes && in.wrong == nil {
		b := in.blocks[in.after]
		in.rows += b.rows
		bytes += b.bytes()
		in.after++
	}
	in.part = in.blocks[from:in.after]
	if in.rows == 0 {
		return io.EOF
	}
	return nil
}

// A feed is one column of an insertion's current part.
type feed struct {
	in   *insertion
	at   int // the column's place in the table
	lead int // and that of the column with the same ends
	name string
	typ  proto.ColumnType
	few  bool
}

// Type implements proto.ColInput. Each part has its own.
func (f *feed) Type() proto.ColumnType {
	switch {
	case !f.asWords():
		return f.typ
	case f.typ.IsArray():
		return wireWordLists
	}
	return wireWords
}

func (f *feed) asWords() bool {
	if !f.few {
		return false
	}
	_, pays := glossaryOf(f.in.part, f.at)
	return pays
}

// Rows implements proto.ColInput.
func (f *feed) Rows() int { return f.in.rows }

// Infer is told what the server has. Were it another type, the server would try to
// convert, and say nothing of what that loses. An insert that goes wrong here ends
// without rows, and the connection can be used again.
func (f *feed) Infer(t proto.ColumnType) error {
	switch {
	case t.Base() == proto.ColumnTypeLowCardinality:
		t = t.Elem()
	case t.IsArray() && t.Elem().Base() == proto.ColumnTypeLowCardinality:
		t = t.Elem().Elem().Array()
	}
	if f.typ.Conflicts(t) && f.in.wrong == nil {
		f.in.wrong = &columnError{f.name, fmt.Errorf("the server has %s there, want %s", t, f.typ)}
	}
	return nil
}

// EncodeColumn implements proto.ColInput: the strips of all blocks, one after the
// other. The ends of a strip count from the block's own beginning.
func (f *feed) EncodeColumn(out *proto.Buffer) { out.Buf = f.appendCells(f.appendEnds(out.Buf)) }

func (f *feed) appendEnds(b []byte) []byte {
	if !f.typ.IsArray() {
		return b
	}
	var base uint64
	for _, bl := range f.in.part {
		lead := &bl.strips[f.lead]
		for _, e := range lead.ends {
			b = binary.LittleEndian.AppendUint64(b, base+e)
		}
		base += lead.values()
	}
	return b
}

func (f *feed) appendCells(b []byte) []byte {
	if f.few {
		if g, pays := glossaryOf(f.in.part, f.at); pays {
			return g.append(b)
		}
	}
	for _, bl := range f.in.part {
		s := &bl.strips[f.at]
		if f.few {
			b = s.spell(b)
		} else {
			b = append(b, s.cells...)
		}
	}
	return b
}

// EncodeState implements proto.StateEncoder: what comes before a column.
func (f *feed) EncodeState(out *proto.Buffer) {
	if f.asWords() {
		out.PutInt64(wordsVersion)
	}
}

// chainedBytes is how much a block must have of a column for that to go to the socket
// from where it is: what a row then costs to send is a seventh less (BenchmarkSend).
// What is less is copied next to what is before it: a piece of its own costs as much.
const chainedBytes = 4 << 10

// WriteColumn implements proto.ColInput, and is EncodeColumn without a copy of most
// bytes. It is asked where nothing is compressed. The block lives until all is sent.
func (f *feed) WriteColumn(w *proto.Writer) {
	if !f.in.chained || f.few {
		w.ChainBuffer(f.EncodeColumn)
		return
	}
	w.ChainBuffer(func(out *proto.Buffer) { out.Buf = f.appendEnds(out.Buf) })
	for _, bl := range f.in.part {
		cells := bl.strips[f.at].cells
		if len(cells) < chainedBytes {
			w.ChainBuffer(func(out *proto.Buffer) { out.PutRaw(cells) })
			continue
		}
		w.ChainWrite(cells)
	}
}
