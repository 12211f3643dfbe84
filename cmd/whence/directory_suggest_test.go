package main

import (
	"path/filepath"
	"strings"
	"testing"

	"whence/correlate"
)

// What is proposed for the estate is a directory, puts nobody's names together with
// another's, and is nearly all there is to say: with it the estate is attributed as with
// the true one, up to owners.
func TestSuggestEstate(t *testing.T) {
	dir := t.TempDir()
	if code, out := whence(t, "simulate", "--out", dir, "--events", "2000"); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	truth, err := loadDirectory(directorySettings{Path: []string{filepath.Join(dir, "directory.yaml")}})
	if err != nil {
		t.Fatal(err)
	}
	code, out := whence(t, "directory", "suggest", dir, "--scope", "prod/file0")
	if code != exitDone {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	var r roster
	r.readYAML([]byte(out[strings.Index(out, "# From "):])) // after what was skipped
	if _, err := r.directory(); err != nil {
		t.Fatalf("what is proposed is wrong: %v\n%s", err, out)
	}
	people, known := 0, 0
	for _, e := range r.entries {
		var whose []string
		for _, a := range append(e.Aliases, e.ID) {
			p := correlate.Principal{ID: a}
			if issuer, id, ok := strings.Cut(a, ":"); ok {
				p = correlate.Principal{Issuer: issuer, ID: id}
			}
			if is, ok := truth.Find(p); ok && (len(whose) == 0 || whose[len(whose)-1] != is.ID) {
				whose = append(whose, is.ID)
			}
		}
		if len(whose) > 1 {
			t.Errorf("%s has names of %s", e.ID, strings.Join(whose, " and of "))
		}
		if e.Type == correlate.Human {
			if people++; len(whose) == 1 && whose[0] == e.ID {
				known++
			}
		}
	}
	if people < 20 || known < people*9/10 {
		t.Errorf("of %d people proposed %d are in the true directory", people, known)
	}
	code, out = whence(t, "directory", "suggest", dir, "--scope", "prod/file0", "--directory", filepath.Join(dir, "directory.yaml"))
	if code != exitDone || strings.Contains(out, "people:") {
		t.Errorf("beside the true directory people are proposed: exit code %d\n%s", code, out)
	}
}
