package sources

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"whence/correlate"
)

var update = flag.Bool("update", false, "rewrite want.json in testdata from what the decoders give")

// fixture is one txtar file: "in.json" is one record (or "in.ndjson", a record a
// line), "scope" and "headers" (Name: value lines) are optional, "want.json" holds
// the events as `try --events` prints them, then the rejects' reasons.
type fixture struct {
	path    string
	archive *txtar.Archive
	inputs  []Input
}

func fixtures(t testing.TB, source string) []fixture {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", source, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var out []fixture
	for _, p := range paths {
		a, err := txtar.ParseFile(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fixture{p, a, inputs(a)})
	}
	return out
}

func inputs(a *txtar.Archive) []Input {
	var scope string
	headers := map[string]string{}
	var raws [][]byte
	for _, f := range a.Files {
		switch f.Name {
		case "scope":
			scope = strings.TrimSpace(string(f.Data))
		case "headers":
			for line := range strings.Lines(string(f.Data)) {
				if k, v, ok := strings.Cut(line, ":"); ok {
					headers[strings.ToLower(k)] = strings.TrimSpace(v)
				}
			}
		case "in.json":
			raws = append(raws, f.Data)
		case "in.ndjson":
			for line := range bytes.Lines(f.Data) {
				if len(bytes.TrimSpace(line)) > 0 {
					raws = append(raws, line)
				}
			}
		}
	}
	var ins []Input
	for _, r := range raws {
		ins = append(ins, Input{Raw: r, Scope: scope, Header: func(n string) string { return headers[strings.ToLower(n)] }})
	}
	return ins
}

func render(t testing.TB, b *Batch) []byte {
	t.Helper()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	for _, e := range b.Events {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range b.Rejects {
		if err := enc.Encode(map[string]string{"reject": r.Reason, "detail": r.Detail}); err != nil {
			t.Fatal(err)
		}
	}
	return buf.Bytes()
}

func TestSources(t *testing.T) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			fs := fixtures(t, s.Name)
			if len(fs) == 0 {
				t.Fatalf("no fixture in testdata/%s", s.Name)
			}
			for _, f := range fs {
				t.Run(strings.TrimSuffix(filepath.Base(f.path), ".txtar"), func(t *testing.T) { checkFixture(t, s, f) })
			}
		})
	}
}

func checkFixture(t *testing.T, s Source, f fixture) {
	var got, lent Batch
	lent.Poison()
	for _, in := range f.inputs {
		mine := bytes.Clone(in.Raw)
		s.DecodeRecord(Input{Raw: mine, Scope: in.Scope, Header: in.Header}, &lent)
		for i := range lent.Events {
			got.Events = append(got.Events, lent.Events[i].Clone())
		}
		got.Rejects = append(got.Rejects, lent.Rejects...)
		// Whatever still points into the record or the batch shows.
		clear(mine)
		lent.Reset()
	}
	text := render(t, &got)
	for _, e := range got.Events {
		checkEvent(t, s, &e)
	}
	if *update {
		rewrite(t, f, text)
		return
	}
	for _, file := range f.archive.Files {
		if file.Name == "want.json" {
			if d := cmp.Diff(string(file.Data), string(text)); d != "" {
				t.Errorf("%s (-want +got); rerun with -update if that is right:\n%s", f.path, d)
			}
			return
		}
	}
	t.Errorf("%s has no want.json; run with -update", f.path)
}

func rewrite(t *testing.T, f fixture, text []byte) {
	t.Helper()
	var files []txtar.File
	for _, file := range f.archive.Files {
		if file.Name != "want.json" {
			files = append(files, file)
		}
	}
	f.archive.Files = append(files, txtar.File{Name: "want.json", Data: text})
	if err := os.WriteFile(f.path, txtar.Format(f.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkEvent holds for every event of every source.
func checkEvent(t testing.TB, s Source, e *correlate.Event) {
	t.Helper()
	if e.ID.IsZero() || e.ActionID.IsZero() || e.Time.IsZero() || e.Source != s.Name || e.EventID == "" {
		t.Errorf("event %q of %s lacks id, action id, time, source or event id", e.EventID, s.Name)
	}
	if e.Action == "" || e.Class == "" || e.Outcome == "" || e.Evidence.SHA256 == "" {
		t.Errorf("event %q lacks action, class, outcome or hash", e.EventID)
	}
	minted := Kinds(s)
	for _, f := range e.Mints {
		if f.Key.IsZero() || f.Origin != e.ID || f.Start.IsZero() || f.Time.IsZero() || f.Kind == 0 || f.Method == "" || f.Proof == 0 {
			t.Errorf("event %q: incomplete fact %+v", e.EventID, f)
		}
		if !minted.Minted(f.Key.Kind) && (f.Kind == correlate.Account || f.Kind == correlate.Binding) {
			t.Errorf("event %q mints kind %s, which %s does not declare", e.EventID, f.Key.Kind, s.Name)
		}
		for _, p := range f.Parents {
			checkLink(t, e, p)
		}
	}
	for _, u := range e.Uses {
		checkLink(t, e, u)
	}
}

func checkLink(t testing.TB, e *correlate.Event, l correlate.Link) {
	t.Helper()
	if l.Role == 0 || l.Proof == 0 || l.Method == "" || l.Key.IsZero() && l.Principal.IsZero() {
		t.Errorf("event %q: incomplete link %+v", e.EventID, l)
	}
}

// FuzzSources feeds every source the fixtures of all of them, mutated.
func FuzzSources(f *testing.F) {
	for _, s := range All() {
		for _, fx := range fixtures(f, s.Name) {
			for _, in := range fx.inputs {
				f.Add(in.Raw)
			}
		}
	}
	f.Add([]byte("null"))
	f.Add([]byte(`{"Records":[null,1,"x",{}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		Detect(raw)
		for _, s := range All() {
			var out Batch
			s.DecodeRecord(Input{Raw: raw, Scope: "c/d"}, &out)
			for _, e := range out.Events {
				if e.ID.IsZero() || e.Time.IsZero() {
					t.Fatalf("%s: event without id or time", s.Name)
				}
			}
		}
	})
}
