package main

import (
	"path/filepath"
	"testing"

	"whence/correlate"
)

// FuzzDirectory feeds both readers: whatever a file holds, it is read or refused.
func FuzzDirectory(f *testing.F) {
	for _, text := range []string{
		"people:\n  - id: a@example.com\n    aliases: [okta:1, {a: b}]\n",
		"version: 1\nservices: [{id: s, owner: a@example.com, aliases: [okta:1]}]\nschedules:\n",
		"people: {a: [b]}\n---\n- x\n", "people:\n- &a {id: x}\n- *a\n- <<: *a\n", "? [a]\n: b\n", "people: !!set {}\n",
		"kind,id,aliases\nperson,a@example.com,okta:1;okta:2\n", "kind,id\n\"person", "kind,id\nservice\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, read := range []func(*roster, []byte){(*roster).readYAML, (*roster).readCSV} {
			r := roster{file: "f"}
			read(&r, b)
			_, _ = correlate.NewDirectory(r.version, r.entries)
		}
	})
}

// What simulate writes is a directory.
func TestDirectoryOfEstate(t *testing.T) {
	dir := t.TempDir()
	if code, out := whence(t, "simulate", "--out", dir, "--events", "50"); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	path := filepath.Join(dir, "directory.yaml")
	d, err := loadDirectory(directorySettings{Path: []string{path}})
	if err != nil || d.Len() == 0 {
		t.Fatalf("%d entries, %v", d.Len(), err)
	}
	if code, out := whence(t, "try", dir, "--directory", path, "--scope", "prod/file0"); code != exitDone {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
