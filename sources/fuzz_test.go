package sources

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Bounds of the samples that seed a fuzzer: it works through all of them before it
// changes the first.
const (
	mostSeeds    = 500
	mostSeedSize = 64 << 10
)

// FuzzSource feeds one source, that of WHENCE_FUZZ_SOURCE, its fixtures and, where the
// real samples are, those that look like it: make fuzz-long goes through all sources.
// Without the variable it feeds all of them the fixtures of the first.
func FuzzSource(f *testing.F) {
	list := All()
	if name := os.Getenv("WHENCE_FUZZ_SOURCE"); name != "" {
		s, ok := Find(name)
		if !ok {
			f.Skipf("no source is named %q", name)
		}
		list = []Source{s}
		for _, raw := range sampleSeeds(f, name) {
			f.Add(raw, "c/d", "")
		}
	}
	for _, fx := range fixtures(f, list[0].Name) {
		for _, in := range fx.inputs {
			f.Add(in.Raw, in.Scope, in.Header("x-github-event"))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, scope, header string) {
		Detect(raw)
		for _, s := range list {
			var out Batch
			s.DecodeRecord(Input{Raw: raw, Scope: scope, Header: func(string) string { return header }}, &out)
			for i := range out.Events {
				if e := &out.Events[i]; e.ID.IsZero() || e.Time.IsZero() || e.EventID == "" || e.Evidence.SHA256 == "" {
					t.Fatalf("%s: an event without id, time or hash", s.Name)
				}
			}
			if len(out.Events)+len(out.Rejects) == 0 {
				t.Fatalf("%s: nothing came of a record, not even a reject", s.Name)
			}
			// What decoding takes is bounded by what came in.
			if n := len(out.Events) + len(out.Rejects); n > len(raw)+1 {
				t.Fatalf("%s: %d events and rejects of %d bytes", s.Name, n, len(raw))
			}
		}
	})
}

// sampleSeeds are real records that look like a source's; none where there are no samples.
func sampleSeeds(f *testing.F, source string) (seeds [][]byte) {
	f.Helper()
	dir := os.Getenv("WHENCE_SAMPLES")
	if dir == "" {
		dir = filepath.FromSlash("../../shared/samples")
	}
	if _, err := os.Stat(dir); err != nil {
		f.Log("the real samples are not here: seeded from fixtures alone")
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || len(seeds) == mostSeeds || strings.HasSuffix(path, "-expected.json") {
			return err
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		_ = Split(in, func(raw []byte, _ int64) error { // not all of them are logs
			if s, ok := Detect(raw); ok && s.Name == source && len(raw) <= mostSeedSize && len(seeds) < mostSeeds {
				seeds = append(seeds, append([]byte(nil), raw...))
			}
			return nil
		})
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return seeds
}
