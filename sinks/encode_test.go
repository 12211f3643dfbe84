package sinks

import (
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/proto"

	"whence/correlate"
	"whence/correlate/arena"
)

// someOutput has every kind of row, with random fields.
func someOutput(rows int) *Output {
	r := rand.New(rand.NewPCG(7, 8))
	var out Output
	for range rows {
		out.Chains = append(out.Chains, random[correlate.Chain](r, "arn:aws:iam::123456789012:role/deploy", "it's \"quoted\" <here>"))
		out.Facts = append(out.Facts, random[correlate.Fact](r, "102abc", "\u2028"))
		out.Alerts = append(out.Alerts, random[correlate.Alert](r, "no-requestor", "high"))
		out.Rejects = append(out.Rejects, random[correlate.Reject](r, "aws.cloudtrail", "not_json"))
	}
	return &out
}

// Writing makes no garbage: a load's memory is used again, whatever the rows, and
// so are the buffers that the connection sends from.
func TestEncodeAllocatesNothing(t *testing.T) {
	c, _, _ := fakeClickHouse()
	defer c.Close(t.Context())
	out := someOutput(300)
	for _, rows := range [][]correlate.Chain{out.Chains, nil, out.Chains[:10]} {
		some := *out
		some.Chains = rows
		l := new(load)
		encode := func() {
			if err := c.encode(l, &some); err != nil {
				t.Fatal(err)
			}
		}
		if got := testing.AllocsPerRun(5, encode); got != 0 {
			t.Errorf("encode %d chains: got %v allocations, want 0", len(rows), got)
		}
	}
	l := new(load)
	if err := c.encode(l, out); err != nil {
		t.Fatal(err)
	}
	in := newInsertion("whence", &c.chains, []*block{&l.chains, &l.chains}, nil)
	var b proto.Buffer
	send := func() {
		q := in.query()
		for !errors.Is(q.OnInput(t.Context()), io.EOF) {
			b.Reset()
			for _, col := range q.Input {
				col.Data.EncodeColumn(&b)
			}
		}
	}
	if got := testing.AllocsPerRun(5, send); got > 1 { // the method value
		t.Errorf("send %d chains: got %v allocations, want 1", 2*len(out.Chains), got)
	}
}

// The load of a caller that was let go holds nothing of the caller's.
func TestEncodeKeepsNothing(t *testing.T) {
	c, conn, _ := fakeClickHouse()
	defer c.Close(t.Context())
	const text = "lent until Write returns"
	lent := []byte(text)
	out := oneChain()
	out.Chains[0].Reason = arena.View(lent)
	out.Facts = []correlate.Fact{{Method: arena.View(lent)}}
	l := new(load)
	if err := c.encode(l, out); err != nil {
		t.Fatal(err)
	}
	for i := range lent {
		lent[i] = 'x'
	}
	if err := c.insert(t.Context(), []*load{l}); err != nil {
		t.Fatal(err)
	}
	if len(conn.sent) != 2 {
		t.Fatalf("got %d inserts, want 2", len(conn.sent))
	}
	for _, blocks := range conn.sent {
		if !strings.Contains(blocks[0], text) || strings.Contains(blocks[0], "xxxx") {
			t.Errorf("got %q", blocks)
		}
	}
}
