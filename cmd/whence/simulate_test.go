package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSimulateWritesFiles(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	cmd := simulateCommand()
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"--out", filepath.Join(dir, "estate"), "--events", "500", "--seed", "7"})
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"aws.cloudtrail", "okta.system_log", "vault.audit", "github.webhook", "github.audit", "litellm.spend", "truth",
	} {
		b, err := os.ReadFile(filepath.Join(dir, "estate", name+".ndjson"))
		if err != nil {
			t.Error(err)
			continue
		}
		for line := range bytes.Lines(b) {
			if !json.Valid(line) {
				t.Fatalf("%s has a line that is not JSON", name)
			}
		}
		if !strings.Contains(out.String(), name+".ndjson") {
			t.Errorf("%s is not told of:\n%s", name, &out)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "estate", "directory.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, []byte("people:\n")) {
		t.Errorf("the directory begins with %.40q", b)
	}
}

func TestSimulateRefuses(t *testing.T) {
	for name, args := range map[string][]string{
		"no folder":     {},
		"a bad share":   {"--out", "unused", "--lost", "3"},
		"a bad start":   {"--out", "unused", "--start", "yesterday"},
		"a bad format":  {"--out", "unused", "--format", "kafka"},
		"no events":     {"--out", "unused", "--events", "0"},
		"odd arguments": {"--out", "unused", "more"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := simulateCommand()
			cmd.SilenceErrors, cmd.SilenceUsage = true, true
			cmd.SetArgs(args)
			if err := cmd.ExecuteContext(t.Context()); err == nil {
				t.Error("want an error")
			}
		})
	}
}
