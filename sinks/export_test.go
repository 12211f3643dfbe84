package sinks

import (
	"context"

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
