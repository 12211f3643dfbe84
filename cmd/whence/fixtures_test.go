package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"whence/sources"
)

// fixtureOf is one fixture of a decoder: records that belong together.
type fixtureOf struct {
	name    string
	records []sources.Input
}

// fixturesOf are the fixtures that a source was decoded with in the tests of sources.
func fixturesOf(t *testing.T, source string) (all []fixtureOf) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "sources", "testdata", source, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f := fixtureOf{name: source + "/" + strings.TrimSuffix(filepath.Base(path), ".txtar")}
		var scope string
		headers := map[string]string{}
		for _, file := range a.Files {
			switch file.Name {
			case "scope":
				scope = strings.TrimSpace(string(file.Data))
			case "headers":
				for line := range strings.Lines(string(file.Data)) {
					k, v, _ := strings.Cut(line, ":")
					headers[strings.ToLower(k)] = strings.TrimSpace(v)
				}
			case "in.json":
				f.records = append(f.records, sources.Input{Raw: file.Data})
			case "in.ndjson":
				for line := range bytes.Lines(file.Data) {
					f.records = append(f.records, sources.Input{Raw: line})
				}
			}
		}
		for i := range f.records {
			f.records[i].Scope = scope
			f.records[i].Header = func(name string) string { return headers[strings.ToLower(name)] }
		}
		all = append(all, f)
	}
	return all
}
