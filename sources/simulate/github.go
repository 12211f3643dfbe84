package simulate

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"time"
)

// run is one attempt of a workflow run.
type run struct {
	repo     *repo
	id       int
	attempt  int
	branch   string
	sha      string
	event    string // push, schedule, workflow_dispatch
	actor    *person
	trigger  *person // who started this attempt
	who      party   // who asked for it: the trigger, or a schedule
	cred     *credential
	created  time.Time
	started  time.Time
	jobID    int
	runnerIP string
	lost     bool // its webhooks never came
}

// subject is what the run's OIDC token names it by.
func (r *run) subject(environment string) string {
	if environment != "" {
		return "repo:" + r.repo.fullName() + ":environment:" + environment
	}
	if r.event == "pull_request" {
		return "repo:" + r.repo.fullName() + ":pull_request"
	}
	return r.repo.subject(r.branch)
}

// webhook writes one delivery. Its body has no id of its own.
func (s *story) webhook(event string, body any, at time.Time, who party) *line {
	b := mustJSON(body)
	sum := sha256.Sum256(b)
	return s.add(line{
		source: githubWebhook, eventID: hex.EncodeToString(sum[:]), key: hex.EncodeToString(sum[:8]), time: at, value: b, who: who,
		headers: map[string]string{"X-GitHub-Event": event, "X-GitHub-Delivery": s.uuid(), "Content-Type": "application/json"},
		ways:    []way{{who: who, proof: attested}},
	})
}

// push pushes a commit and returns its hash.
func (s *story) push(p *person, r *repo, branch string) string {
	at := s.now.Truncate(time.Second)
	before, after := s.hex(40), s.hex(40)
	commit := object{
		"id": after, "tree_id": s.hex(40), "distinct": true, "message": "Mend rounding of totals", "timestamp": at.Format(time.RFC3339),
		"url":    "https://github.com/" + r.fullName() + "/commit/" + after,
		"author": object{"name": p.name, "email": p.email, "username": p.login}, "committer": object{"name": "GitHub", "email": "noreply@github.com", "username": "web-flow"},
		"added": []string{}, "removed": []string{}, "modified": []string{"totals/round.go", "totals/round_test.go"},
	}
	s.webhook("push", object{
		"ref": "refs/heads/" + branch, "before": before, "after": after, "repository": r.full(at, true),
		"pusher": object{"name": p.login, "email": p.email}, "organization": s.org, "sender": p.user,
		"created": false, "deleted": false, "forced": false, "base_ref": nil,
		"compare": "https://github.com/" + r.fullName() + "/compare/" + before[:12] + "..." + after[:12],
		"commits": []object{commit}, "head_commit": commit,
	}, at, p.party())
	return after
}

// newRun creates a run, which is then begun.
func (s *story) newRun(r *repo, branch, sha, event string, p *person, who party) *run {
	return &run{
		repo: r, id: 12_000_000_000 + s.between(0, 6_999_999_999), attempt: 1, branch: branch, sha: sha, event: event, actor: p, trigger: p, who: who,
		created: s.now.Truncate(time.Second), jobID: 33_000_000_000 + s.between(0, 6_999_999_999), runnerIP: s.ip(runnerNet),
		cred: &credential{},
	}
}

// begin tells of the run from its request until its job runs. What GitHub tells
// of a run is lost all together or not at all: a run without its end would stay a
// candidate for every later run of its branch.
func (s *story) begin(r *run) {
	r.started = s.now.Truncate(time.Second)
	r.cred.born = r.started
	r.lost = !s.whole && s.chance(s.cfg.LostShare)
	s.runLine(r, "requested", "queued", nil)
	s.wait(time.Second, 2*time.Second)
	s.jobLine(r, "queued", "queued", nil)
	s.wait(3*time.Second, 15*time.Second)
	s.runLine(r, "in_progress", "in_progress", nil)
	s.jobLine(r, "in_progress", "in_progress", nil)
}

// finish tells of the end of the run.
func (s *story) finish(r *run) {
	s.jobLine(r, "completed", "completed", "success")
	s.wait(time.Second, 3*time.Second)
	s.runLine(r, "completed", "completed", "success")
	r.cred.end = s.now.Truncate(time.Second)
}

func (s *story) runLine(r *run, action, status string, conclusion any) *line {
	at := s.now.Truncate(time.Second)
	l := s.webhook("workflow_run", object{
		"action": action, "workflow_run": s.runObject(r, status, conclusion, at), "workflow": r.repo.workflowObject,
		"repository": r.repo.full(r.created, false), "organization": s.org, "sender": r.trigger.user,
	}, at, r.who)
	l.lost = r.lost
	r.cred.ways = append(r.cred.ways, way{told: l, who: r.who, proof: attested})
	return l
}

func (s *story) runObject(r *run, status string, conclusion any, at time.Time) object {
	api := "https://api.github.com/repos/" + r.repo.fullName()
	url := fmt.Sprintf("%s/actions/runs/%d", api, r.id)
	var previous any
	if r.attempt > 1 {
		previous = fmt.Sprintf("%s/attempts/%d", url, r.attempt-1)
	}
	suite := r.id + 7
	return object{
		"id": r.id, "name": "deploy", "node_id": nodeID("WFR_", r.id), "head_branch": r.branch, "head_sha": r.sha, "path": r.repo.workflow,
		"display_title": "Mend rounding of totals", "run_number": r.id % 4096, "event": r.event, "status": status, "conclusion": conclusion,
		"workflow_id": r.repo.workflowID, "check_suite_id": suite, "check_suite_node_id": nodeID("CS_", suite), "url": url,
		"html_url": fmt.Sprintf("https://github.com/%s/actions/runs/%d", r.repo.fullName(), r.id), "pull_requests": []any{},
		"created_at": r.created.Format(time.RFC3339), "updated_at": at.Format(time.RFC3339), "actor": r.actor.user, "run_attempt": r.attempt,
		"referenced_workflows": []any{}, "run_started_at": r.started.Format(time.RFC3339), "triggering_actor": r.trigger.user,
		"jobs_url": url + "/jobs", "logs_url": url + "/logs", "check_suite_url": fmt.Sprintf("%s/check-suites/%d", api, suite),
		"artifacts_url": url + "/artifacts", "cancel_url": url + "/cancel", "rerun_url": url + "/rerun", "previous_attempt_url": previous,
		"workflow_url": fmt.Sprintf("%s/actions/workflows/%d", api, r.repo.workflowID),
		"head_commit": object{
			"id": r.sha, "tree_id": r.sha, "message": "Mend rounding of totals", "timestamp": r.created.Format(time.RFC3339),
			"author": object{"name": r.actor.name, "email": r.actor.email}, "committer": object{"name": "GitHub", "email": "noreply@github.com"},
		},
		"repository": r.repo.minimal, "head_repository": r.repo.minimal,
	}
}

func (s *story) jobLine(r *run, action, status string, conclusion any) *line {
	at := s.now.Truncate(time.Second)
	api := "https://api.github.com/repos/" + r.repo.fullName()
	var completed any
	if conclusion != nil {
		completed = at.Format(time.RFC3339)
	}
	job := object{
		"id": r.jobID, "run_id": r.id, "workflow_name": "deploy", "head_branch": r.branch, "run_url": fmt.Sprintf("%s/actions/runs/%d", api, r.id),
		"run_attempt": r.attempt, "node_id": nodeID("CR_", r.jobID), "head_sha": r.sha, "url": fmt.Sprintf("%s/actions/jobs/%d", api, r.jobID),
		"html_url": fmt.Sprintf("https://github.com/%s/actions/runs/%d/job/%d", r.repo.fullName(), r.id, r.jobID), "status": status, "conclusion": conclusion,
		"created_at": r.created.Format(time.RFC3339), "started_at": at.Format(time.RFC3339), "completed_at": completed, "name": "deploy",
		"steps": []object{}, "check_run_url": fmt.Sprintf("%s/check-runs/%d", api, r.jobID), "labels": []string{"ubuntu-latest"},
		"runner_id": 5, "runner_name": "GitHub Actions 5", "runner_group_id": 2, "runner_group_name": "GitHub Actions",
	}
	if conclusion != nil {
		job["started_at"] = r.started.Format(time.RFC3339)
		job["steps"] = []object{
			{"name": "Set up job", "status": "completed", "conclusion": "success", "number": 1, "started_at": r.started.Format(time.RFC3339), "completed_at": completed},
			{"name": "Deploy", "status": "completed", "conclusion": conclusion, "number": 2, "started_at": r.started.Format(time.RFC3339), "completed_at": completed},
		}
	}
	l := s.webhook("workflow_job", object{
		"action": action, "workflow_job": job, "repository": r.repo.full(r.created, false), "organization": s.org, "sender": r.trigger.user,
	}, at, r.who)
	l.lost = r.lost
	if r.who.kind != "human" {
		// A job's line does not say what set its run off; its run must.
		l.ways = []way{{to: r.cred, proof: attested}}
	}
	return l
}

// deployed tells that what the run's job deploys is out. A person made the deployment, so
// GitHub says who.
func (s *story) deployed(r *run, environment string) {
	at := s.now.Truncate(time.Second)
	id := 2_000_000_000 + s.between(0, 900_000_000)
	s.webhook("deployment_status", object{
		"action": "created",
		"deployment_status": object{
			"id": id + 1, "state": "success", "environment": environment, "created_at": at.Format(time.RFC3339), "updated_at": at.Format(time.RFC3339),
			"creator": r.trigger.user,
		},
		"deployment": object{
			"id": id, "node_id": nodeID("DE_", id), "task": "deploy", "original_environment": environment, "environment": environment,
			"created_at": at.Format(time.RFC3339), "updated_at": at.Format(time.RFC3339), "creator": r.trigger.user, "sha": r.sha, "ref": r.branch,
		},
		"workflow": r.repo.workflowObject, "workflow_run": s.runObject(r, "in_progress", nil, at),
		"repository": r.repo.full(r.created, false), "organization": s.org, "sender": r.trigger.user,
	}, at, r.who).lost = r.lost
}

// deployment announces what the run's job deploys, and asks nobody yet.
func (s *story) deployment(r *run, environment string) {
	at := s.now.Truncate(time.Second)
	api := "https://api.github.com/repos/" + r.repo.fullName()
	id := 2_000_000_000 + s.between(0, 900_000_000)
	url := fmt.Sprintf("%s/deployments/%d", api, id)
	s.webhook("deployment", object{
		"action": "created",
		"deployment": object{
			"url": url, "id": id, "node_id": nodeID("DE_", id), "task": "deploy", "original_environment": environment, "environment": environment,
			"description": nil, "created_at": at.Format(time.RFC3339), "updated_at": at.Format(time.RFC3339), "statuses_url": url + "/statuses",
			"repository_url": api, "creator": r.trigger.user, "sha": r.sha, "ref": r.branch, "payload": object{}, "transient_environment": false,
			"production_environment": environment == "production", "performed_via_github_app": nil,
		},
		"workflow": r.repo.workflowObject, "workflow_run": s.runObject(r, "in_progress", nil, at),
		"repository": r.repo.full(r.created, false), "organization": s.org, "sender": r.trigger.user,
	}, at, r.who).lost = r.lost
}

// approve lets somebody allow the run to deploy.
func (s *story) approve(r *run, by *person, environment string) {
	at := s.now.Truncate(time.Second)
	jobs := []object{{
		"id": r.jobID, "name": "deploy", "status": "waiting", "conclusion": nil, "environment": environment,
		"html_url":   fmt.Sprintf("https://github.com/%s/actions/runs/%d/job/%d", r.repo.fullName(), r.id, r.jobID),
		"created_at": r.created.Format(time.RFC3339), "updated_at": at.Format(time.RFC3339),
	}}
	s.webhook("deployment_review", object{
		"action": "approved", "approver": by.user, "comment": "looks good", "environment": environment, "since": r.started.Format(time.RFC3339),
		"reviewers":         []object{{"type": "User", "reviewer": by.user}},
		"workflow_job_runs": jobs, "workflow_run": s.runObject(r, "waiting", nil, at),
		"repository": r.repo.full(r.created, false), "organization": s.org, "sender": by.user,
	}, at, by.party()).lost = r.lost
}

// audit writes a line of GitHub's audit log.
func (s *story) audit(p *person, action string, r *repo, more object) *line {
	id := base64.RawURLEncoding.EncodeToString(s.bytes(16))
	at := s.now.Truncate(time.Millisecond)
	v := object{
		"_document_id": id, "@timestamp": at.UnixMilli(), "created_at": at.UnixMilli(), "action": action, "actor": p.login, "actor_id": p.githubID,
		"actor_is_bot": false, "actor_ip": p.ip, "actor_location": object{"country_code": "CH"}, "org": org, "org_id": 41000001,
		"repo": r.fullName(), "repo_id": r.id, "public_repo": false, "external_identity_nameid": p.email, "external_identity_username": p.login,
		"user_agent": p.agent, "operation_type": "access", "request_id": s.hex(20), "visibility": "private",
	}
	maps.Copy(v, more)
	return s.add(line{source: githubAudit, eventID: id, key: id, time: at, value: mustJSON(v), who: p.party(), ways: []way{{who: p.party(), proof: attested}}})
}

// tokenHash is how the audit log shows a token: base64 of its SHA-256.
func (p *person) tokenHash() string {
	sum := sha256.Sum256([]byte("token of " + p.login))
	return base64.StdEncoding.EncodeToString(sum[:])
}
