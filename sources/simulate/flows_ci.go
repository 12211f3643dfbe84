package simulate

import (
	"fmt"
	"strconv"
	"time"
)

// branchFor picks a branch of r on which no other run is live for a while. Runs
// of one branch share an OIDC subject, so they must be well apart or overlap on
// purpose.
func (s *story) branchFor(r *repo) string {
	until := s.now.Add(50 * time.Minute)
	for _, b := range []string{"main", "release", "develop"} {
		if s.reserve(r.subject(b), s.now, until) {
			return b
		}
	}
	return s.freshBranch(r)
}

// freshBranch is a branch that nobody else uses.
func (s *story) freshBranch(r *repo) string {
	b := fmt.Sprintf("fix/%d-%s", s.between(100, 9999), s.hex(6))
	s.reserve(r.subject(b), s.now, s.now.Add(50*time.Minute))
	return b
}

func (s *story) repoWith(has func(*repo) bool) *repo {
	var fit []*repo
	for _, r := range s.repos {
		if has(r) {
			fit = append(fit, r)
		}
	}
	return pick(s.dice, fit)
}

// sessionName is how the run's workflow names its session in AWS.
func (r *run) sessionName() (name string, exact bool) {
	switch r.repo.sessionName {
	case namedByRun:
		return "GitHubActions-" + strconv.Itoa(r.id), true
	case namedByAttempt:
		return fmt.Sprintf("gha-%d-%d", r.id, r.attempt), true
	default:
		return "GitHubActions", false
	}
}

// triggered is a run that p's push set off, begun.
func (s *story) triggered(r *repo, branch string, p *person) *run {
	sha := s.push(p, r, branch)
	s.wait(time.Second, 2*time.Second)
	n := s.newRun(r, branch, sha, "push", p, p.party())
	s.begin(n)
	return n
}

// gate asks for and gets leave to deploy.
func (s *story) gate(n *run, by *person) string {
	s.deployment(n, "production")
	s.wait(20*time.Second, 3*time.Minute)
	s.approve(n, by, "production")
	return "production"
}

// aws signs the run in and lets it work.
func (s *story) aws(n *run, environment string, among int) *session {
	name, exact := n.sessionName()
	s.wait(2*time.Second, 10*time.Second)
	return s.webIdentity(n, n.repo.role, name, n.subject(environment), among, exact)
}

func ciRunID(s *story) {
	r := s.repoWith(func(r *repo) bool { return r.sessionName != namedByDefault })
	p := s.engineer()
	// Runs of all branches share an environment's OIDC subject: a lost one could
	// be taken for another.
	gated := r.environment && s.chance(0.8)
	s.whole = gated
	n := s.triggered(r, s.branchFor(r), p)
	environment := ""
	if gated {
		environment = s.gate(n, pick(s.dice, s.managers))
	}
	s.whole = false
	if s.chance(0.3) {
		s.audit(p, "workflows.created_workflow_run", r, object{
			"event": "push", "head_branch": n.branch, "head_sha": n.sha, "name": "deploy", "run_number": n.id % 4096, "run_attempt": 1,
			"workflow_id": r.workflowID, "workflow_run_id": n.id, "operation_type": "create",
		}).lost = n.lost
	}
	a := s.aws(n, environment, 1)
	s.calls(a, s.between(8, 24), changes, looks)
	s.wait(31*time.Second, 50*time.Second)
	s.finish(n)
}

func ciDefaultName(s *story) {
	r := s.repoWith(func(r *repo) bool { return r.sessionName == namedByDefault })
	n := s.triggered(r, s.branchFor(r), s.engineer())
	s.wait(40*time.Second, time.Minute)
	a := s.aws(n, "", 1)
	s.calls(a, s.between(6, 20), changes, looks)
	s.wait(40*time.Second, time.Minute)
	s.finish(n)
}

// ciOverlap: two runs of one branch, live together, and nothing but the branch
// in the names of their sessions. Nobody can say which is whose.
func ciOverlap(s *story) {
	s.whole = true
	r := s.repoWith(func(r *repo) bool { return r.sessionName == namedByDefault })
	branch := s.branchFor(r)
	p := s.engineer()
	first := s.triggered(r, branch, p)
	s.wait(10*time.Second, 20*time.Second)
	second := s.triggered(r, branch, s.unlike(p))
	s.wait(70*time.Second, 90*time.Second)
	for _, n := range []*run{first, second} {
		s.calls(s.aws(n, "", 2), s.between(3, 9), changes, looks)
	}
	s.wait(70*time.Second, 90*time.Second)
	s.finish(first)
	s.finish(second)
}

// ciRerun: somebody else runs a run again. What the second attempt does is theirs.
func ciRerun(s *story) {
	r := s.repoWith(func(r *repo) bool { return r.sessionName == namedByAttempt })
	p := s.engineer()
	branch := s.freshBranch(r)
	n := s.triggered(r, branch, p)
	s.calls(s.aws(n, "", 1), s.between(2, 5), changes)
	s.finish(n)
	s.wait(3*time.Minute, 8*time.Minute)
	again := *n
	again.attempt, again.trigger, again.jobID, again.cred = 2, s.unlike(p), n.jobID+1, &credential{}
	again.who = again.trigger.party()
	s.begin(&again)
	s.calls(s.aws(&again, "", 1), s.between(4, 12), changes)
	s.finish(&again)
}

// ciSchedule: the clock sets off a run. GitHub still names a person, who once
// wrote the schedule; that person asked for nothing tonight.
func ciSchedule(s *story) {
	var c *schedule
	for _, i := range s.r.Perm(len(s.schedules)) {
		if at := s.schedules[i]; s.reserve(at.repo.subject("main"), s.now, s.now.Add(50*time.Minute)) {
			c = at
			break
		}
	}
	if c == nil { // the default branches are all taken
		s.flow = "ci_run_id"
		ciRunID(s)
		return
	}
	n := s.newRun(c.repo, "main", s.hex(40), "schedule", s.engineer(), c.party())
	s.begin(n)
	a := s.aws(n, "", 1)
	s.calls(a, s.between(8, 30), looks, changes)
	s.wait(31*time.Second, 50*time.Second)
	s.finish(n)
}

// runToken logs a run in to Vault, which copies the run from the OIDC token.
func (s *story) runToken(n *run) *token {
	metadata := map[string]string{
		"role": "deploy", "repository": n.repo.fullName(), "run_id": strconv.Itoa(n.id), "run_attempt": strconv.Itoa(n.attempt),
	}
	return s.login(jwtMount, "auth/jwt/login", n.runnerIP, "jwt-"+n.subject(""), metadata, []string{"default", "deploy"}, n.who,
		way{to: n.cred, proof: attested})
}

func ciVaultAWS(s *story) {
	r := s.repoWith(func(r *repo) bool { return r.claims })
	n := s.triggered(r, s.branchFor(r), s.engineer())
	t := s.runToken(n)
	s.readSecrets(t, s.between(1, 4))
	if s.nameIsFree(t, "deploy") {
		s.calls(s.awsCredentials(t, awsMount, madeSession, "deploy"), s.between(6, 20), changes, looks)
	}
	s.wait(31*time.Second, 50*time.Second)
	s.finish(n)
}

// ciVaultUnmapped: Vault keeps of the run's token only the repository. Which run
// it was is not on record.
func ciVaultUnmapped(s *story) {
	r := s.repoWith(func(r *repo) bool { return !r.claims })
	s.whole = true
	n := s.triggered(r, s.branchFor(r), s.engineer())
	t := s.login(jwtMount, "auth/jwt/login", n.runnerIP, "jwt-"+r.fullName(), map[string]string{"role": "build"}, []string{"default", "build"}, n.who,
		way{who: unlisted, proof: attested})
	s.readSecrets(t, s.between(2, 6))
	s.wait(31*time.Second, 50*time.Second)
	s.finish(n)
}

func gitAccess(s *story) {
	p := s.engineer()
	r := pick(s.dice, s.repos)
	token := object{
		"hashed_token": p.tokenHash(), "token_id": p.githubID * 7, "token_scopes": "repo,workflow",
		"programmatic_access_type": "Personal access token (classic)", "transport_protocol": 1, "transport_protocol_name": "http",
	}
	for range s.between(2, 5) {
		s.audit(p, pick(s.dice, []string{"git.clone", "git.fetch", "git.push"}), r, token)
		s.wait(5*time.Second, 2*time.Minute)
	}
	if s.chance(0.3) && !s.cfg.Calm {
		s.audit(p, "protected_branch.policy_override", r, object{"branch": "main", "operation_type": "modify"})
	}
}
