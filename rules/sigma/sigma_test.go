package sigma

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"whence/correlate"
)

var update = flag.Bool("update", false, "rewrite the findings in testdata")

// tried is one case of match.txtar.
type tried struct {
	Rule, Source, Action, Agent, Outcome, Error string
	Match                                       bool
	Line                                        json.RawMessage
}

func (c *tried) event() *correlate.Event {
	e := &correlate.Event{Source: c.Source, Action: c.Action, Outcome: correlate.Outcome(c.Outcome), Error: c.Error}
	e.Context.Agent = c.Agent
	return e
}

func archive(t testing.TB, name string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func cases(t testing.TB) (fstest.MapFS, []tried) {
	t.Helper()
	files, all := fstest.MapFS{}, []tried(nil)
	for _, f := range archive(t, "match.txtar").Files {
		if f.Name != "cases.ndjson" {
			files[f.Name] = &fstest.MapFile{Data: f.Data}
			continue
		}
		for l := range bytes.Lines(f.Data) {
			var c tried
			if err := json.Unmarshal(l, &c); err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
	}
	return files, all
}

// TestMatch: every case by the rule alone and by the set of all rules, whose index
// must find the same.
func TestMatch(t *testing.T) {
	files, tries := cases(t)
	all, err := Import(files)
	if err != nil {
		t.Fatal(err)
	}
	rules := all.Rules
	for _, f := range all.Findings {
		if f.Result != Imported {
			t.Errorf("%s: %s: %s", f.File, f.Reason, f.Detail)
		}
	}
	set := NewSet(rules).NewMatcher()
	for i, c := range tries {
		t.Run(fmt.Sprint(i+1, " ", c.Rule), func(t *testing.T) {
			at := slices.IndexFunc(rules, func(r *Rule) bool { return r.File == c.Rule })
			if at < 0 {
				t.Fatal("no such rule")
			}
			if got := rules[at].Matches(c.event(), c.Line); got != c.Match {
				t.Errorf("matches: %v, want %v", got, c.Match)
			}
			if got := slices.Contains(set.Match(c.event(), c.Line, nil), rules[at].ID); got != c.Match {
				t.Errorf("the set finds it: %v, want %v", got, c.Match)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	files, want := fstest.MapFS{}, ""
	for _, f := range archive(t, "refused.txtar").Files {
		if want = string(f.Data); f.Name != "reasons" {
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	all, err := Import(files)
	if err != nil || len(all.Rules)+len(all.Correlations) > 0 {
		t.Fatalf("%+v, %v", all, err)
	}
	var got strings.Builder
	for _, f := range all.Findings {
		if f.File == "regexp.yml" || f.File == "yaml.yml" { // the words are the library's
			continue
		}
		fmt.Fprintf(&got, "%s %s: %s\n", f.File, f.Reason, f.Detail)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
	if len(all.Findings) != len(files) {
		t.Errorf("%d findings of %d files", len(all.Findings), len(files))
	}
}

// TestCorrelations: what becomes of each document, with what is counted.
func TestCorrelations(t *testing.T) {
	a := archive(t, "correlate.txtar")
	files, want := fstest.MapFS{}, -1
	for i, f := range a.Files {
		if files[f.Name] = (&fstest.MapFile{Data: f.Data}); f.Name == "findings" {
			delete(files, f.Name)
			want = i
		}
	}
	all, err := Import(files)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, f := range all.Findings {
		fmt.Fprintln(&got, f.File, f.Result, strings.TrimSpace(f.ID+" "+f.Reason)+":", f.Detail)
	}
	if *update {
		a.Files[want].Data = got.Bytes()
		if err := os.WriteFile("testdata/correlate.txtar", txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(string(a.Files[want].Data), got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTwoOfOneID(t *testing.T) {
	text := []byte("title: t\nid: x\nlogsource: {product: okta}\ndetection: {s: {eventType: a}, condition: s}\n")
	all, err := Import(fstest.MapFS{"a.yml": {Data: text}, "b.yml": {Data: text}})
	if err != nil || len(all.Rules) != 1 || all.Findings[1].Reason != "duplicate" {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "abc", true}, {"?", "", false}, {"?", "\u00e9", true},
		{"a*c", "abbc", true}, {"a*c", "abb", false}, {"A*C", "aXc", true}, {"*a*b*", "xxaxxbxx", true}, {"*ab", "aab", true},
		{"*aab", "aaab", true}, {`a\*c`, "a*c", true}, {`a\*c`, "abc", false}, {`a\\*`, `a\b`, true}, {`C:\x`, `c:\X`, true},
		{"a?c", "ac", false}, {"**a", "a", true}, {"\u00c9*", "\u00e9t\u00e9", true},
	} {
		if got := compileGlob(tt.pattern, false)(value{text: tt.text}); got != tt.want {
			t.Errorf("%q of %q: %v", tt.pattern, tt.text, got)
		}
	}
	if compileGlob("A*", true)(value{text: "ab"}) {
		t.Error("cased")
	}
}

// TestPublicRules: of the rules that Sigma publishes for logs that whence reads, at
// least four of five run.
func TestPublicRules(t *testing.T) {
	folder := os.Getenv("WHENCE_SIGMA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "sigma")
	}
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		t.Skip("SIGMA'S PUBLIC RULES ARE NOT HERE: set WHENCE_SIGMA to their folder to run this test")
	}
	all, err := Import(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	imported := 0
	for _, f := range all.Findings {
		if f.Result == Imported {
			imported++
			continue
		}
		t.Logf("%s: %s: %s", f.File, f.Reason, f.Detail)
	}
	if t.Logf("%d of %d", imported, len(all.Findings)); imported*5 < len(all.Findings)*4 {
		t.Error("fewer than four of five")
	}
}

// FuzzParse: no rule and no line breaks anything, and the index finds what the rule
// alone does.
func FuzzParse(f *testing.F) {
	files, all := cases(f)
	for _, c := range all {
		f.Add(files[c.Rule].Data, c.Source, c.Action, []byte(c.Line))
	}
	for _, file := range archive(f, "refused.txtar").Files {
		f.Add(file.Data, "okta.system_log", "a", []byte(`{}`))
	}
	for _, file := range archive(f, "correlate.txtar").Files {
		f.Add(file.Data, "okta.system_log", "a", []byte(`{}`))
	}
	base := []byte("title: t\nname: denied\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: {errorCode: x}, condition: s}\n")
	f.Fuzz(func(t *testing.T, text []byte, source, action string, raw []byte) {
		all, err := Import(fstest.MapFS{"a.yml": {Data: base}, "f.yml": {Data: text}})
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range all.Findings {
			if (found.Result == Imported) == (found.Reason != "") {
				t.Errorf("%+v", found)
			}
		}
		r, err := Parse("f.yml", text)
		if err != nil {
			if !errors.As(err, new(*Refusal)) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		e := &correlate.Event{Source: source, Action: action}
		if a, b := r.Matches(e, raw), len(NewSet([]*Rule{r}).NewMatcher().Match(e, raw, nil)) > 0; a != b && len(raw) > 0 && len(r.Sources) == 1 {
			t.Errorf("the rule %v, the set %v", a, b)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	files, all := cases(b)
	in, err := Import(files)
	if err != nil {
		b.Fatal(err)
	}
	rules := in.Rules
	for i := range 200 { // of other actions: what most rules are for most lines
		r, err := Parse(fmt.Sprintf("other%d.yml", i), fmt.Appendf(nil, "title: t\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: {eventName: Other%d}, condition: s}\n", i))
		if err != nil {
			b.Fatal(err)
		}
		rules = append(rules, r)
	}
	set, e := NewSet(rules).NewMatcher(), all[0].event()
	e.Action = "s3:GetObject"
	var found []string
	b.ReportAllocs()
	for b.Loop() {
		found = set.Match(e, all[0].Line, found[:0])
	}
}
