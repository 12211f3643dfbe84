//go:build unix

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// All that was read is read again beside the instance that runs, into a database of
// its own, which ends up with the same rows.
func TestRunFrom(t *testing.T) {
	ctx, broker, engine := servers(t)
	config := configFile(t, broker.Addr(), engine.Addr(), "")
	f, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, "store: {dir: store}")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	rows := func(database string) string {
		return query(t, engine, "SELECT id, status, requestor_id, executor_id, action, evidence_sha256 FROM "+database+".chains_now ORDER BY id")
	}
	await := func(p *running, what string, holds func() bool) {
		t.Helper()
		for !holds() {
			select {
			case <-time.After(50 * time.Millisecond):
			case <-p.done:
				t.Fatalf("it ended with %v\n%s", p.err, &p.log)
			case <-ctx.Done():
				t.Fatal("waited in vain until ", what)
			}
		}
	}
	produce(ctx, t, broker.Addr(), lines)
	live := startRun(t, config, unused(t))
	await(live, "the lines are in", func() bool { return strings.Count(rows("whence"), "\n")+1 == len(lines) })

	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--from", "yesterday"}, "want earliest, a time such as"},
		{[]string{"--from", "earliest"}, "the group is at work: whence has 1 members: stop its instances first"},
		{[]string{"--from", "raw.other:0:1", "--group", "try"}, "raw.other:0 is no partition"},
		{[]string{"--from", "earliest", "--database", "whence_try"}, "name a consumer group of its own with --group"},
		{[]string{"--group", "try", "--database", "a b"}, "want letters, digits and _"},
	} {
		if code, out := whence(t, append([]string{"run", "-c", config}, tt.args...)...); code != exitWrong || !strings.Contains(out, tt.want) {
			t.Errorf("%s: exit code %d, want it to say %q\n%s", tt.args, code, tt.want, out)
		}
	}

	again := startRun(t, config, unused(t), "--from", "earliest", "--group", "try", "--database", "whence_try")
	await(again, "they are in again", func() bool { return rows("whence_try") == rows("whence") })
	if n := query(t, engine, "SELECT count() FROM whence_try.sessions"); n == "0" || n == "" {
		t.Errorf("there are %q facts in the database of its own", n)
	}
	for _, p := range []*running{again, live} {
		p.signal(syscall.SIGTERM)
		if err := p.wait(); err != nil {
			t.Errorf("%v\n%s", err, &p.log)
		}
	}
}
