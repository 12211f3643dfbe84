package sinks

import (
	"context"
	"io"
	"time"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"

	"whence/correlate"
)

// NewEncoder returns what Write does before rows are sent: it encodes them into
// memory that is used again, and says how many bytes they are.
func NewEncoder() func(*Output) (bytes int, err error) {
	c := &ClickHouse{chains: chainTable(), facts: factTable(), alerts: alertTable(), rejects: rejectTable(),
		checkpoints: checkpointTable(), entries: entryTable()}
	l := new(load)
	return func(out *Output) (int, error) {
		err := c.encode(l, out)
		return l.bytes(), err
	}
}

// A Wire is the values of one column as they are sent.
type Wire struct {
	Name string
	Type proto.ColumnType
	Rows int
	Data []byte
}

// Wires is what an insert of chains sends.
func Wires(chains []correlate.Chain) []Wire {
	t, b := chainTable(), new(block)
	if err := t.encode(b, chains); err != nil {
		panic(err)
	}
	in := newInsertion("", &t, []*block{b}, nil)
	_ = in.next(context.Background())
	var ws []Wire
	for _, c := range in.input {
		var out proto.Buffer
		if s, ok := c.Data.(proto.StateEncoder); ok {
			s.EncodeState(&out)
		}
		c.Data.EncodeColumn(&out)
		ws = append(ws, Wire{c.Name, c.Data.Type(), b.rows, out.Buf})
	}
	return ws
}

// Packed is what rows took, of memory before and after they were compressed, and of
// the processor.
type Packed struct {
	Bytes, Compressed      int
	Encode, Join, Compress time.Duration
}

// NewPacker returns what Write does before chains are sent, and ch-go while they are,
// in memory that is used again. It adds what that took by a clock.
func NewPacker(clock func() time.Duration) func([]Output, *Packed) error {
	t := chainTable()
	var blocks []*block
	var buf proto.Buffer
	lz4 := compress.NewWriter(0, compress.LZ4)
	return func(outs []Output, sum *Packed) error {
		for len(blocks) < len(outs) {
			blocks = append(blocks, new(block))
		}
		began := clock()
		lap := func(d *time.Duration) {
			now := clock()
			*d += now - began
			began = now
		}
		for i := range outs {
			if err := t.encode(blocks[i], outs[i].Chains); err != nil {
				return err
			}
		}
		in := newInsertion("whence", &t, blocks[:len(outs)], nil)
		lap(&sum.Encode)
		for q := in.query(); q.OnInput(context.Background()) == nil; {
			buf.Reset()
			if err := (proto.Block{Columns: len(in.input), Rows: in.rows}).EncodeRawBlock(&buf, proto.Version, in.input); err != nil {
				return err
			}
			lap(&sum.Join)
			if err := lz4.Compress(buf.Buf); err != nil {
				return err
			}
			lap(&sum.Compress)
			sum.Bytes, sum.Compressed = sum.Bytes+len(buf.Buf), sum.Compressed+len(lz4.Data)
		}
		return nil
	}
}

// NewSender returns what ch-go does to send chains in blocks of a lane each, without
// compression: each call sends all of them.
func NewSender(w io.Writer, lanes [][]correlate.Chain) (func() error, error) {
	t := chainTable()
	var blocks []*block
	for _, chains := range lanes {
		b := new(block)
		if err := t.encode(b, chains); err != nil {
			return nil, err
		}
		blocks = append(blocks, b)
	}
	out := proto.NewWriter(w, new(proto.Buffer))
	in := newInsertion("whence", &t, blocks, nil)
	in.chained = true
	return func() error {
		for q := in.query(); q.OnInput(context.Background()) == nil; {
			if err := (proto.Block{Columns: len(in.input), Rows: in.rows}).WriteBlock(out, proto.Version, in.input); err != nil {
				return err
			}
			if _, err := out.Flush(); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
