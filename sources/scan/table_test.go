package scan

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate/arena"
)

// TestNames: a name is found whatever its length, and no other is taken for it.
func TestNames(t *testing.T) {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	var fields []reflect.StructField
	for n := 1; n <= len(letters); n++ {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("F%d", n), Type: reflect.TypeFor[string](), Tag: reflect.StructTag(`json:"` + letters[:n] + `"`),
		})
	}
	o := compile(reflect.StructOf(fields), new(int))
	for n := 1; n <= len(letters); n++ {
		name := []byte(letters[:n])
		if f := o.find(name); f == nil || f.index != n-1 {
			t.Errorf("%s: found %+v", name, f)
		}
		for i := range name {
			name[i]++
			if string(name) != "b" && o.find(name) != nil {
				t.Errorf("%s: found", name)
			}
			name[i]--
		}
	}
	if o.find(nil) != nil {
		t.Error("found no name")
	}
}

// TestElements: what comes of a list in one pass is what comes of its elements one by
// one.
func TestElements(t *testing.T) {
	type line struct {
		Order Order
		A     string `json:"a"`
		B     []struct {
			C int64 `json:"c"`
		} `json:"b" scan:"lone"`
	}
	table := Of[line]()
	for _, list := range []string{
		`[]`, ` [ ] `, `[{"a":"x"}]`, `[ {"a":"x"} , {"b":[{"c":1},{"c":2}]},{"b":{"c":3}}, 4, null, [{"a":"y"}], "s", {"a":5}, {} ]`, `[{"a":"x","z":{"a":"no"}},{"b":{}}]`,
	} {
		raw := Raw(strings.TrimSpace(list))
		var want, got []string
		var mem arena.Text
		var one, all line
		for element := range raw.Elements() {
			err := table.Read(element, &one, &mem)
			want = append(want, fmt.Sprintf("%s %q %v %v", element, one.A, one.B, err))
		}
		table.Elements(raw, &all, &mem, func(element Raw, err error) {
			if err != nil {
				table.clear(&all)
			}
			got = append(got, fmt.Sprintf("%s %q %v %v", element, all.A, all.B, err))
		})
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-one by one +at once):\n%s", list, d)
		}
	}
}

func TestLone(t *testing.T) {
	type line struct {
		B []struct {
			C int64 `json:"c"`
		} `json:"b" scan:"lone"`
	}
	table := Of[line]()
	var into line
	for in, want := range map[string]string{
		`{"b":{"c":3}}`: "[{3}]", `{"b":[{"c":3},{"c":4}]}`: "[{3} {4}]", `{"b":[]}`: "[]", `{"b":5}`: "[]", `{"b":{"c":3},"b":{"c":4}}`: "[{4}]",
	} {
		if err := table.Read([]byte(in), &into, new(arena.Text)); err != nil || fmt.Sprint(into.B) != want {
			t.Errorf("%s: got %v, %v, want %s", in, into.B, err, want)
		}
	}
}

// TestRest: what no field takes is told as Members tells it.
func TestRest(t *testing.T) {
	type line struct {
		Order Order
		A     string `json:"a"`
		Rest  Rest
	}
	table := Of[line]()
	var into line
	for range 3 { // the last rounds know the order
		for _, in := range []string{
			`{}`, `{"a":"x"}`, `{"b":1,"a":"x","c":{"d":[2]}}`, ` { "b" : null , "\u0063" : "y\"" } `, `{"a":"x","b":2,"longer than a token that is remembered":true}`,
		} {
			var want, got []string
			var mem arena.Text
			for name, v := range Raw(strings.TrimSpace(in)).Members(&mem) {
				if name != "a" {
					want = append(want, fmt.Sprintf("%s=%s", name, v))
				}
			}
			if err := table.Read([]byte(in), &into, &mem); err != nil {
				t.Fatal(err)
			}
			for _, m := range into.Rest {
				got = append(got, fmt.Sprintf("%s=%s", m.Name, m.Value))
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-members +rest):\n%s", in, d)
			}
		}
	}
	many := "{" + strings.Repeat(`"b":1,`, 5*maxRest) + `"a":"x"}`
	if err := table.Read([]byte(many), &into, new(arena.Text)); err != nil || len(into.Rest) != maxRest || into.A != "x" {
		t.Errorf("of %d members more than %d are kept: %d, %v", 5*maxRest, maxRest, len(into.Rest), err)
	}
}
