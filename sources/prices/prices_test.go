package prices

import (
	"math"
	"strings"
	"testing"
	"time"
)

var day = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func TestCost(t *testing.T) {
	list, err := Read([]byte(`
default: true
models:
  - {model: ours, input: 1, output: 2, from: 2026-01-01}
  - {model: ours, input: 3, output: 4, from: 2026-03-02}
  - {model: later, input: 3, output: 4, from: 2026-03-03}
  - {model: free, input: 0, output: 0}
  - {model: gpt-4o, input: 100, output: 100}
`))
	if err != nil {
		t.Fatal(err)
	}
	book := NewBook(list)
	m := Tokens{Input: 1e6, Output: 1e6}
	for _, tt := range []struct {
		name, model string
		at          time.Time
		tokens      Tokens
		want        float64 // negative: unknown
	}{
		{"as it stands", "claude-3-haiku", day, m, 1.5},
		{"Bedrock", "us.anthropic.claude-3-haiku-20240307-v1:0", day, m, 1.5},
		{"an ARN", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-3-haiku-20240307-v1:0", day, m, 1.5},
		{"a gateway's", "bedrock/amazon.nova-pro-v1:0", day, m, 4},
		{"a dated build", "gpt-4o-mini-2024-07-18", day, m, .75},
		{"a build with a price of its own", "gpt-4o-2024-05-13", day, m, 20},
		{"Vertex", "claude-3-5-sonnet@20240620", day, m, 18},
		{"latest", "claude-3-5-haiku-latest", day, m, 4.8},
		{"a long one", "claude-sonnet-4-5-20250929", day, Tokens{Input: 100_000, CacheRead: 200_000}, .6 + .12},
		{"a short one", "claude-sonnet-4-5-20250929", day, Tokens{Input: 100_000}, .3},
		{"the operator's comes first", "openai/gpt-4o", day, m, 200},
		{"before it changed", "ours", day.Add(-time.Hour), m, 3},
		{"after it changed", "ours", day, m, 7},
		{"before it had a price", "later", day, m, -1},
		{"costs nothing", "free", day, m, 0},
		{"no tokens told", "free", day, Tokens{}, -1},
		{"only output, embeddings have none", "text-embedding-3-small", day, m, -1},
		{"no price of the cache", "claude-3-sonnet", day, Tokens{Input: 1, CacheRead: 1}, -1},
		{"a model that begins alike", "gpt-4o-audio-preview", day, m, -1},
		{"unknown", "something-else", day, m, -1},
		{"none", "", day, m, -1},
		{"nonsense", "claude-3-haiku", day, Tokens{Input: -1, Output: 5}, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, known := book.Cost(tt.model, tt.at, tt.tokens)
			if known != (tt.want >= 0) || known && math.Abs(got-tt.want) > 1e-9 {
				t.Errorf("got %v, %v, want %v", got, known, tt.want)
			}
		})
	}
	if n := testing.AllocsPerRun(100, func() { book.Cost("us.anthropic.claude-3-haiku-20240307-v1:0", day, m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	for _, none := range []*Book{nil, {}} {
		if _, known := none.Cost("claude-3-haiku", day, m); known {
			t.Error("a book without a list knows a price")
		}
	}
	book.Use(Default())
	if got, _ := book.Cost("gpt-4o", day, m); got != 12.5 {
		t.Errorf("after the list was replaced: got %v", got)
	}
}

func TestReadRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"models: [{model: a, input: 1}, {model: a, input: 2}]": "there twice",
		"models: [{model: '', input: 1}]":                      "needs a name",
		"models: [{model: a, output: 1}]":                      "needs input",
		"models: [{model: a, input: -1}]":                      "input is no price",
		"models: [{model: a, input: 1, output: .nan}]":         "output is no price",
		"models: [{model: a, input: 1, from: soon}]":           "want a day",
		"models: [{model: a, input: 1, above: {input: 2}}]":    "above needs tokens",
		"models: [{model: a, price: 1}]":                       "price",
		"models: {":                                            "",
	} {
		_, err := Read([]byte(in))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", in, err, want)
		}
	}
	if l := Default(); l.Len() < 30 {
		t.Errorf("only %d models", l.Len())
	}
}
