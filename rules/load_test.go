package rules

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the errors in testdata/load")

// TestLoad loads the files of each archive and compares what is wrong with them
// with the file "errors", which is empty when the rules load and pass. The file "kinds"
// has the kinds of keys there are.
func TestLoad(t *testing.T) {
	paths, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives in testdata/load: %v", err)
	}
	for _, p := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(p), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(p)
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{}
			want := -1
			var kinds []string
			for i, f := range a.Files {
				switch f.Name {
				case "errors":
					want = i
					continue
				case "kinds":
					kinds = strings.Fields(string(f.Data))
					continue
				}
				fsys[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			if want < 0 {
				t.Fatalf("%s has no file \"errors\"", p)
			}
			got := problemsOf(fsys, kinds...)
			if *update {
				a.Files[want].Data = []byte(got)
				if err := os.WriteFile(p, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(a.Files[want].Data), got); d != "" {
				t.Errorf("errors differ (-want +got):\n%s", d)
			}
		})
	}
}

// problemsOf says, a line each, what is wrong with the rules of fsys: what keeps
// them from loading, else the tests that fail.
func problemsOf(fsys fstest.MapFS, kinds ...string) string {
	s, err := Open(Config{Folders: []Folder{{FS: fsys}}, Kinds: kinds})
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, r := range s.Check() {
		if r.Err != nil {
			b.WriteString(r.File + ": " + r.Test + ": " + r.Err.Error() + "\n")
		}
	}
	return b.String()
}

func TestJoin(t *testing.T) {
	lib := Library()
	if _, err := Join(lib, lib); err == nil || !strings.Contains(err.Error(), `rule "unattributed-write" is already in`) {
		t.Errorf("a rule twice: %v", err)
	}
	other := mustLoad(t, `{id: mine, title: t, severity: low, why: w, when: "class == 'read'", tests: [{name: n, match: true, chain: {class: read}}]}`)
	both, err := Join(lib, other)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(both.Rules()), len(lib.Rules())+1; got != want {
		t.Errorf("%d rules, want %d", got, want)
	}
	if both.find("mine") == nil || both.find("unattributed-write") == nil {
		t.Error("a rule got lost")
	}
}

func mustLoad(t testing.TB, files ...string) *Set {
	t.Helper()
	fsys := fstest.MapFS{}
	for i, f := range files {
		fsys["r"+string(rune('a'+i))+".yaml"] = &fstest.MapFile{Data: []byte(f)}
	}
	s, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func FuzzLoad(f *testing.F) {
	paths, _ := filepath.Glob("testdata/load/*.txtar")
	for _, p := range paths {
		a, err := txtar.ParseFile(p)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			f.Add(file.Data)
		}
	}
	for _, r := range Library().Rules() {
		b, err := library.ReadFile(r.File)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Load(fstest.MapFS{"x.yaml": {Data: b}})
		if err != nil {
			if s != nil {
				t.Error("a set and an error")
			}
			return
		}
		s.Check()
		if len(s.Rules()) != 1 || len(s.Rules()[0].Tests) == 0 {
			t.Error("a file that loads is one rule with tests")
		}
	})
}
