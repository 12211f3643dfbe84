package sources

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeign: no source takes a line of another's for one of its own. A topic that is
// mapped to the wrong source gives rejects, not events of nobody.
func TestForeign(t *testing.T) {
	for _, from := range All() {
		for _, f := range fixtures(t, from.Name) {
			for i, in := range f.inputs {
				checkForeign(t, from, in, fmt.Sprintf("%s, record %d", f.path, i))
			}
		}
	}
}

// TestForeignSamples does the same with real lines, by what they look like.
func TestForeignSamples(t *testing.T) {
	dir := os.Getenv("WHENCE_SAMPLES")
	if dir == "" {
		dir = filepath.FromSlash("../../shared/samples")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("THE REAL SAMPLES ARE NOT HERE: set WHENCE_SAMPLES to their folder to run this test")
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "-expected.json") {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		_ = Split(file, func(raw []byte, at int64) error { // not all of them are logs
			if from, ok := Detect(raw); ok {
				checkForeign(t, from, Input{Raw: raw, Scope: "c/d"}, fmt.Sprintf("%s at %d", path, at))
			}
			return nil
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// foreignKin are pairs of sources of which the first takes some of the second's lines,
// and why it may.
var foreignKin = map[[2]string]string{
	{apimLLMName, azureOpenAIName}: "API Management's own log comes in a topic of either",
	{azureOpenAIName, apimLLMName}: "API Management's own log comes in a topic of either",
}

// checkForeign gives a record that its own source decodes to all the others.
func checkForeign(t *testing.T, from Source, in Input, what string) {
	t.Helper()
	var own Batch
	if from.DecodeRecord(in, &own); len(own.Events) == 0 {
		return
	}
	for _, s := range All() {
		if s.Name == from.Name || foreignKin[[2]string{s.Name, from.Name}] != "" {
			continue
		}
		var out Batch
		s.DecodeRecord(in, &out)
		for _, e := range out.Events {
			t.Errorf("%s: %s takes it for %s of its own", what, s.Name, e.Action)
		}
		for _, r := range out.Rejects {
			if r.Reason == "" || r.Detail == "" {
				t.Errorf("%s: %s rejects it without a reason", what, s.Name)
			}
		}
	}
}
