package sinks

import (
	"context"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/go-cmp/cmp"
)

// sentOf is what an insert of a block of chains would send.
func sentOf(c *ClickHouse, b *block) map[string][]byte {
	sent := map[string][]byte{}
	if b.rows == 0 {
		return sent
	}
	in := newInsertion("", &c.chains, []*block{b}, nil)
	for in.query(); in.next(context.Background()) == nil; {
		for _, col := range in.input {
			var b proto.Buffer
			col.Data.EncodeColumn(&b)
			sent[col.Name] = append(sent[col.Name], b.Buf...)
		}
	}
	return sent
}

// TestLoadsPack: what is packed is what was encoded, whatever the draft and the memory
// are used for meanwhile and were used for before.
func TestLoadsPack(t *testing.T) {
	c, _, _ := fakeClickHouse()
	defer c.Close(t.Context())
	var ls loads
	for i, rows := range []int{300, 2, 0, 120, 300} {
		out := someOutput(rows)
		draft := ls.take()
		if err := c.encode(draft, out); err != nil {
			t.Fatal(err)
		}
		want, bytes := sentOf(c, &draft.chains), draft.bytes()
		l := ls.pack(draft)
		if again := ls.take(); again != draft {
			t.Error("the draft is not used again")
		}
		if err := c.encode(draft, someOutput(7)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(sentOf(c, &l.chains), want); d != "" {
			t.Errorf("output %d (-got +want):\n%s", i, d)
		}
		if got := l.bytes(); got != bytes || l.facts.rows != rows || l.alerts.rows != rows || l.rejects.rows != rows {
			t.Errorf("output %d: %d bytes, %d facts, %d alerts, %d rejects; want %d and %d of each", i, got, l.facts.rows, l.alerts.rows, l.rejects.rows, bytes, rows)
		}
		if used := len(l.piece); rows > 100 && used > bytes*3/2 {
			t.Errorf("output %d: %d bytes are in a piece of %d", i, bytes, used)
		}
		for j := range l.piece { // the next one must not rely on what is in it
			l.piece[j] = 0xDB
		}
		ls.give(l)
		ls.pack(draft)
	}
}

// TestLoadsAllocateNothing: to pack and to give back makes no garbage.
func TestLoadsAllocateNothing(t *testing.T) {
	c, _, _ := fakeClickHouse()
	defer c.Close(t.Context())
	out := someOutput(200)
	got := testing.AllocsPerRun(5, func() {
		draft := c.loads.take()
		if err := c.encode(draft, out); err != nil {
			t.Fatal(err)
		}
		c.loads.give(c.loads.pack(draft))
	})
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

// TestLoadsKeepNoLargeDraft: memory for very many rows at once is not kept.
func TestLoadsKeepNoLargeDraft(t *testing.T) {
	var ls loads
	draft := new(load)
	draft.chains.strips = []strip{{cells: make([]byte, 10, largeBytes+1)}}
	draft.chains.rows = 1
	if l := ls.pack(draft); len(l.chains.strips[0].cells) != 10 {
		t.Error("it was not packed")
	}
	if len(ls.drafts) != 0 {
		t.Error("a large draft was kept")
	}
	for range 2 * idleDrafts {
		ls.pack(new(load))
	}
	if len(ls.drafts) != idleDrafts {
		t.Errorf("%d drafts are kept; want %d", len(ls.drafts), idleDrafts)
	}
}

// TestPieces: a piece has room for what it is asked for and not much more, and what is
// idle is bounded: those that nobody asks for are forgotten.
func TestPieces(t *testing.T) {
	var p pieces
	for _, n := range []int{1, leastPiece, leastPiece + 1, 100_000, 1 << 20, 3 << 20, 10 << 20} {
		b := p.take(n)
		if len(b) < n || n > leastPiece && len(b) > n*3/2 {
			t.Errorf("a piece of %d bytes for %d", len(b), n)
		}
		p.give(b)
		if again := p.take(n); n <= 3<<20 && &again[0] != &b[0] {
			t.Errorf("another piece for %d bytes, although one was just given back", n)
		}
		p.give(b)
		if other := p.take(n/3 + 1); n > 3*leastPiece && &other[0] == &b[0] {
			t.Errorf("%d bytes are in a piece of %d", n/3+1, len(other))
		}
		p = pieces{}
	}
	var small [][]byte
	for range 2 * mostIdle / leastPiece {
		small = append(small, p.take(1))
	}
	for _, b := range small {
		p.give(b)
	}
	large := p.take(1 << 20)
	p.give(large)
	if p.held > mostIdle || p.held < mostIdle-1<<20 {
		t.Errorf("%d bytes are kept of at most %d", p.held, mostIdle)
	}
	if again := p.take(1 << 20); &again[0] != &large[0] {
		t.Error("what came back last was forgotten first")
	}
	held := 0
	for _, ps := range p.idle {
		for _, piece := range ps {
			held += len(piece.b)
		}
	}
	if held != p.held {
		t.Errorf("%d bytes are idle, and %d are counted", held, p.held)
	}
}
