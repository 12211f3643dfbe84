package sources

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"whence/correlate"
)

// githubIndex is a correlate.Index over what some lines mint.
type githubIndex struct{ facts []correlate.Fact }

func (x githubIndex) Lookup(_ context.Context, k correlate.Key, _ time.Time) (correlate.Session, error) {
	return correlate.NewSession(k, x.facts...), nil
}

// githubLines decodes bodies of one event and returns what they tell.
func githubLines(t *testing.T, event string, bodies ...string) []correlate.Event {
	t.Helper()
	s, _ := Find(githubWebhook)
	var out Batch
	for _, b := range bodies {
		s.DecodeRecord(Input{Raw: []byte(b), Header: func(n string) string {
			if n == "X-GitHub-Event" {
				return event
			}
			return ""
		}}, &out)
	}
	if len(out.Rejects) > 0 {
		t.Fatalf("rejected: %+v", out.Rejects)
	}
	return out.Events
}

// githubRunBody is a workflow_run body; with overrides its run.
func githubRunBody(t *testing.T, with string) string {
	t.Helper()
	run := map[string]any{
		"id": 7700001, "run_attempt": 1, "name": "deploy", "path": ".github/workflows/deploy.yml", "event": "push", "head_branch": "main",
		"run_started_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T09:00:01Z", "head_repository": map[string]any{"full_name": "example/payments"},
		"actor": map[string]any{"login": "amoreau", "type": "User"}, "triggering_actor": map[string]any{"login": "amoreau", "type": "User"},
	}
	if err := json.Unmarshal([]byte(with), &run); err != nil {
		t.Fatal(err)
	}
	action := "in_progress"
	if run["conclusion"] != nil {
		action = "completed"
	}
	b, err := json.Marshal(map[string]any{
		"action": action, "workflow_run": run, "sender": map[string]any{"login": "amoreau", "type": "User"},
		"repository": map[string]any{"full_name": "example/payments", "default_branch": "main"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Somewhere else a job presents its OIDC subject at 09:10: who asked for that?
func TestGitHubWalkFromSubject(t *testing.T) {
	const main, pull = "repo:example/payments:ref:refs/heads/main", "repo:example/payments:pull_request"
	fork := `"head_repository":{"full_name":"stranger/payments"},"actor":{"login":"stranger","type":"User"},"triggering_actor":{"login":"stranger","type":"User"}`
	for _, tc := range []struct {
		name, subject string
		runs          []string
		want          string // status, requestor
	}{
		{"a push", main, []string{`{}`}, "attributed amoreau"},
		{"another branch", main, []string{`{"head_branch":"topic"}`}, "unattributed "},
		{"a run that has ended", main, []string{`{}`, `{"conclusion":"success","updated_at":"2026-03-02T09:05:00Z"}`}, "unattributed "},
		{"a scheduled run is nobody's", main, []string{`{"event":"schedule"}`}, "automated nightly"},
		{"a scheduled run somebody ran again", main, []string{`{"event":"schedule","run_attempt":2,"triggering_actor":{"login":"bkim","type":"User"}}`}, "attributed bkim"},
		{"a pull request from a fork is not on main", main, []string{`{}`, `{"id":2,"event":"pull_request",` + fork + `}`}, "attributed amoreau"},
		{"a pull request", pull, []string{`{}`, `{"id":2,"event":"pull_request",` + fork + `}`}, "attributed stranger"},
		{"a fork's pull_request_target may be on main", main, []string{`{}`, `{"id":2,"event":"pull_request_target",` + fork + `}`}, "ambiguous "},
		{"a fork's branch of the same name", main, []string{`{"id":2,"event":"pull_request",` + fork + `}`}, "unattributed "},
		{"a re-run of which nobody says who asked", main, []string{`{"run_attempt":2,"triggering_actor":null}`}, "partial "},
		{"a bot's run", main, []string{`{"triggering_actor":{"login":"renovate[bot]","type":"Bot"}}`}, "partial "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var x githubIndex
			for _, r := range tc.runs {
				for _, e := range githubLines(t, "workflow_run", githubRunBody(t, r)) {
					x.facts = append(x.facts, e.Mints...)
				}
			}
			got := githubResolve(t, x, correlate.Event{
				ID: correlate.NewID("x"), Time: time.Date(2026, 3, 2, 9, 10, 0, 0, time.UTC),
				Actor: correlate.Principal{Type: correlate.RoleType, ID: "deploy"},
				Uses: []correlate.Link{{Role: correlate.Requestor, Key: correlate.Key{Kind: GitHubSub, Value: tc.subject},
					Proof: correlate.Inferred, Method: "test"}},
			})
			if s := string(got.Status) + " " + got.Requestor.ID; s != tc.want {
				t.Errorf("got %q, want %q; missing %s: %s", s, tc.want, got.Missing, got.Reason)
			}
		})
	}
}

func githubResolve(t *testing.T, x githubIndex, e correlate.Event) correlate.Chain {
	t.Helper()
	dir, err := correlate.NewDirectory(1, []correlate.Entry{
		{ID: "anne@example.com", Type: correlate.Human},
		{ID: "nightly", Type: correlate.Schedule, Owner: "anne@example.com", Aliases: []string{"github.workflow:example/payments/.github/workflows/deploy.yml"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := Find(githubWebhook)
	c, err := (&correlate.Resolver{Index: x, Kinds: Kinds(s), Directory: dir}).Resolve(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What a run does is asked for by whoever asked for the run, also when the line
// comes after the run's end, and its approver is shown.
func TestGitHubWalkFromRun(t *testing.T) {
	scheduled := githubRunBody(t, `{"event":"schedule"}`)
	deployment := strings.Replace(scheduled, `"action":`, `"deployment":{"id":1,"environment":"production","created_at":"2026-03-02T09:01:00Z","updated_at":"2026-03-02T09:20:00Z"},"action":`, 1)
	review := strings.Replace(scheduled, `"action":"in_progress"`, `"approver":{"login":"carol","type":"User"},"since":"2026-03-02T09:02:00Z","environment":"production","action":"approved"`, 1)
	var x githubIndex
	for _, e := range append(githubLines(t, "workflow_run", scheduled, githubRunBody(t, `{"event":"schedule","conclusion":"success","updated_at":"2026-03-02T09:05:00Z"}`)),
		githubLines(t, "deployment_review", review)...) {
		x.facts = append(x.facts, e.Mints...)
	}
	c := githubResolve(t, x, githubLines(t, "deployment", deployment)[0])
	if c.Status != correlate.Automated || c.Requestor.ID != "nightly" {
		t.Errorf("got %s %q, want automated by the schedule: %s", c.Status, c.Requestor.ID, c.Reason)
	}
	if len(c.Approvers) != 1 || c.Approvers[0].ID != "carol" {
		t.Errorf("got approvers %+v, want carol", c.Approvers)
	}
	for _, h := range c.Hops {
		if h.Principal.ID == "amoreau" {
			t.Errorf("the last to change the workflow is in the chain: %+v", h)
		}
	}
}

// Nothing that a body must not let out is in any event.
func TestGitHubAndLiteLLMKeepSecrets(t *testing.T) {
	for _, name := range []string{githubWebhook, githubAudit, litellmSpend} {
		s, _ := Find(name)
		marked := 0
		for _, f := range fixtures(t, name) {
			for _, in := range f.inputs {
				marked += strings.Count(string(in.Raw), "SECRET-MARKER")
				var out Batch
				s.DecodeRecord(in, &out)
				for i := range out.Rejects {
					out.Rejects[i].Raw = nil // the dead letter is the line itself
				}
				if got := string(render(t, &out)); strings.Contains(got, "SECRET-MARKER") {
					t.Errorf("%s: %s lets a secret out: %s", name, f.path, got)
				}
			}
		}
		if marked == 0 {
			t.Errorf("%s: no fixture has a marker", name)
		}
	}
}
