package scan

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"whence/correlate/arena"
)

type quotedPart struct {
	Order  Order
	Text   string            `json:"text"`
	Other  string            `json:"other"`
	Number int64             `json:"number"`
	Flag   bool              `json:"flag"`
	Raw    Raw               `json:"raw"`
	Inner  inner             `json:"inner"`
	List   []inner           `json:"list"`
	Map    map[string]string `json:"map"`
	Deep   inner             `json:"deep" scan:"quoted"`
}

func (q *quotedPart) said() string {
	return fmt.Sprintf("%q %q %d %v %q %+v %+v %v %+v", q.Text, q.Other, q.Number, q.Flag, q.Raw, q.Inner, q.List, q.Map, q.Deep)
}

type quotedLine struct {
	Order Order
	Part  quotedPart `json:"part" scan:"quoted"`
	After string     `json:"after"`
}

var (
	quotedTable = Of[quotedLine]()
	quotedParts = Of[quotedPart]()
)

// unquotedPart is what a part is by its definition: its text, unescaped and read.
func unquotedPart(value Raw) (part quotedPart) {
	mem := new(arena.Text)
	if value.IsObject() {
		_ = quotedParts.Read(value, &part, mem)
		return part
	}
	text, ok := value.Text(mem)
	if !ok {
		return part
	}
	if err := quotedParts.Read([]byte(text), &part, mem); errors.Is(err, ErrDeep) {
		return quotedPart{}
	}
	return part
}

// quotedSeeds are objects, to be put into strings.
var quotedSeeds = []string{
	`{}`, ` { } `, `[]`, `7`, ``, `{`, `{"text"`, `{"text":"a"`, `{"text":"a"} x`, `{"text":"a","other":}`, `null`,
	`{"text":"plain","skipped":{"a":[1,{"b":"c"},[]],"d":{}},"other":"also","number":-12,"flag":true}`,
	`{"text": "plain", "skipped": {"a": [1, {"b": "c"}, []], "d": {}}, "other": "also", "number": -12, "flag": true}`,
	`{"text":"a\"b\\c\n\u00e9\ud83d\ude00\/","other":"\\"}`, `{"te\u0078t":"x","other":"y"}`, "{\"text\":\"caf\u00e9 \xff\",\"other\":\"tab\there\"}",
	`{"raw":{"a":["x","\""]},"inner":{"text":"i","names":["a","\\"]},"list":[{"text":"1"},{"names":["b"]},3],"map":{"a":"b","c":1}}`,
	`{"raw":12,"inner":null,"list":[],"map":{},"text":1,"number":"1","flag":null}`, `{"deep":"{\"text\":\"d\"}","text":"x"}`, `{"deep":{"text":"d"}}`,
	`{"text":"first","text":"last"}`, `{"skipped":"` + strings.Repeat(`\"\\`, 20) + `","text":"x"}`, `{"text":"x","a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`,
	`{"text":"x","other":"y"}` + "\n", `{"text":"x"}` + " \r\n\t", `{"text":"x"} x`, `{"text":"x"}` + "\\n\\",
	`{"a":tru,"text":"x"}`, `{"a":01,"text":"x"}`, `{"text":"x",}`, "{\"text\":\"x\",\n\"other\":\"y\"}", `{"":1,"text":"x"}`,
}

// quotedIn puts s into a JSON string, in one of the ways that writers do.
func quotedIn(s string, way int) string {
	switch way {
	case 0:
		b, _ := json.Marshal(s)
		return string(b)
	case 1:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	case 2:
		return `"` + strings.NewReplacer(`\`, `\u005c`, `"`, `\u0022`).Replace(s) + `"`
	case 3:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `/`, `\/`, "\n", `\n`, "\t", `\t`, "a", `\u0061`).Replace(s) + `"`
	}
	return s
}

func checkQuoted(t *testing.T, into *quotedLine, value string) {
	t.Helper()
	line := []byte(`{"part":` + value + `,"after":"x"}`)
	mem := new(arena.Text)
	var all struct {
		Part  Raw    `json:"part"`
		After string `json:"after"`
	}
	// A line that is cut by what is in it holds something else.
	want := Of[struct {
		Part  Raw    `json:"part"`
		After string `json:"after"`
	}]().Read(line, &all, mem)
	got := quotedTable.Read(line, into, mem)
	if (got == nil) != (want == nil) {
		t.Fatalf("%q: got %v, want %v", line, got, want)
	}
	if part := unquotedPart(all.Part); got == nil && (into.Part.said() != part.said() || into.After != all.After) {
		t.Fatalf("%q\ngot  %s %q\nwant %s %q", line, into.Part.said(), into.After, part.said(), all.After)
	}
}

// TestQuoted: what is read in place is what would be read of the text unescaped,
// however it was escaped, whatever is wrong with it, and whatever came before.
func TestQuoted(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	into := new(quotedLine)
	for _, s := range quotedSeeds {
		for way := range 5 {
			if value := quotedIn(s, way); json.Valid([]byte(value)) || way < 4 {
				checkQuoted(t, into, value)
			}
		}
	}
	for range 30_000 {
		in := []byte(quotedIn(quotedSeeds[dice.IntN(len(quotedSeeds))], dice.IntN(4)))
		for range 1 + dice.IntN(2) {
			in[dice.IntN(len(in))] = `"\nu0x:, {}[]/`[dice.IntN(14)]
		}
		checkQuoted(t, into, string(in))
	}
}

// TestQuotedTwice: of two members of one name the last counts, all of it.
func TestQuotedTwice(t *testing.T) {
	var into quotedLine
	for _, last := range []string{`"{\"other\":\"b\"}"`, `{"other":"b"}`, `null`, `"no"`, `"{\"other\":\"b\""`} {
		want := "b"
		if last == `null` || last == `"no"` {
			want = ""
		}
		line := `{"part":"{\"text\":\"a\"}","part":` + last + `}`
		if err := quotedTable.Read([]byte(line), &into, new(arena.Text)); err != nil || into.Part.Text != "" || into.Part.Other != want {
			t.Errorf("%s: %v, %s", line, err, into.Part.said())
		}
	}
}

// TestQuotedCopiesNothing: text without escapes of its own is a view of the line.
func TestQuotedCopiesNothing(t *testing.T) {
	line := []byte(`{"part":"{\"skipped\":{\"a\":\"b\\n\"},\"text\":\"plain\"}"}`)
	var into quotedLine
	if err := quotedTable.Read(line, &into, nil); err != nil || into.Part.Text != "plain" {
		t.Fatalf("%v, %s", err, into.Part.said())
	}
	copy(line[strings.Index(string(line), "plain"):], "PLAIN")
	if into.Part.Text != "PLAIN" {
		t.Error("the text was copied")
	}
}

func FuzzQuoted(f *testing.F) {
	for _, s := range quotedSeeds {
		f.Add(quotedIn(s, 0), uint8(4))
		f.Add(s, uint8(0))
	}
	into := new(quotedLine)
	f.Fuzz(func(t *testing.T, in string, way uint8) { checkQuoted(t, into, quotedIn(in, int(way%5))) })
}
