package sources

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"whence/correlate"
)

// iamSamples is the folder of real samples, or the test is skipped.
func iamSamples(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("WHENCE_SAMPLES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "samples")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real samples at %s: set WHENCE_SAMPLES to their folder to run this test", dir)
	}
	return dir
}

// iamValues reads the JSON values of a file; a file that is none has no values.
func iamValues(t *testing.T, path string) []json.RawMessage {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	var vs []json.RawMessage
	for {
		var v json.RawMessage
		err := dec.Decode(&v)
		if errors.Is(err, io.EOF) {
			return vs
		}
		if err != nil {
			t.Logf("%s: not JSON after value %d", filepath.Base(path), len(vs))
			return vs
		}
		vs = append(vs, v)
	}
}

// iamExpected is what Elastic's own pipeline makes of a line, in ECS.
type iamExpected struct {
	Time  time.Time `json:"@timestamp"`
	Event struct {
		ID, Action, Outcome string
	} `json:"event"`
	Client struct {
		User struct{ ID string } `json:"user"`
	} `json:"client"`
	Source struct{ IP string }    `json:"source"`
	User   struct{ Email string } `json:"user"`
}

func iamExpectedOf(t *testing.T, path string) []iamExpected {
	t.Helper()
	b, err := os.ReadFile(path + "-expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var x struct{ Expected []iamExpected }
	if err := json.Unmarshal(b, &x); err != nil {
		t.Fatal(err)
	}
	return x.Expected
}

// iamDecodeAll decodes every value of a file, each as one record.
func iamDecodeAll(t *testing.T, source, path string) *Batch {
	t.Helper()
	s, ok := Find(source)
	if !ok {
		t.Fatalf("no source %s", source)
	}
	var out Batch
	for _, raw := range iamValues(t, path) {
		s.DecodeRecord(Input{Raw: raw, Scope: "prod/file"}, &out)
	}
	for i := range out.Events {
		checkEvent(t, s, &out.Events[i])
	}
	return &out
}

func TestOktaSamples(t *testing.T) {
	dir := filepath.Join(iamSamples(t), "iam", "okta")
	t.Run("elastic", func(t *testing.T) {
		path := filepath.Join(dir, "elastic-test-okta-system-events.part1.log")
		got, want := iamDecodeAll(t, "okta.system_log", path), iamExpectedOf(t, path)
		if len(got.Rejects) != 0 || len(got.Events) != len(want) {
			t.Fatalf("got %d events and %d rejects, want %d and none", len(got.Events), len(got.Rejects), len(want))
		}
		for i, w := range want {
			e := got.Events[i]
			if !e.Time.Equal(w.Time) || e.EventID != w.Event.ID || e.Action != w.Event.Action || string(e.Outcome) != w.Event.Outcome {
				t.Errorf("event %d: got %s %s %s %s, want %+v", i, e.Time, e.EventID, e.Action, e.Outcome, w)
			}
			// Where client.ipAddress is missing, we take the first of the IP chain.
			if w.Source.IP != "" && e.Context.IP != w.Source.IP {
				t.Errorf("event %d: got ip %q, want %q", i, e.Context.IP, w.Source.IP)
			}
			if !strings.Contains(strings.Join(e.Actor.Names, " "), "okta:"+w.Client.User.ID) {
				t.Errorf("event %d: actor %+v is not user %s", i, e.Actor, w.Client.User.ID)
			}
		}
	})
	t.Run("panther", func(t *testing.T) {
		// These were cut down for tests. Where the time was cut out, the event
		// stands at the time it arrived, and mints nothing.
		path := filepath.Join(dir, "panther-rule-tests.okta_systemlog.ndjson")
		got := iamDecodeAll(t, "okta.system_log", path)
		if len(got.Rejects) != 0 || len(got.Events) != 20 {
			t.Errorf("got %d events and %d rejects of 20 lines", len(got.Events), len(got.Rejects))
		}
		for _, e := range got.Events {
			if e.Time.Unix() == 0 && len(e.Mints) > 0 {
				t.Errorf("event %s has no time and mints %d facts", e.EventID, len(e.Mints))
			}
		}
	})
}

func TestVaultSamples(t *testing.T) {
	dir := filepath.Join(iamSamples(t), "vault", "hashicorp_vault")
	for file, n := range map[string]int{
		"elastic-test-audit.log": 9, "elastic-sample_logs-audit.ndjson": 2, "opsagent-vault-audit-multiline.log": 8,
	} {
		got := iamDecodeAll(t, "vault.audit", filepath.Join(dir, file))
		if len(got.Rejects) != 0 || len(got.Events) != n {
			t.Errorf("%s: got %d events and %d rejects, want %d and none", file, len(got.Events), len(got.Rejects), n)
		}
	}

	path := filepath.Join(dir, "elastic-test-audit.log")
	got := iamDecodeAll(t, "vault.audit", path)
	for i, w := range iamExpectedOf(t, path) {
		e := got.Events[i]
		if !e.Time.Truncate(time.Millisecond).Equal(w.Time) || e.Context.IP != w.Source.IP || e.Action != "vault."+w.Event.Action {
			t.Errorf("event %d: got %s %s %s, want %+v", i, e.Time, e.Context.IP, e.Action, w)
		}
		if id, _, _ := strings.Cut(e.EventID, "/"); w.Event.ID != "" && id != w.Event.ID || w.Event.ID == "" && !strings.HasPrefix(id, "sha256:") {
			t.Errorf("event %d: got id %s, want %q", i, e.EventID, w.Event.ID)
		}
		if w.User.Email != "" && (e.Actor.ID != w.User.Email || e.Actor.Type != correlate.Human) {
			t.Errorf("event %d: got actor %+v, want %s", i, e.Actor, w.User.Email)
		}
		// Elastic calls a request a success that has no error; we wait for its response.
		if e.Primary && (e.Outcome == correlate.Success) != (w.Event.Outcome == "success") {
			t.Errorf("event %d: got outcome %s, want %s", i, e.Outcome, w.Event.Outcome)
		}
	}
	// Request and response are one deed, of which the response counts.
	for i := 0; i+1 < 8; i += 2 {
		a, b := got.Events[i], got.Events[i+1]
		if a.ActionID != b.ActionID || a.ID == b.ID || a.Primary || !b.Primary {
			t.Errorf("events %d and %d are no pair: %s %s", i, i+1, a.EventID, b.EventID)
		}
		if a.Key() != b.Key() {
			t.Errorf("events %d and %d went by %s and %s", i, i+1, a.Key(), b.Key())
		}
	}
}

// TestIAMDetect: every sample of ours is detected, and no sample of another log.
func TestIAMDetect(t *testing.T) {
	dir := iamSamples(t)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "SOURCE.txt") || strings.HasSuffix(path, "-expected.json") {
			return err
		}
		folder := filepath.Base(filepath.Dir(path))
		for i, raw := range iamValues(t, path) {
			v := NewValue(raw)
			for name, own := range map[string]string{"okta.system_log": "okta", "vault.audit": "hashicorp_vault"} {
				s, _ := Find(name)
				got := s.Detect(v)
				if got && folder != own {
					t.Errorf("%s value %d passes for %s", path, i, name)
				}
				if !got && folder == own && v.Has("actor") == (own == "okta") && (v.Has("published") || v.Has("time")) {
					t.Errorf("%s value %d is not detected as %s", path, i, name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
