package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// These tests hold the module to DESIGN.md, section 4. go test cannot see what go
// list reads, so a cached result says nothing: run them with -count=1.

const module = "whence"

// floors says on which floor each tree of packages is. Imports point down only;
// trees on one floor are strangers to each other.
var floors = map[string]int{
	"cmd":      3,
	"pipeline": 2,
	"sources":  1, "rules": 1, "sinks": 1, "correlate/index": 1, "deploy/local": 1,
	"correlate": 0,
}

// libraries says who may import a library that is not ours, directly and outside
// of tests: a tree, a package or one file. Of two entries that fit the longer one
// counts. correlate is in none of them: it has the standard library only.
var libraries = []struct {
	path   string
	in     []string
	reason string
}{
	{"github.com/spf13/viper", []string{"cmd/whence/config.go"}, "configuration is read once and is a plain struct from then on; viper lower-cases keys and splits dots"},
	{"github.com/spf13/cobra", []string{"cmd/whence"}, "commands are the business of the command line alone"},
	{"github.com/schollz/progressbar/v3", []string{"cmd/whence"}, "only the command line talks to a person"},
	{"golang.org/x/term", []string{"cmd/whence"}, "only the command line talks to a person"},
	{"github.com/twmb/franz-go", []string{"pipeline", "correlate/index", "sinks", "cmd", "deploy/local/kafka", "deploy/local/apachekafka"}, "Kafka is known where records are read or written, never where they are understood"},
	{"github.com/twmb/franz-go/pkg/kfake", []string{"deploy/local/kafka"}, "the fake broker is for one machine and for tests"},
	{"github.com/dgraph-io/ristretto/v2", []string{"correlate/index"}, "it forgets: only the table knows how to live with that"},
	{"github.com/cockroachdb/pebble/v2", []string{"correlate/index"}, "the local store is disposable and the table's own"},
	{"github.com/ClickHouse/clickhouse-go/v2", []string{"sinks", "cmd/chaos", "cmd/bench"}, "one package knows how rows are stored; chaos looks at them from outside"},
	{"github.com/ClickHouse/ch-go", []string{"sinks", "cmd/bench"}, "inserts cost a third with it; all else goes through clickhouse-go"},
	{"github.com/expr-lang/expr", []string{"rules", "sources/declared_value.go", "sources/declared_line.go"}, "the languages of rules and of declared sources are ours; what runs them may change"},
	{"github.com/prometheus/client_golang", []string{"pipeline", "cmd"}, "what is measured is in one file, and registered where the caller says"},
	{"github.com/goccy/go-yaml", []string{"rules", "cmd", "sources/prices", "sources/declared_file.go"}, "files that people write are read at the edge"},
	{"github.com/pierrec/lz4/v4", []string{"pipeline/unpack.go"}, "fetched batches are unpacked where they stay; the Kafka client unpacks with it too"},
	{"github.com/klauspost/compress", []string{"cmd", "deploy/local/clickhouse"}, "compressed files are read at the edge"},
	{"github.com/ebitengine/purego", []string{"deploy/local/clickhouse"}, "calling C without cgo is for the embedded ClickHouse alone"},
	{"google.golang.org/protobuf", []string{"sources/otel_proto.go"}, "OTLP is read off the wire; generated types would be made on the heap for every span, and bring gRPC"},
	{"golang.org/x/sys", []string{"deploy/local"}, "what depends on the operating system is kept apart"},
	{"golang.org/x/sync", []string{"pipeline", "sinks", "cmd/bench"}, "goroutines have an owner who waits for them"},
	{"github.com/google/pprof", []string{"cmd/bench"}, "only the benchmark reads profiles"},
	{"github.com/bradleyjkemp/sigma-go", []string{"rules/sigma"}, "Sigma's own format is read at one place"},
	{"github.com/tidwall/gjson", []string{"rules/sigma"}, "only Sigma rules ask for members of a line that no decoder knows"},
	{"golang.org/x/tools/txtar", []string{"cmd/bench"}, "the benchmark decodes the fixtures of the tests"},
}

// source is one file of the module that is no test.
type source struct {
	path string // slash-separated, from the module's root
	file *ast.File
}

func (s source) dir() string {
	dir, _, _ := cutLast(s.path)
	return dir
}

func cutLast(path string) (dir, name string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// imports are the paths that the file imports.
func (s source) imports(t *testing.T) (paths []string) {
	t.Helper()
	for _, spec := range s.file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s: %v", s.path, err)
		}
		paths = append(paths, path)
	}
	return paths
}

// sourcesOfModule reads every file that go list knows, those for other operating
// systems too, and fails if there are others.
func sourcesOfModule(t *testing.T) []source {
	t.Helper()
	const root = ".."
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,GoFiles,CgoFiles,IgnoredGoFiles", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var all []source
	known := map[string]bool{}
	fset := token.NewFileSet()
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p struct {
			ImportPath                        string
			GoFiles, CgoFiles, IgnoredGoFiles []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		dir := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles) {
			path := strings.TrimPrefix(dir+"/"+name, "/")
			if known[path] = true; strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(fset, filepath.Join(root, filepath.FromSlash(path)), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, source{path, f})
		}
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (name == "testdata" || name == "bin" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if rel = filepath.ToSlash(rel); strings.HasSuffix(rel, ".go") && !strings.HasSuffix(rel, "_test.go") && !known[rel] {
			t.Errorf("%s belongs to no package that go list knows, so nobody checks it", rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Fatalf("only %d files were found: this does not look like the module", len(all))
	}
	return all
}

// within reports whether path is tree or in it.
func within(path, tree string) bool { return path == tree || strings.HasPrefix(path, tree+"/") }

// treeOf finds the tree that a package is in.
func treeOf(pkg string) (tree string, ok bool) {
	for t := range floors {
		if within(pkg, t) && len(t) > len(tree) {
			tree, ok = t, true
		}
	}
	return tree, ok
}

func TestFloors(t *testing.T) {
	for _, s := range sourcesOfModule(t) {
		from, ok := treeOf(s.dir())
		if !ok {
			t.Errorf("%s: package %q is on no floor; say in floors_test.go and DESIGN.md on which it is", s.path, s.dir())
			continue
		}
		for _, path := range s.imports(t) {
			pkg, ours := strings.CutPrefix(path, module+"/")
			if !ours {
				continue
			}
			to, ok := treeOf(pkg)
			switch {
			case !ok:
				t.Errorf("%s imports %s, which is on no floor", s.path, path)
			case from == to || floors[to] < floors[from]:
			case floors[to] == floors[from]:
				t.Errorf("%s imports %s: %s and %s are on one floor (%d) and know nothing of each other; what both need belongs into correlate, what joins them into pipeline or cmd",
					s.path, path, from, to, floors[from])
			default:
				t.Errorf("%s imports %s: imports point down, and this one goes from floor %d up to %d", s.path, path, floors[from], floors[to])
			}
		}
	}
}

func TestFloorsLibraries(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sourcesOfModule(t) {
		for _, path := range s.imports(t) {
			if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
				continue // ours, or the standard library's
			}
			lib := -1
			for i, l := range libraries {
				if within(path, l.path) && (lib < 0 || len(l.path) > len(libraries[lib].path)) {
					lib = i
				}
			}
			if lib < 0 {
				t.Errorf("%s imports %s, which nobody may import yet; if it is worth its weight, say in floors_test.go who may and why", s.path, path)
				continue
			}
			l := libraries[lib]
			used[l.path] = true
			if !slices.ContainsFunc(l.in, func(in string) bool { return within(s.path, in) }) {
				t.Errorf("%s imports %s, which only %s may: %s", s.path, path, strings.Join(l.in, ", "), l.reason)
			}
		}
	}
	for _, l := range libraries {
		if !used[l.path] {
			t.Errorf("nobody imports %s any more; take it out of floors_test.go", l.path)
		}
	}
}

// TestFloorsTime: everything is decided in event time. What reads the wall clock
// itself cannot be replayed and gives other results the next time.
func TestFloorsTime(t *testing.T) {
	found := false
	for _, s := range sourcesOfModule(t) {
		switch tree, _ := treeOf(s.dir()); {
		case tree == "cmd", tree == "deploy/local":
			continue // they live on the wall
		case s.path == "sinks/batch.go", s.path == "sinks/conns.go":
			continue // how long a connection was idle, and a batch may wait, decides nothing
		case s.path == "sinks/waits.go", s.path == "pipeline/waiting.go", s.path == "pipeline/failures.go":
			continue // nor does for how long an outage has lasted
		case s.path == "correlate/clock.go", s.path == "pipeline/metrics.go":
			found = found || len(wallClock(s.file)) > 0
			continue
		}
		for _, call := range wallClock(s.file) {
			t.Errorf("%s calls time.%s: only correlate/clock.go and metrics read the wall clock; ask a correlate.Clock", s.path, call)
		}
	}
	if !found {
		t.Error("not even correlate/clock.go reads the wall clock: this test looks for the wrong thing")
	}
}

// wallClock names the functions in f that read the wall clock, but for what is
// handed to metrics.timed.
func wallClock(f *ast.File) (calls []string) {
	name := ""
	for _, spec := range f.Imports {
		if spec.Path.Value == `"time"` {
			name = "time"
			if spec.Name != nil {
				name = spec.Name.Name
			}
		}
	}
	if name == "" {
		return nil
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if fun, ok := n.Fun.(*ast.SelectorExpr); ok && fun.Sel.Name == "timed" {
				return false
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == name && slices.Contains([]string{"Now", "Since", "Until"}, n.Sel.Name) {
				calls = append(calls, n.Sel.Name)
			}
		}
		return true
	})
	return calls
}
