package scan

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate/arena"
)

type orderedPart struct {
	A    string `json:"a"`
	Long string `json:"a_name_that_is_longer_than_a_token_can_be"`
	Mid  string `json:"exactly_eight"`
}

type ordered struct {
	Order Order
	Seen  Seen
	Text  string        `json:"text"`
	Same  string        `json:"a_name_of_words_one"`
	Other string        `json:"a_name_of_words_two"`
	Part  orderedPart   `json:"part"`
	Parts []orderedPart `json:"parts"`
	Raw   Raw           `json:"raw"`
}

// said is what was read, without the order.
func (o *ordered) said() string {
	return fmt.Sprintf("%v %q %q %q %+v %+v %q", o.Seen, o.Text, o.Same, o.Other, o.Part, o.Parts, o.Raw)
}

// TestOrder: whatever came before, a line reads as if it were the first.
func TestOrder(t *testing.T) {
	const pad = `,"padding":"so that no name is too near to the end"}`
	table, into, mem := Of[ordered](), new(ordered), new(arena.Text)
	lines := []string{
		`{"text":"1","skipped":1,"part":{"a":"2","b":3},"raw":[1]` + pad,
		`{"text":"1","skipped":1,"part":{"a":"2","b":3},"raw":[1]` + pad,
		`{"text" :"1","skipped": 1,"part":{"a":"2","b":3},"raw":[2]` + pad,
		`{"te\u0078t":"1","skippe\u0064":1,"part":{"a":"2","b":3},"raw":[3]` + pad,
		`{"text":"1","skippex":1,"part":{"A":"2","b":3},"ray":[3]` + pad,
		`{"text":
			"1","skipped":	"x"` + pad,
		`{"a_name_of_words_one":"1","a_name_of_words_two":"2"` + pad,
		`{"a_name_of_words_two":"1","a_name_of_words_one":"2"` + pad,
		`{"a_name_of_words_tvo":"1","a_name_of_wards_one":"2"` + pad,
		`{"part":{"a_name_that_is_longer_than_a_token_can_be":"1","exactly_eight":"2"},"text":"3"` + pad,
		`{"part":{"a_name_that_is_longer_than_a_token_can_bx":"1","exactly_eight":"2"},"text":"3"` + pad,
		`{"parts":[{"a":"1","exactly_eight":"2"},{"exactly_eight":"3","a":"4"},{}],"text":"5"` + pad,
		`{"text":"a","text":"b"` + pad, `{"":1,"a":1,"ab":1,"":1,"a":1,"ab":1` + pad,
		`{"text":"no room"}`, `{}`, `{"text"`, `{"text":`, `{"text":"1","skipped"`, `{"text":"1","skipped":` + strings.Repeat(" ", 40),
		`{"text":` + strings.Repeat(" ", 40), `{"text"x"1"` + pad, `{"text":"1""skipped":1` + pad,
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		in := []byte(lines[dice.IntN(len(lines))])
		if dice.IntN(4) == 0 {
			in[dice.IntN(len(in))] = `"\ax:, {}`[dice.IntN(9)]
		}
		var fresh ordered
		want, got := table.Read(in, &fresh, mem), table.Read(in, into, mem)
		if !errors.Is(got, want) || want == nil && into.said() != fresh.said() {
			t.Fatalf("%s\ngot  %v %s\nwant %v %s", in, got, into.said(), want, fresh.said())
		}
	}
}

// TestOrderOfMany: more names than are remembered, all of them different, allocate
// nothing.
func TestOrderOfMany(t *testing.T) {
	table, into, mem := Of[ordered](), new(ordered), new(arena.Text)
	var line bytes.Buffer
	n := 0
	read := func() {
		line.Reset()
		line.WriteString(`{"text":"x"`)
		for range 3 << mostUnwanted {
			n++
			fmt.Fprintf(&line, `,"name%d":1`, n)
		}
		line.WriteString(`,"a_name_of_words_one":"last"}`)
		var err error
		allocated := testing.AllocsPerRun(1, func() { err = table.Read(line.Bytes(), into, mem) })
		if err != nil || into.Same != "last" || n > 10<<mostUnwanted && allocated > 0 {
			t.Fatalf("%v, %q, %v allocations", err, into.Same, allocated)
		}
	}
	for range 100 {
		read()
	}
}

// TestOrderHits: a line in the order of the one before is read without looking up
// a name.
func TestOrderHits(t *testing.T) {
	table, into, mem := Of[ordered](), new(ordered), new(arena.Text)
	in := []byte(`{"text":"1","skipped":1,"a_name_of_words_one":"2","end":"` + strings.Repeat("x", maxToken) + `"}`)
	if err := table.Read(in, into, mem); err != nil {
		t.Fatal(err)
	}
	r := reader{b: in, habits: into.Order.habits}
	var got []string
	i := 1
	for s := r.start(table.object); ; {
		if s = r.expected(s, i); s == nil {
			break
		}
		got = append(got, string(in[i:i+s.bytes]))
		i = r.skip(i+s.bytes, 0) + 1
	}
	if d := cmp.Diff([]string{`"text":`, `"skipped":`, `"a_name_of_words_one":`, `"end":`}, got); d != "" {
		t.Error(d)
	}
}

// TestOrderGrows: an object of many names that are not wanted gets places for them.
func TestOrderGrows(t *testing.T) {
	table, into, mem := Of[ordered](), new(ordered), new(arena.Text)
	var line bytes.Buffer
	line.WriteString(`{"text":"x"`)
	for i := range 70 {
		fmt.Fprintf(&line, `,"db_%d_count":%d`, i, i)
	}
	line.WriteString(`,"a_name_of_words_one":"last","padding":"so that no name is too near to the end"}`)
	for range 20 {
		if err := table.Read(line.Bytes(), into, mem); err != nil || into.Same != "last" || into.Text != "x" {
			t.Fatalf("%v, %q, %q", err, into.Text, into.Same)
		}
	}
	h := &into.Order.habits[table.object.number]
	if h.places != mostUnwanted {
		t.Errorf("there are 1<<%d places", h.places)
	}
	known := 0
	for i := range h.steps {
		if h.steps[i].bytes > 0 {
			known++
		}
	}
	if known < 60 { // some share their few places with others
		t.Errorf("%d names are known", known)
	}
}
