package scan

import (
	"testing"

	"whence/correlate/arena"
)

func TestSeen(t *testing.T) {
	type part struct {
		Seen Seen
		A    string `json:"a"`
	}
	type line struct {
		Seen Seen
		B    string `json:"b"`
		In   part   `json:"in"`
	}
	table := Of[line]()
	b, in := table.Seen("b"), table.Seen("in")
	var got line
	for _, tc := range []struct {
		raw      string
		b, in, a bool
	}{
		{`{}`, false, false, false},
		{`{"b":"x","in":{"a":"x","b":1}}`, true, true, true},
		{`{"b":null,"in":7,"other":1}`, true, true, false},
		{`{"in":{}}`, false, true, false},
	} {
		if err := table.Read([]byte(tc.raw), &got, new(arena.Text)); err != nil {
			t.Fatal(err)
		}
		if s := &got.Seen; s.Has(b) != tc.b || s.Has(in) != tc.in || s.Has(table.Seen("b", "in")) != (tc.b && tc.in) || s.Any(table.Seen("b", "in")) != (tc.b || tc.in) {
			t.Errorf("%s: got %v", tc.raw, s)
		}
		if a := got.In.Seen.Has(Of[part]().Seen("a")); a != tc.a {
			t.Errorf("%s: inside: %v, want %v", tc.raw, a, tc.a)
		}
	}
}

// Of more members than one word has bits, each has its own.
func TestSeenMany(t *testing.T) {
	var s Seen
	for i := range 127 {
		before := s
		if s.mark(i); s == before {
			t.Errorf("no bit for %d", i)
		}
	}
}
