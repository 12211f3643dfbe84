package sources

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// example is the source that docs/sources-declarative.md shows.
func example(t testing.TB) Declared {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "docs", "sources-declarative.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "```yaml\n# sources/acme.yaml\n")
	text, _, ended := strings.Cut(text, "```")
	if !ok || !ended {
		t.Fatal("no example in the page")
	}
	all, err := LoadDeclared(fstest.MapFS{"acme.yaml": {Data: []byte(text)}, ".hidden/x.yaml": {Data: []byte("x: 1")}, "README.md": {}})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// TestDeclaredExample: what the page shows does what it says.
func TestDeclaredExample(t *testing.T) {
	d := example(t)
	for _, err := range d.Check() {
		t.Error(err)
	}
	if d.Tests() != 4 {
		t.Errorf("%d tests", d.Tests())
	}
	var lent, kept Batch
	lent.Poison()
	for _, test := range d.tests[:3] {
		raw, err := declaredRecord(test.In)
		if err != nil {
			t.Fatal(err)
		}
		d.DecodeRecord(Input{Raw: raw, Scope: "eu"}, &lent)
		for i := range lent.Events {
			kept.Events = append(kept.Events, lent.Events[i].Clone())
		}
		clear(raw)
		lent.Reset()
	}
	for i := range kept.Events {
		checkEvent(t, d.Source, &kept.Events[i])
	}
	e := &kept.Events[0]
	if got := links(e); len(got) != 1 || got[0] != "requestor claimed acme.jobs anne.moreau@example.com" {
		t.Errorf("links of the start: %q", got)
	}
	if f := e.Mints[1]; f.End.IsZero() || f.Parents[0].Key.String() != "acme.job:j-17" || f.Proof.String() != "issued" {
		t.Errorf("the key's fact is %+v", f)
	}
	if f := kept.Events[2].Mints[0]; f.Kind.String() != "ending" || f.Reason != "completed" {
		t.Errorf("the end's fact is %+v", f)
	}
}

// TestDeclare: declared sources are found and detected like any other until others take
// their place.
func TestDeclare(t *testing.T) {
	before := len(registry)
	t.Cleanup(func() {
		if err := Declare(nil); err != nil || len(registry) != before {
			t.Errorf("after all were taken away there are %d sources, %v", len(registry), err)
		}
	})
	d := example(t)
	for range 2 {
		if err := Declare([]Declared{d}); err != nil || len(registry) != before+1 {
			t.Fatalf("%d sources, %v", len(registry), err)
		}
	}
	if s, ok := Detect([]byte(`{"logger":"acme.jobs","phase":"x","job_id":"1"}`)); !ok || s.Name != "acme.jobs" {
		t.Errorf("detected as %q", s.Name)
	}
	if s, ok := Detect([]byte(`{"logger":"acme.jobs","phase":"x","job_id":"1","entries":[{"logger":"acme.jobs","phase":"x","job_id":"1"}]}`)); !ok || s.Name != "acme.jobs" {
		t.Errorf("an envelope is detected as %q", s.Name)
	}
	if s, ok := Detect([]byte(`{"logger":"other","phase":"x","job_id":"1"}`)); ok {
		t.Errorf("another log is detected as %q", s.Name)
	}
	own := d
	own.Name, own.File = cloudtrailName, "b.yaml"
	for _, all := range [][]Declared{{d, d}, {own}} {
		if err := Declare(all); err == nil || len(registry) != before+1 {
			t.Errorf("%d sources, %v", len(registry), err)
		}
	}
}

func TestDeclaredRefuses(t *testing.T) {
	const ok = "source: a.b\ndetect: {has: [x]}\nevent: {time: t, action: '\"go\"'}\n"
	for in, want := range map[string]string{
		ok:                                  "",
		strings.Replace(ok, "a.b", "AB", 1): "want a vendor and a log",
		strings.Replace(ok, "has: [x]", "lacks: [x]", 1):                                        "detect: say which",
		strings.Replace(ok, "time: t, ", "", 1):                                                 "event.time is missing",
		ok + "lateness: soon\n":                                                                 "lateness",
		ok + "unknown: 1\n":                                                                     "unknown",
		strings.Replace(ok, "time: t", "time: t, klass: x", 1):                                  `unknown key "klass"`,
		strings.Replace(ok, "time: t", "time: t, class: lunch", 1):                              "event.class",
		strings.Replace(ok, "time: t", "time: t, id: '= r.'", 1):                                "event.id",
		strings.Replace(ok, "time: t", "time: t, id: '= now()'", 1):                             "event.id",
		strings.Replace(ok, "time: t", "time: t, id: '= x.y'", 1):                               "unknown name x",
		strings.Replace(ok, "time: t", "time: t, id: a b", 1):                                   "a path has members",
		strings.Replace(ok, "time: t", "time: t, id: a..b", 1):                                  "empty",
		ok + "actor: {type: cat, id: a}\n":                                                      "type",
		ok + "uses: [{kind: a.k}]\n":                                                            "its value",
		ok + "uses: [{kind: a.k, value: v, who: {id: x}}]\n":                                    "either",
		ok + "uses: [{kind: a.k, value: v, role: boss}]\n":                                      "role",
		ok + "uses: [{kind: a.k, value: v, proof: sure}]\n":                                     "proof",
		ok + "mints: [{kind: a.k, value: v, who: {id: x}}]\n":                                   "say what a.k is",
		ok + "kinds: [{kind: a.k}]\n":                                                           "nothing mints",
		ok + "kinds: [{kind: a.k, life: long}]\nmints: [{kind: a.k, value: v, who: {id: x}}]\n": "life",
		ok + "kinds: [{kind: a.k}]\nmints: [{kind: a.k, value: v}]\n":                           "stands for",
		ok + "kinds: [{kind: a.k}]\nmints: [{fact: binding, kind: a.k, value: v}]\n":            "target",
		ok + "kinds: [{kind: a.k}]\nmints: [{fact: x, kind: a.k, value: v, who: {id: x}}]\n":    "fact",
		"{": "",
	} {
		_, errs := readDeclaration("f.yaml", []byte(in))
		text := ""
		for _, err := range errs {
			text += err.Error() + "\n"
		}
		if in == ok && text != "" || in != ok && text == "" || !strings.Contains(text, want) {
			t.Errorf("%s\ngot %q, want %q", in, text, want)
		}
	}
}

// TestDeclaredTestsFail: a test that does not hold says where.
func TestDeclaredTestsFail(t *testing.T) {
	d := example(t)
	for i, change := range []struct {
		want any
		says string
	}{
		{map[string]any{"action": "acme.job.stop"}, "action: got acme.job.start, want acme.job.stop"},
		{map[string]any{"mints": []any{"a"}}, "mints: got"},
		{map[string]any{"actor": map[string]any{"id": "node-4"}}, "actor.id: got node-3"},
		{[]any{}, "got 1 events, want 0"},
	} {
		test := d.tests[0]
		test.Want = change.want
		errs := d.check(&test)
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), change.says) {
			t.Errorf("%d: got %v, want %q", i, errs, change.says)
		}
	}
	none := Declared{Source: d.Source, File: "f"}
	if len(none.Check()) != 1 {
		t.Error("a source without tests passes")
	}
}

// FuzzDeclared: no line makes a declared source panic, or gives an event without id or
// time.
func FuzzDeclared(f *testing.F) {
	d := example(f)
	for _, test := range d.tests {
		if raw, err := declaredRecord(test.In); err == nil {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var out Batch
		d.DecodeRecord(Input{Raw: raw}, &out)
		for _, e := range out.Events {
			if e.ID.IsZero() || e.Time.IsZero() || e.Action == "" {
				t.Fatalf("an event without id, time or action")
			}
		}
	})
}

func BenchmarkDecodeDeclared(b *testing.B) {
	d := example(b)
	raw, err := declaredRecord(d.tests[0].In)
	if err != nil {
		b.Fatal(err)
	}
	var out Batch
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for i := range b.N {
		if i%1000 == 0 {
			out.Reset()
		}
		d.Decode(Input{Raw: raw}, &out)
	}
}
