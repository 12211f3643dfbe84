package sinks

import (
	"bytes"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
)

// What goes to the socket from where it is, is what would be copied, as often as it
// is sent.
func TestChained(t *testing.T) {
	tab := chainTable()
	var blocks []*block
	for _, rows := range []int{600, 1, 300} {
		b := new(block)
		if err := tab.encode(b, someOutput(rows).Chains); err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, b)
	}
	in := newInsertion("whence", &tab, blocks, nil)
	send := func(chained bool) []byte {
		in.chained = chained
		var sent bytes.Buffer
		w := proto.NewWriter(&sent, new(proto.Buffer))
		for q := in.query(); q.OnInput(t.Context()) == nil; {
			if err := (proto.Block{Columns: len(in.input), Rows: in.rows}).WriteBlock(w, proto.Version, in.input); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		return sent.Bytes()
	}
	want := send(false)
	for range 2 {
		if got := send(true); !bytes.Equal(got, want) {
			t.Fatalf("%d bytes were sent, and others than the %d that are copied", len(got), len(want))
		}
	}
}
