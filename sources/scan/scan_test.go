package scan

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate/arena"
)

type inner struct {
	Text  string   `json:"text"`
	Names []string `json:"names"`
}

type embedded struct {
	Deep string `json:"deep"`
}

// loud is a Reader that notes what it was given.
type loud struct{ got string }

func (l *loud) ReadJSON(raw Raw, _ *arena.Text) { l.got = "<" + string(raw) + ">" }

type record struct {
	embedded
	Text   string            `json:"text"`
	Number int64             `json:"number"`
	Float  float64           `json:"float"`
	Flag   bool              `json:"flag"`
	Raw    Raw               `json:"raw"`
	Inner  inner             `json:"inner"`
	List   []inner           `json:"list"`
	Lists  [][]string        `json:"lists"`
	Map    map[string]string `json:"map"`
	Loud   loud              `json:"loud"`
	hidden string
}

func TestRead(t *testing.T) {
	table := Of[record]()
	for _, tc := range []struct {
		in   string
		want record
	}{
		{`{}`, record{}},
		{` { "text" : "a" , "number":-12,"float":1.5e3,"flag":true } `, record{Text: "a", Number: -12, Float: 1500, Flag: true}},
		{`{"deep":"x","unknown":[{"text":"no"},1,null,true,false,"\""],"text":"yes"}`, record{embedded: embedded{"x"}, Text: "yes"}},
		{`{"text":"a\"b\\c\/\b\f\n\r\t\u00e9\ud83d\ude00\ud800x"}`, record{Text: "a\"b\\c/\b\f\n\r\té😀\ufffdx"}},
		{`{"te\u0078t":"escaped name"}`, record{Text: "escaped name"}},
		{"{\"text\":\"caf\xc3\xa9 \xff\"}", record{Text: "café \ufffd"}},
		{`{"text":1,"number":"2","float":"3","flag":"true","inner":[],"list":{},"map":[1]}`, record{}},
		{`{"text":null,"number":null,"inner":null,"list":null,"map":null,"raw":null}`, record{Raw: Raw("null")}},
		{`{"number":1.0,"float":1e999}`, record{}},
		{`{"inner":{"text":"t","names":["a","b"]}}`, record{Inner: inner{"t", []string{"a", "b"}}}},
		{`{"list":[{"text":"1"},{"names":["x"]},7]}`, record{List: []inner{{Text: "1"}, {Names: []string{"x"}}, {}}}},
		{`{"lists":[["a"],[],["b","c"]]}`, record{Lists: [][]string{{"a"}, {}, {"b", "c"}}}},
		{`{"map":{"a":"b","c":1,"d":"e"}}`, record{Map: map[string]string{"a": "b", "d": "e"}}},
		{`{"raw":{"a":[1, 2]}}`, record{Raw: Raw(`{"a":[1, 2]}`)}},
		{`{"loud":{"a":1}}`, record{Loud: loud{`<{"a":1}>`}}},
		{`{"loud":null}`, record{Loud: loud{`<null>`}}},
		{`{"text":"first","text":"last"}`, record{Text: "last"}},
	} {
		// Whatever was read before must not show.
		into := record{hidden: "kept"}
		if err := table.Read([]byte(`{"deep":"d","text":"old","number":9,"float":9,"flag":true,"raw":[9],"inner":{"text":"old","names":["o","o","o"]},
			"list":[{"text":"o","names":["o"]},{"text":"o"},{"text":"o"}],"lists":[["o","o"],["o"]],"map":{"old":"old"},"loud":9}`), &into, new(arena.Text)); err != nil {
			t.Fatal(err)
		}
		if err := table.Read([]byte(tc.in), &into, new(arena.Text)); err != nil {
			t.Errorf("%s: %v", tc.in, err)
		}
		if into.hidden != "kept" {
			t.Errorf("%s: a field without a tag was changed", tc.in)
		}
		into.hidden = ""
		if d := cmp.Diff(fmt.Sprintf("%+v", tc.want), fmt.Sprintf("%+v", into)); d != "" {
			t.Errorf("%s: -want +got\n%s", tc.in, d)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	table := Of[record]()
	for in, want := range map[string]error{
		``: ErrSyntax, ` `: ErrSyntax, `{`: ErrSyntax, `{"text"`: ErrSyntax, `{"text":`: ErrSyntax, `{"text":"`: ErrSyntax, `{"text":"\"}`: ErrSyntax,
		`{"text":"a"`: ErrSyntax, `{"text":"a",}`: ErrSyntax, `{"text":"a"}x`: ErrSyntax, `{"text":"\x"}`: ErrSyntax, `{"text":"\u12g4"}`: ErrSyntax,
		`{"text":"a" "number":1}`: ErrSyntax, `{text:1}`: ErrSyntax, `{"number":01}`: ErrSyntax, `{"number":1.}`: ErrSyntax, `{"number":-}`: ErrSyntax,
		`{"u":tru}`: ErrSyntax, `{"u":[1,]}`: ErrSyntax, `{"u":[1 2]}`: ErrSyntax, `{"u":{"a":1,}}`: ErrSyntax, `{"u":{1:1}}`: ErrSyntax, `{"u":1e}`: ErrSyntax,
		`[]`: ErrObject, `1`: ErrObject, `null`: ErrObject, `[`: ErrSyntax, `{"list":[`: ErrSyntax, `{"list":[{}`: ErrSyntax, `{"map":{"a"`: ErrSyntax,
		`{"u":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`: ErrDeep,
		strings.Repeat("[", 300) + strings.Repeat("]", 300):                 ErrDeep,
	} {
		if err := table.Read([]byte(in), new(record), new(arena.Text)); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", in, err, want)
		}
	}
}

func TestRaw(t *testing.T) {
	var mem arena.Text
	var got []string
	for e := range Raw(`[ 1, "a" ,{"b":[]} ]`).Elements() {
		got = append(got, string(e))
	}
	for name, v := range Raw(`{ "a":1, "b\n" : "x" }`).Members(&mem) {
		got = append(got, name+"="+v.Loose(&mem))
	}
	for range Raw(`[]`).Elements() {
		got = append(got, "none")
	}
	for range Raw(`{}`).Members(&mem) {
		got = append(got, "none")
	}
	for range Raw(nil).Elements() {
		got = append(got, "none")
	}
	for _, r := range []Raw{nil, Raw(`null`), Raw(`12`), Raw(`true`), Raw(`"\u0041"`), Raw(`[1]`)} {
		got = append(got, r.Loose(&mem))
	}
	if d := cmp.Diff([]string{"1", `"a"`, `{"b":[]}`, "a=1", "b\n=x", "", "", "12", "true", "A", ""}, got); d != "" {
		t.Error(d)
	}
}

func TestUnquoted(t *testing.T) {
	var mem arena.Text
	for in, want := range map[string]string{
		`"{\"a\":\"\\u00e9\"}"`: `{"a":"\u00e9"}`, `"plain"`: `plain`, `""`: ``, `{"a":1}`: `{"a":1}`, `null`: `null`, ``: ``,
	} {
		if got := Raw(in).Unquoted(&mem); string(got) != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// TestUnquotePlaces: an escape is read the same wherever it is among others.
func TestUnquotePlaces(t *testing.T) {
	var mem arena.Text
	for _, special := range []string{`\"`, `\\`, `\n`, `\u00e9`, `\ud83d\ude00`, `\ud800`, "\u00e9", "\xff", "\xff\xff\xff\xff\xff\xff\xff\xff\xff", `\"\"`} {
		for before := range 20 {
			for after := range 20 {
				in := `"` + strings.Repeat("b", before) + special + strings.Repeat("a", after) + special + `"`
				var want string
				if err := json.Unmarshal([]byte(in), &want); err != nil {
					t.Fatal(err)
				}
				if got, ok := Raw(in).Text(&mem); !ok || got != want {
					t.Errorf("%q: got %q, want %q", in, got, want)
				}
			}
		}
	}
}

// TestReadAllocatesNothing: once the struct and the arena have their size.
func TestReadAllocatesNothing(t *testing.T) {
	table, into, mem := Of[record](), new(record), new(arena.Text)
	in := []byte(`{"text":"a\"b","number":12,"list":[{"text":"1"},{"names":["x","y"]}],"map":{"a":"b"},"raw":[1],"inner":{"text":"\u00e9"}}`)
	if n := testing.AllocsPerRun(100, func() {
		if err := table.Read(in, into, mem); err != nil {
			t.Fatal(err)
		}
		mem.Reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzRead: what encoding/json takes, Read takes, and reads the same of it. What
// only Read takes is not JSON inside of a string at most.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"text":"a\u00e9\ud83d\ude00","number":-12,"float":1.5e3,"flag":true}`, `{"list":[{"names":["a","b"]}],"lists":[[],["x"]],"map":{"a":"b"}}`,
		`{"inner":{"text":null,"names":null},"raw":{"a":[1,2,{"b":"\""}]}}`, `{"text":"\\\\\""}`, `[1,2]`, "{\"text\":\"\xff\"}", `{"text":1,"text":"x"}`,
	} {
		f.Add([]byte(s))
	}
	type plain struct { // without what encoding/json treats otherwise
		Text string  `json:"text"`
		Raw  Raw     `json:"raw"`
		List []inner `json:"list"`
		In   inner   `json:"inner"`
	}
	table := Of[plain]()
	f.Fuzz(func(t *testing.T, in []byte) {
		var got plain
		err := table.Read(in, &got, new(arena.Text))
		var exact map[string]json.RawMessage
		jerr := json.Unmarshal(in, &exact)
		if jerr != nil || exact == nil {
			if err == nil && json.Valid(withoutStrings(in)) == false {
				t.Fatalf("read %q", in)
			}
			return
		}
		if errors.Is(err, ErrDeep) {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		var want string
		if v, ok := exact["text"]; ok && json.Unmarshal(v, &want) == nil && want != got.Text {
			t.Errorf("%q: text %q, want %q", in, got.Text, want)
		}
		if v, ok := exact["raw"]; ok && string(v) != string(got.Raw) {
			t.Errorf("%q: raw %q, want %q", in, got.Raw, v)
		}
	})
}

// withoutStrings replaces what is inside of strings.
func withoutStrings(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); i++ {
		out = append(out, in[i])
		if in[i] != '"' {
			continue
		}
		for i++; i < len(in) && in[i] != '"'; i++ {
			if in[i] == '\\' {
				i++
			}
		}
		out = append(out, '"')
	}
	return out
}

// TestWhole: a member that is an object or something else is kept as it stands too.
func TestWhole(t *testing.T) {
	type line struct {
		Message struct {
			Whole Whole
			Text  string `json:"text"`
		} `json:"message"`
		After string `json:"after"`
	}
	table, into := Of[line](), new(line)
	for in, want := range map[string][2]string{
		`{"message": {"text":"a"} ,"after":"x"}`:                 {`{"text":"a"}`, "a"},
		`{"message":"{\"text\":\"a\"}","after":"x"}`:             {`"{\"text\":\"a\"}"`, ""},
		`{"message":[{"text":"a"}],"after":"x"}`:                 {`[{"text":"a"}]`, ""},
		`{"message":null,"after":"x"}`:                           {`null`, ""},
		`{"after":"x"}`:                                          {``, ""},
		`{"message":{"text":"a"},"message":{},"after":"x"}`:      {`{}`, ""},
		`{"message":{"text":"a"},"message":7,"after":"x"}`:       {`7`, ""},
		`{"message":1,"message":{"text":"b"},"after":"x","a":1}`: {`{"text":"b"}`, "b"},
	} {
		if err := table.Read([]byte(in), into, new(arena.Text)); err != nil || into.After != "x" {
			t.Fatalf("%s: %v, %q", in, err, into.After)
		}
		if got := [2]string{string(into.Message.Whole), into.Message.Text}; got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}
