package scan

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate/arena"
)

// TestEach: elements come one by one, each alone, and what comes twice or is no object
// ends the reading.
func TestEach(t *testing.T) {
	type page struct {
		Order Order
		Name  string `json:"name"`
		Parts Each[struct {
			Name  string `json:"name"`
			Items Each[struct {
				A string   `json:"a"`
				L []string `json:"l"`
			}] `json:"items"`
		}] `json:"parts"`
	}
	table := Of[page]()
	var p page
	var seen []string
	stop := ""
	items := &p.Parts.Item.Items
	items.Visit(func(raw Raw) bool {
		seen = append(seen, fmt.Sprintf("%s/%s/%s%v %s", p.Name, p.Parts.Item.Name, items.Item.A, items.Item.L, raw))
		return stop == "" || items.Item.A != stop
	})
	p.Parts.Visit(func(raw Raw) bool {
		seen = append(seen, fmt.Sprintf("end %s", p.Parts.Item.Name))
		return true
	})
	for _, tt := range []struct {
		in, stop string
		want     []string
		err      error
	}{
		{in: `{"name":"n","parts":[{"name":"p","items":[{"a":"x","l":["1","2"]}, {"l":["3"]},{}]},{"items":[{"a":"y"}],"name":"q"}]}`, want: []string{
			`n/p/x[1 2] {"a":"x","l":["1","2"]}`, `n/p/[3] {"l":["3"]}`, `n/p/[] {}`, "end p", `n//y[] {"a":"y"}`, "end q",
		}},
		{in: ` {"parts": [ { "items" : [ ] } , {"items":null}, {"items":{"a":"x"}} ], "name":"n"}`, want: []string{"end ", "end ", "end "}},
		{in: `{"parts":5}`},
		{in: `{"parts":[]}`},
		{in: `{"parts":[{}],"parts":[{}]}`, want: []string{"end "}, err: ErrStopped},
		{in: `{"parts":[{"items":[],"items":[]}]}`, err: ErrStopped},
		{in: `{"parts":[{},5]}`, want: []string{"end "}, err: ErrStopped},
		{in: `{"parts":[{"items":[{"a":"x"},{"a":"y"}]}]}`, stop: "x", want: []string{`//x[] {"a":"x"}`}, err: ErrStopped},
		{in: `{"parts":[{"items":[{"a":"x"}}]}`, want: []string{`//x[] {"a":"x"}`}, err: ErrSyntax},
		{in: `{"parts":[{"name":tru}]}`, err: ErrSyntax},
		{in: `{"parts":[{"z":` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + `}]}`, err: ErrDeep},
		{in: `{"name":"n","parts":[{}]}`, want: []string{"end "}}, // after all of that
	} {
		var mem arena.Text
		seen, stop = nil, tt.stop
		if err := table.Read([]byte(tt.in), &p, &mem); !errors.Is(err, tt.err) {
			t.Errorf("%.80s: got %v, want %v", tt.in, err, tt.err)
		}
		if d := cmp.Diff(tt.want, seen); d != "" {
			t.Errorf("%.80s (-want +got):\n%s", tt.in, d)
		}
	}
}

// TestEachMember: what a list has in a row, an object may have under names.
func TestEachMember(t *testing.T) {
	type page struct {
		Order Order
		Name  string `json:"name"`
		Rows  Each[struct {
			A string `json:"a"`
		}] `json:"rows" scan:"members"`
	}
	table := Of[page]()
	var p page
	var seen []string
	p.Rows.Visit(func(raw Raw) bool {
		seen = append(seen, fmt.Sprintf("%s/%s %s", p.Name, p.Rows.Item.A, raw))
		return true
	})
	for _, tt := range []struct {
		in   string
		want []string
		err  error
	}{
		{in: `{"name":"n","rows":{"Event1":{"a":"x"},"Event2":{},"":{"a":"y"}}}`, want: []string{`n/x {"a":"x"}`, "n/ {}", `n/y {"a":"y"}`}},
		{in: ` { "rows" : { "Event\u0031" : { "a" : "x" } , "b" : 5, "c":[{"a":"z"}] , "d":{"a":"y"}} } `, want: []string{`/x { "a" : "x" }`, `/y {"a":"y"}`}},
		{in: `{"rows":{ },"name":"n"}`},
		{in: `{"rows":[{"a":"x"}]}`},
		{in: `{"rows":null}`},
		{in: `{"rows":{"a":{}},"rows":{"a":{}}}`, want: []string{"/ {}"}, err: ErrStopped},
		{in: `{"rows":{"a":{}]}`, want: []string{"/ {}"}, err: ErrSyntax},
		{in: `{"rows":{"a":{},}}`, want: []string{"/ {}"}, err: ErrSyntax},
		{in: `{"rows":{"a"}}`, err: ErrSyntax},
		{in: `{"rows":{"a":tru}}`, err: ErrSyntax},
		{in: `{"rows":{"a":`, err: ErrSyntax},
		{in: `{"rows":{"z":` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + `}}`, err: ErrDeep},
	} {
		var mem arena.Text
		seen = nil
		if err := table.Read([]byte(tt.in), &p, &mem); !errors.Is(err, tt.err) {
			t.Errorf("%.80s: got %v, want %v", tt.in, err, tt.err)
		}
		if d := cmp.Diff(tt.want, seen); d != "" {
			t.Errorf("%.80s (-want +got):\n%s", tt.in, d)
		}
	}
}
