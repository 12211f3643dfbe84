//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"whence/correlate"
)

// TestRunTellsReceivers: an action nobody is known to have asked for is told of once it is
// settled, and told to be over when the missing line comes late.
func TestRunTellsReceivers(t *testing.T) {
	ctx, broker, engine := servers(t)
	notices := make(chan correlate.Notice, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var n correlate.Notice
		if err := json.NewDecoder(r.Body).Decode(&n); err == nil && r.Header.Get("webhook-id") == n.Key() {
			notices <- n
		}
	}))
	defer hook.Close()
	next := func(p *running) (n correlate.Notice) {
		t.Helper()
		select {
		case n = <-notices:
		case <-p.done:
			t.Fatalf("it ended\n%s", &p.log)
		case <-ctx.Done():
			t.Fatalf("nobody was told\n%s", &p.log)
		}
		return n
	}
	config, listen := configFile(t, broker.Addr(), engine.Addr(), ""), unused(t)
	f, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(f, "listen: %s\nstore: {dir: store}\nsilences: {path: silences.yaml}\n"+
		"pipeline: {session_timeout: 6s, commit_every: 100ms, max_wait: 2s, repair_every: 1s}\n"+
		"notify: [{name: pager, kind: webhook, url: %q, filter: 'rule == \"unattributed-write\"'}]\n", listen, hook.URL)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}

	p := startRun(t, config, listen)
	p.await(ctx, 0)
	produce(ctx, t, broker.Addr(), lines[:1])
	opened := next(p)
	if opened.Kind != correlate.NoticeOpened || correlate.Order(opened.Alert.Version)&1 == 0 {
		t.Errorf("%+v; want an alert of a settled chain", opened)
	}
	id := opened.Alert.ID.String()
	if code, out := whence(t, "silences", "add", "rule=unattributed-*", "--for", "1h", "--reason", "a try", "--author", "alice", "--id", "try", "-c", config); code != exitDone {
		t.Error(out)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"alerts", "list", "--open"}, []string{id, "open*", "unattributed-write", "s3:DeleteObject"}},
		{[]string{"alerts", "list", "--open", "--json", "--rule", "unattributed-write"}, []string{`"silenced_by":"try"`, `"chain_id":"` + opened.Alert.ChainID.String()}},
		{[]string{"alerts", "show", id}, []string{"open, silenced by try", "missing", "aws.access_key:ASIAEXAMPLE000000001", "chain " + opened.Alert.ChainID.String()}},
		{[]string{"status", "--json"}, []string{`"receiver":"pager","here":true,"told":1`, `"sent":1`}},
		{[]string{"check"}, []string{"ok   notify         pager: webhook, filtered", "ok   silences       silences.yaml: 1 active"}},
	} {
		code, out := whence(t, append(c.args, "-c", config)...)
		for _, w := range c.want {
			if code != exitDone || !strings.Contains(out, w) {
				t.Errorf("%v: exit code %d, want %q in\n%s", c.args, code, w, out)
			}
		}
		t.Logf("$ whence %s\n%s", strings.Join(c.args, " "), out)
	}

	produce(ctx, t, broker.Addr(), lines[1:2])
	resolved := next(p)
	if resolved.Kind != correlate.NoticeResolved || resolved.Alert.ID != opened.Alert.ID || resolved.Alert.ChainID != opened.Alert.ChainID {
		t.Errorf("%+v; want the end of %s", resolved, id)
	}
	if code, out := whence(t, "alerts", "show", id, "-c", config); code != exitDone || !strings.Contains(out, "the chain is attributed to alice@example.com") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	p.signal(syscall.SIGTERM)
	if err := p.wait(); err != nil {
		t.Errorf("%v\n%s", err, &p.log)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(config), "silences.yaml")); err != nil {
		t.Error(err)
	}
}
