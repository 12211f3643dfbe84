package main

import (
	"path/filepath"
	"strings"
	"testing"

	"whence/sources/simulate"
)

// TestBacktestMonth: in a quiet month the library raises no alert, and in one with
// incidents each is found by the rules that are there for it. make backtest asks the same
// of half a million events.
func TestBacktestMonth(t *testing.T) {
	for _, tt := range []struct {
		incidents string
		want      []string
	}{
		{"none", []string{"0 incidents, 0 missed; 0 alerts about none"}},
		{"all", append(simulate.Incidents(), " 0 missed; 0 alerts about none")},
	} {
		t.Run(tt.incidents, func(t *testing.T) {
			dir := t.TempDir()
			if code, out := whence(t, "simulate", "--out", dir, "--days", "30", "--events", "20000", "--incidents", tt.incidents); code != exitDone {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			code, out := whence(t, "rules", "backtest", dir, "--library", "--rules", filepath.Join(dir, "rules"),
				"--directory", filepath.Join(dir, "directory.yaml"), "--scope", "prod/file0", "--truth", filepath.Join(dir, "truth.ndjson"))
			if code != exitDone {
				t.Errorf("exit code %d\n%s", code, out)
			}
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
		})
	}
}

// TestTruthsVerdict: what is missed, and what is about nothing, are both failures.
func TestTruthsVerdict(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "trail.json")
	write(t, path, []byte(strings.Join(lines, "\n")))
	truth := filepath.Join(dir, "truth.ndjson")
	write(t, truth, []byte(`{"source":"aws.cloudtrail","event_id":"11111111-1111-4111-8111-111111111112","flow":"incident_deleted","incident":"deleted","rules":["many","bucket-read"]}
{"source":"aws.cloudtrail","event_id":"11111111-1111-4111-8111-111111111113","flow":"person_cli"}
`))
	code, out := whence(t, "rules", "backtest", "--rules", draftRules(t), "--rule", "bucket-read", "--truth", truth, path)
	for _, want := range []string{"in person_cli", "1 incident missed: deleted", "are about no incident"} {
		if code != exitFailed || !strings.Contains(out, want) {
			t.Errorf("exit code %d, no %q in\n%s", code, want, out)
		}
	}
	if code, out := whence(t, "rules", "backtest", "--truth", filepath.Join(dir, "none"), path); code != exitWrong {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
