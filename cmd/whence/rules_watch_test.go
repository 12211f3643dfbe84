package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/rules"
)

// ruleAsking is a rule file that asks when.
func ruleAsking(when string) string {
	return "id: mine\ntitle: T\nseverity: low\nwhy: w\nwhen: " + when + "\ntests:\n  - {name: n, match: false, chain: {class: auth}}\n"
}

const sigmaRule = `title: A trail is stopped
id: 6393e346-1977-46ef-8987-ad414a145fad
status: test
logsource: {product: aws, service: cloudtrail}
detection:
  selection: {eventName: StopLogging}
  condition: selection
level: high
`

// Rules and their lists are replaced while whence runs; those that are wrong are not,
// and that is said once.
func TestRulesReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		write := func(name, text string) {
			t.Helper()
			path := filepath.Join(dir, name)
			write(t, path, []byte(text))
			changed := time.Now() // fake time begins in the year 2000, and the file system has its own
			if err := os.Chtimes(path, changed, changed); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(dir, "lists"), 0o700); err != nil {
			t.Fatal(err)
		}
		write("a.yaml", ruleAsking(`class == "read"`))
		sigma := t.TempDir()
		var log watched
		w, err := watchRules(rulesSettings{Dir: []string{dir}, Sigma: []string{sigma}, Severity: map[string]rules.Severity{"mine": rules.High}}, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		var applied []string
		again := make(chan os.Signal)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.run(ctx, again, func(s *rules.Set) { applied = append(applied, s.Rules()[0].When) })
		}()
		defer func() { cancel(); <-done }()
		logged := 0
		want := func(step, when, line, refused string) {
			t.Helper()
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := strings.Join(applied, ", "); got != when {
				t.Errorf("%s: applied %q, want %q", step, got, when)
			}
			applied = nil
			got := log.String()[logged:]
			if logged += len(got); strings.Count(got, "\n") != min(len(line), 1) || !strings.Contains(got, line) {
				t.Errorf("%s: logged %q, want one line with %q", step, got, line)
			}
			var problems []string
			if s := w.status(); s.Refused != nil {
				problems = s.Refused.Problems
			}
			if got := strings.ReplaceAll(strings.Join(problems, "; "), dir, "DIR"); got != refused {
				t.Errorf("%s: status says %q, want %q", step, got, refused)
			}
		}
		want("at rest", "", "", "")
		first := w.status().Version

		write("a.yaml", ruleAsking(`class == "write"`))
		want("another question", `class == "write"`, "added=0 gone=0 changed=1", "")
		if w.status().Version == first || w.rules().Rules()[0].Severity != rules.High {
			t.Error("the version stayed, or the severity is not overridden")
		}

		write("a.yaml", ruleAsking(`clas == "write"`))
		want("a typo", "", "unknown name clas", "DIR/a.yaml:5:7: when: unknown name clas")
		write("a.yaml", ruleAsking(`clas == "write"`)+"\n")
		want("wrong as before, in another file", "", "unknown name clas", "DIR/a.yaml:5:7: when: unknown name clas")
		write("a.yaml", ruleAsking(`class == "auth"`))
		want("a test fails", "", "match is true, want false", `DIR/a.yaml:7: mine, test "n": match is true, want false`)
		write("a.yaml", ruleAsking(`knows("of_mine", action)`))
		want("a list that is not there", "", "there is no list", `DIR/a.yaml:5:13: when: there is no list "of_mine"; there are agent_roles, approved_models, approved_tools, break_glass, budgets, ci_secrets, outside_service_accounts, own_repositories, production, trusted_issuers. Lists are in the folder lists beside the rules`)
		write("lists/l.yaml", "of_mine: [a]")
		want("the list comes", `knows("of_mine", action)`, "changed=1", "")
		version := w.status().Version
		write("lists/l.yaml", "of_mine: [a, b]")
		want("more on the list", `knows("of_mine", action)`, "changed=1", "")
		if w.status().Version == version {
			t.Error("another list makes no other version")
		}
		write("b.yaml", strings.Replace(ruleAsking(`class == "read"`), "mine", "other", 1))
		want("one more", `knows("of_mine", action)`, "added=1 gone=0 changed=0", "")
		if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
			t.Fatal(err)
		}
		want("severity of a rule that is gone", "", "there is no rule", `severity: there is no rule "mine"`)
		write("a.yaml", ruleAsking(`knows("of_mine", action)`))
		want("as it was", "", "", "")
		write("../"+filepath.Base(sigma)+"/s.yml", sigmaRule)
		want("a rule of Sigma's", `knows("of_mine", action)`, "added=1 gone=0 changed=0", "")
		write("a.yaml", ruleAsking(`class == "read"`))
		again <- os.Interrupt
		synctest.Wait()
		if len(applied) != 1 {
			t.Error("it is not read at once when somebody says so")
		}
	})
}

// A rule that fails is told of by status, and on the list.
func TestFailingRules(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), []byte(strings.Replace(ruleAsking(`hops[0].state == "revoked"`), "{class: auth}", "{hops: [{proof: issued}]}", 1)))
	w, err := watchRules(rulesSettings{Dir: []string{dir}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.rules().NewJudge().Judge(nil, &correlate.Chain{Event: correlate.Event{Primary: true}}, nil)
	}
	r := runStatus{Waiting: []runWait{}, Rules: w.status()}
	var b strings.Builder
	if err := r.print(&b); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("working\nthe rule mine has failed 3 times since %s: evaluate rule \"mine\": line 1, column 5: index out of range\n", r.Rules.Since.Format(time.RFC3339))
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	b.Reset()
	if err := listRules(&b, w.rules(), true, map[string]listedFailures{"mine": {3, "line 1"}}); err != nil || !strings.Contains(b.String(), `"failures":{"count":3,"error":"line 1"}`) {
		t.Errorf("%v, %s", err, b.String())
	}
}
