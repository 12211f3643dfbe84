package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A directory with a raised version is taken over by a running process at SIGHUP, what
// is stored is written anew by whence repair, and a wrong one changes nothing.
func TestRunTakesDirectory(t *testing.T) {
	ctx, broker, engine := servers(t)
	config, listen := configFile(t, broker.Addr(), engine.Addr(), ""), unused(t)
	t.Setenv("WHENCE_LISTEN", listen)
	path := filepath.Join(filepath.Dir(config), "people.yaml")
	until := func(what string, ok func() bool) {
		t.Helper()
		for !ok() {
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
				t.Fatalf("waited in vain for %s", what)
			}
		}
	}
	current := "SELECT groupUniqArray(requestor_unit) FROM whence.chains_now WHERE requestor_id = 'alice@example.com' FORMAT TSV"

	p := startRun(t, config, listen)
	produce(ctx, t, broker.Addr(), lines)
	until("alice's chains", func() bool { return query(t, engine, current) == "['']" && countChains(t, engine) == "3" })

	write(t, path, []byte("version: 1\npeople:\n  - {id: alice@example.com, unit: payments, aliases: [aws:arn:aws:iam::123456789012:user/alice]}\n"))
	p.signal(syscall.SIGHUP)
	until("the directory", func() bool {
		_, out := whence(t, "status", "-c", config, "--json")
		return strings.Contains(out, `"version":1`)
	})
	code, out := whence(t, "repair", "-c", config, "--anew", "--json")
	if code != exitDone || strings.Contains(out, `"improved":0`) {
		t.Errorf("repair: exit code %d\n%s", code, out)
	}
	if got := query(t, engine, current); got != "['payments']" {
		t.Errorf("alice is of %s\n%s", got, &p.log)
	}
	if got := query(t, engine, "SELECT countIf(version < 8796093022208) FROM whence.chains_now"); got != "0" {
		t.Errorf("%s chains are of the epoch before", got)
	}
	other := filepath.Join(t.TempDir(), "other.yaml")
	write(t, other, []byte("people: [{id: bob@example.com}]\n"))
	for listed, want := range map[string]bool{path: false, other: true} {
		code, out := whence(t, "directory", "suggest", "-c", config, "--days", "4000", "--directory", listed)
		if code != exitDone || strings.Contains(out, "- id: aws-alice  # 3 chains, the last on 2026-03-04: aws.cloudtrail\n") != want {
			t.Errorf("suggest beside %s: exit code %d\n%s", listed, code, out)
		}
	}

	write(t, path, []byte("people:\n  - name: nobody\n"))
	p.signal(syscall.SIGHUP)
	until("it to be refused", func() bool {
		code, out := whence(t, "status", "-c", config)
		return code == exitDone && strings.Contains(out, "is in use (version 1):\n  people.yaml:2: an entry needs an id")
	})
	p.signal(os.Interrupt)
	if err := p.wait(); err != nil {
		t.Errorf("%v\n%s", err, &p.log)
	}
	if n := strings.Count(p.log.String(), "\n"); n != 2 {
		t.Errorf("%d lines, want one for each directory:\n%s", n, &p.log)
	}
}
