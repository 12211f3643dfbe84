package sources

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// githubSamples is the folder of real logs; without it the test is skipped.
func githubSamples(t *testing.T, sub string) string {
	t.Helper()
	root := os.Getenv("WHENCE_SAMPLES")
	if root == "" {
		root = "../../shared/samples"
	}
	dir := filepath.Join(root, sub)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("NOT CHECKED against real logs: no %s; set WHENCE_SAMPLES", dir)
	}
	return dir
}

// githubValues reads the JSON values of a file, pretty-printed or not.
func githubValues(t testing.TB, path string) []json.RawMessage {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	var out []json.RawMessage
	for {
		var v json.RawMessage
		if err := dec.Decode(&v); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			return out // the splitter's business, not this test's
		}
		out = append(out, v)
	}
}

func githubDecodeAll(t *testing.T, s Source, raw []byte, header func(string) string) Batch {
	t.Helper()
	var out Batch
	mine := bytes.Clone(raw)
	s.DecodeRecord(Input{Raw: mine, Header: header}, &out)
	for i := range out.Events {
		out.Events[i] = out.Events[i].Clone()
	}
	clear(mine)
	for _, r := range out.Rejects {
		t.Errorf("%s: rejected: %s: %s: %.200s", s.Name, r.Reason, r.Detail, raw)
	}
	for i := range out.Events {
		checkEvent(t, s, &out.Events[i])
	}
	return out
}

func TestGitHubSamples(t *testing.T) {
	for _, tc := range []struct{ source, dir, pattern string }{
		{githubWebhook, "cicd/github_webhooks", "*.*json"},
		{githubAudit, "cicd/github_audit", "*.ndjson"},
		{githubAudit, "cicd/github_audit", "*.log"},
		{litellmSpend, "model-api/litellm", "*.json"},
	} {
		t.Run(tc.source+"/"+tc.pattern, func(t *testing.T) {
			s, _ := Find(tc.source)
			paths, err := filepath.Glob(filepath.Join(githubSamples(t, tc.dir), tc.pattern))
			if err != nil || len(paths) == 0 {
				t.Fatal("no sample files", err)
			}
			for _, p := range paths {
				for _, raw := range githubValues(t, p) {
					if found, ok := Detect(raw); !ok || found.Name != s.Name {
						t.Errorf("%s is detected as %q, not as %s: %.120s", filepath.Base(p), found.Name, s.Name, raw)
					}
					if got := githubDecodeAll(t, s, raw, nil); len(got.Events) == 0 {
						t.Errorf("%s: no event: %.120s", filepath.Base(p), raw)
					}
				}
			}
		})
	}
}

// The name GitHub sends in its header and the one the body's shape gives agree.
func TestGitHubWebhookShapes(t *testing.T) {
	s, _ := Find(githubWebhook)
	paths, _ := filepath.Glob(filepath.Join(githubSamples(t, "cicd/github_webhooks"), "octokit-*.json"))
	for _, p := range paths {
		event, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(p), "octokit-"), ".")
		for _, raw := range githubValues(t, p) {
			header := func(name string) string {
				if strings.EqualFold(name, "X-GitHub-Event") {
					return event
				}
				return ""
			}
			with, without := githubDecodeAll(t, s, raw, header), githubDecodeAll(t, s, raw, nil)
			for i := range with.Events {
				if got, want := without.Events[i].Action, with.Events[i].Action; got != want || !strings.HasPrefix(want, "github."+event) {
					t.Errorf("%s: by shape %s, by header %s", filepath.Base(p), got, want)
				}
				if with.Events[i].ID != without.Events[i].ID {
					t.Errorf("%s: the id depends on the header", filepath.Base(p))
				}
			}
		}
	}
}

// No other log is taken for one of these.
func TestGitHubDetectsNothingElse(t *testing.T) {
	mine := []string{"github_webhooks", "github_audit", "litellm"}
	root := githubSamples(t, ".")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains(mine, filepath.Base(filepath.Dir(path))) || !strings.Contains(filepath.Ext(path), "json") && filepath.Ext(path) != ".log" {
			return err
		}
		for i, raw := range githubValues(t, path) {
			if i == 500 {
				break
			}
			v := NewValue(raw)
			for _, name := range []string{githubWebhook, githubAudit, litellmSpend} {
				if s, _ := Find(name); s.Detect(v) {
					t.Errorf("%s is taken for %s: %.160s", strings.TrimPrefix(path, root), name, raw)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
