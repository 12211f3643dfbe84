package sinks

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/correlate/arena"
)

// What is sent of words is what was said, whatever there is of it: read back by
// ch-go, as words and as plain texts.
func TestWords(t *testing.T) {
	few := func(n, of int) (out []string) {
		for i := range n {
			out = append(out, strings.Repeat("word ", i%of%9)+fmt.Sprint(i%of))
		}
		return out
	}
	twice := few(140_000, 70_000)
	slices.Sort(twice) // each beside its like: they are found although there are so many
	for name, blocks := range map[string][][]string{
		"nothing":       {{}},
		"one":           {{"a"}},
		"empty":         {{"", "", ""}},
		"empty between": {{"a", "", "a", "", "b", "a", ""}},
		"few":           {few(500, 7)},
		"a byte":        {few(2000, 256)},
		"chapters":      {few(2000, 257)},
		"many":          {few(300, 300)},
		"two bytes":     {few(1000, 200), few(1000, 190)},
		"four bytes":    {twice},
		"blocks":        {few(40, 4), {}, few(1, 1), few(300, 20), few(700, 350)},
		"long":          {{strings.Repeat("x", 127), strings.Repeat("x", 128), strings.Repeat("x", 127), strings.Repeat("x", 20_000)}},
		"alike": {{
			"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 a", "aws-sdk-go-v2/1.31.3 os/linux lang/go#1.22.5 a",
			"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 a", "aws-sdk-go-v2/1.31.3 os/linux lang/go#1.22.5 a",
		}},
	} {
		t.Run(name, func(t *testing.T) { checkWords(t, blocks) })
	}
}

// Words are known by where they lie, for one block: the next finds others there.
func TestWordsInLentMemory(t *testing.T) {
	type row struct{ v string }
	tab, b := newTable("t", []column[row]{word("c", func(r *row) *string { return &r.v })}), new(block)
	memory := make([]byte, 3000)
	for round := range 3 {
		var rows []row
		var want []byte
		for i := range memory {
			memory[i] = 'a' + byte((i*i+round)%7)
		}
		for i := range 2000 { // some hundred words in as many places, and none
			at := i * i % 997
			v := arena.View(memory[at : at+i%5])
			rows, want = append(rows, row{v}), appendText(want, v)
		}
		if err := tab.encode(b, rows); err != nil {
			t.Fatal(err)
		}
		if got := b.strips[0].spell(nil); !bytes.Equal(got, want) {
			t.Fatalf("round %d: the words are others", round)
		}
	}
}

// A block forgets where the words of the one before lay, even where another word has
// the number and the place of the one that was there.
func TestWordsForgetWhereTheyLay(t *testing.T) {
	type row struct{ v string }
	tab, b := newTable("t", []column[row]{word("c", func(r *row) *string { return &r.v })}), new(block)
	memory := []byte("a word")
	place, like := glance("a word")>>(64-seenBits), ""
	for i := 0; like == "" || glance(like)>>(64-seenBits) != place; i++ {
		like = fmt.Sprint("like it ", i)
	}
	if err := tab.encode(b, []row{{arena.View(memory)}}); err != nil {
		t.Fatal(err)
	}
	copy(memory, "others")
	if err := tab.encode(b, []row{{like}, {arena.View(memory)}}); err != nil {
		t.Fatal(err)
	}
	if got, want := b.strips[0].spell(nil), appendText(appendText(nil, like), "others"); !bytes.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzWords(f *testing.F) {
	f.Add("a b c a b c  a", uint8(3))
	f.Add(strings.Repeat("some words and some more ", 40), uint8(2))
	f.Fuzz(func(t *testing.T, s string, n uint8) {
		var blocks [][]string
		for some := range slices.Chunk(strings.Split(s, " "), int(n)+1) {
			blocks = append(blocks, some)
		}
		checkWords(t, blocks)
	})
}

func checkWords(t *testing.T, texts [][]string) {
	type row struct{ v string }
	c := word("c", func(r *row) *string { return &r.v })
	tab := newTable("t", []column[row]{c})
	var part []*block
	var want []string
	used := false
	for _, some := range texts {
		b := new(block)
		for range 2 { // the second time in memory that was used
			var rows []row
			for _, v := range some {
				rows = append(rows, row{v})
			}
			if err := tab.encode(b, rows); err != nil {
				t.Fatal(err)
			}
		}
		part, want = append(part, b), append(want, some...)
		used = used || b.strips[0].used
	}
	if got := slices.ContainsFunc(want, func(v string) bool { return v != "" }); used != got {
		t.Errorf("the column is used: got %v, want %v", used, got)
	}
	in := newInsertion("", &tab, part, nil)
	if err := in.next(t.Context()); err != nil {
		if len(want) > 0 {
			t.Error(err)
		}
		return
	}
	in.part, in.rows = part, len(want)
	feed := in.input[0].Data.(*feed)
	var plain, one []byte
	for _, b := range part {
		s := &b.strips[0]
		plain = s.spell(plain)
		for i := range s.codes {
			one = append(one, s.value(i)...)
		}
	}
	if !bytes.Equal(plain, one) {
		t.Error("one by one the values are others than all together")
	}
	if diff := cmp.Diff(want, readTexts(t, new(proto.ColStr), plain, len(want))); diff != "" {
		t.Errorf("as texts (-want +got):\n%s", diff)
	}
	g, pays := glossaryOf(part, 0)
	if pays != (feed.Type() == wireWords) {
		t.Errorf("%d words of %d values: got type %s", g.words, g.values, feed.Type())
	}
	if diff := cmp.Diff(want, readTexts(t, proto.NewLowCardinality[string](new(proto.ColStr)), g.append(nil), len(want))); diff != "" {
		t.Errorf("as words (-want +got):\n%s", diff)
	}
}

func readTexts(t *testing.T, col proto.ColumnOf[string], b []byte, rows int) (out []string) {
	t.Helper()
	r := bytes.NewReader(b)
	if err := col.DecodeColumn(proto.NewReader(r), rows); err != nil {
		t.Fatal(err)
	}
	if r.Len() > 0 {
		t.Errorf("%d bytes are left", r.Len())
	}
	for i := range rows {
		out = append(out, col.Row(i))
	}
	return out
}

// A word is found again, in a block as a lane writes it, if it is one of few.
func TestWordsAreFoundAgain(t *testing.T) {
	var chains []correlate.Chain
	for i := range 500 {
		chains = append(chains, correlate.Chain{Event: correlate.Event{
			Action:  fmt.Sprintf("svc:Describe%d", i%90),
			Context: correlate.Context{Agent: fmt.Sprintf("aws-sdk-go-v2/1.%d.3 ua/2.1 os/linux lang/go#1.2%d.4 md/GOARCH#amd64 api/s3#1.71.0", i%30, i%3)},
		}})
	}
	tab, b := chainTable(), new(block)
	if err := tab.encode(b, chains); err != nil {
		t.Fatal(err)
	}
	for i, c := range tab.columns {
		most := map[string]int{"action": 200, "context_agent": 60}[c.name]
		if got := len(b.strips[i].spans); most > 0 && got > most {
			t.Errorf("%s: got %d words, want at most %d", c.name, got, most)
		}
	}
}

// The ledger hashes rows as they are read, whatever they are sent as.
func TestWordsAreHashedAsTexts(t *testing.T) {
	out := someOutput(300)
	for i := range out.Chains {
		for j := range out.Chains[i].Hops {
			out.Chains[i].Hops[j].State = "" // of all: it is left out
		}
	}
	tab, b := chainTable(), new(block)
	if err := tab.encode(b, out.Chains); err != nil {
		t.Fatal(err)
	}
	plain := &block{rows: b.rows, strips: make([]strip, len(b.strips))}
	for i, c := range tab.columns {
		from, to := &b.strips[i], &plain.strips[i]
		to.used, to.ends = true, b.strips[c.lead].ends
		values := b.rows
		if c.typ.IsArray() {
			values = int(b.strips[c.lead].values())
		}
		switch {
		case !from.used && c.few:
			to.cells = make([]byte, values)
		case c.few:
			to.cells = from.spell(nil)
		default:
			to.cells = from.cells
		}
	}
	if diff := cmp.Diff(newDigester(&tab).sums(nil, plain), newDigester(&tab).sums(nil, b)); diff != "" {
		t.Errorf("(-as texts +as words):\n%s", diff)
	}
}
