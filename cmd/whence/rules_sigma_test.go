package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"whence/rules"
)

// TestSigmaSamples lets Sigma's public rules see all real samples: they were made by
// other people for other readers of the same logs, and must find what is in them.
func TestSigmaSamples(t *testing.T) {
	root := samples(t)
	folder := os.Getenv("WHENCE_SIGMA")
	if folder == "" {
		folder = filepath.FromSlash("../../../shared/sigma")
	}
	if _, err := os.Stat(folder); err != nil {
		t.Skip("SIGMA'S PUBLIC RULES ARE NOT HERE: set WHENCE_SIGMA to their folder to run this test")
	}
	set, err := rules.Open(rules.Config{Sigma: []rules.Folder{{Name: folder, FS: os.DirFS(folder)}}})
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]string{}
	for _, r := range set.Rules() {
		titles[r.ID] = r.Title
	}
	r := newReader(tryOptions{}, streams{})
	r.rejects.errOut, r.judge = t.Output(), set.NewJudge()
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		_ = r.read(t.Context(), path) // what is no log is no business of this test
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, e := range r.events {
		for _, id := range e.Signals {
			found[e.Source+": "+titles[id]]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		t.Logf("%s: %d", name, found[name])
	}
	if len(found) < 20 {
		t.Errorf("only %d rules found anything in %d events", len(found), len(r.events))
	}
}
