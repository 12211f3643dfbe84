package scan

import (
	"reflect"
	"testing"

	"whence/correlate/arena"
)

// odd is a Reader whose size is no number of words.
type odd struct{ a, b byte }

func (o *odd) ReadJSON(Raw, *arena.Text) { *o = odd{1, 2} }

// TestBlank: all that has a tag is emptied, whatever lies beside it, and nothing else.
func TestBlank(t *testing.T) {
	type nested struct {
		A    string `json:"a"`
		mine string
		Raw  Raw `json:"raw"`
		Seen Seen
		B    bool `json:"b"`
		own  bool
		N    int64   `json:"n"`
		F    float64 `json:"f"`
		Odd  odd     `json:"odd"`
		kept byte
		Loud loud `json:"loud"`
	}
	type outer struct {
		nested
		first  int64
		Nested nested   `json:"nested"`
		List   []nested `json:"list"`
		Texts  []string `json:"texts"`
		last   string
		Map    map[string]string `json:"map"`
		Text   string            `json:"text"`
	}
	full := func(n *nested) { n.mine, n.own, n.kept = "kept", true, 7 }
	table, into, mem := Of[outer](), new(outer), new(arena.Text)
	full(&into.nested)
	full(&into.Nested)
	into.first, into.last = 9, "kept"
	const members = `"a":"x","raw":1,"b":true,"n":1,"f":1,"odd":1,"loud":1`
	if err := table.Read([]byte(`{`+members+`,"nested":{`+members+`},"list":[{`+members+`}],"texts":["x"],"map":{"a":"b"},"text":"x"}`), into, mem); err != nil {
		t.Fatal(err)
	}
	if into.nested.Odd.a == 0 || into.Nested.Loud.got == "" || !into.Nested.B || into.Text == "" || into.Nested.Seen == (Seen{}) {
		t.Fatalf("not read: %+v", into)
	}
	if err := table.Read([]byte(`{}`), into, mem); err != nil {
		t.Fatal(err)
	}
	if cap(into.List) == 0 || cap(into.Texts) == 0 || into.Map == nil {
		t.Errorf("memory was given away: %+v", into)
	}
	var want outer
	full(&want.nested)
	full(&want.Nested)
	want.first, want.last = 9, "kept"
	into.List, into.Texts, into.Map = nil, nil, nil
	if !reflect.DeepEqual(*into, want) {
		t.Errorf("got %+v, want %+v", *into, want)
	}
	if err := table.Read([]byte(`{"list":[{}]}`), into, mem); err != nil || !reflect.DeepEqual(into.List, []nested{{}}) {
		t.Errorf("got %+v", into.List)
	}
}

// TestNumbersAllocateNothing: not even those that are no numbers.
func TestNumbersAllocateNothing(t *testing.T) {
	table, into, mem := Of[record](), new(record), new(arena.Text)
	in := []byte(`{"number":"1h","float":"x"}`)
	if n := testing.AllocsPerRun(100, func() {
		if err := table.Read(in, into, mem); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
