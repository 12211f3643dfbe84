package sources

import "whence/correlate"

// walk says who acted. The lines a run writes of itself are the run's doing: for
// a schedule the actor only happens to have changed the workflow last.
func (a *githubEntry) walk() {
	if a.byRun() {
		return
	}
	e, out := a.e, a.out
	e.Actor = a.account
	if a.HashedToken != "" {
		// The hash names the token on every line it was used for. No line tells
		// of a token being made with its hash, so nothing mints this kind.
		e.Uses = out.links.Append(nil, correlate.Link{
			Role: correlate.Acting, Key: correlate.Key{Kind: GitHubToken, Value: a.HashedToken}, Proof: correlate.Attested, Method: "github.hashed_token",
		})
	}
	switch {
	case a.AccessType != "" && a.deploys.of(a.AccessType, githubIsDeploy):
		e.Actor = githubByDeployKey(out, a.Repo)
		e.Uses = githubAsk(out, e.Uses, e.Actor, "github.deploy_key") // the directory may know whose it is
	case e.Actor.IsZero():
		e.Actor = githubNobody()
	default:
		e.Uses = githubAsk(out, e.Uses, e.Actor, "github.actor")
	}
}

// byRun makes the run the executor of a line that a run writes of itself, as far
// as the line names it.
func (a *githubEntry) byRun() bool {
	switch a.Action {
	case "workflows.created_workflow_run", "workflows.completed_workflow_run", "workflows.prepared_workflow_job":
	default:
		return false
	}
	e, run, links := a.e, &a.run, &a.out.links
	switch {
	case !run.Key.IsZero():
		e.Actor = run.principal()
		e.Uses = links.Append(nil, run.acting("github.workflow_run_id", run.Started))
	case !run.RunID.IsZero():
		e.Actor = correlate.Principal{Type: correlate.CIRun, ID: run.RunID.Value, Name: run.Name, Issuer: githubIssuer}
		e.Uses = links.Append(nil, correlate.Link{
			Role: correlate.Requestor, Key: run.RunID, Proof: correlate.Inferred, Method: "github.workflow_run_id.no_attempt",
		})
	default:
		return false
	}
	return true
}

// mint adds what the line tells of runs and approvals.
func (a *githubEntry) mint() {
	switch a.Action {
	case "workflows.created_workflow_run", "workflows.completed_workflow_run":
		a.run.mint(a.out, a.e, githubAudit, "github.audit.workflow_run")
	case "workflows.approve_workflow_job":
		a.approve()
	}
}

func (a *githubEntry) approve() {
	if a.account.IsZero() {
		return
	}
	f := correlate.Fact{
		Kind: correlate.Approval, Proof: correlate.Attested, Method: "github.approve_workflow_job", Principal: a.account, Start: a.e.Time,
	}
	if a.run.Number == 0 && !a.run.RunID.IsZero() {
		// The line names the run and not the attempt. Few runs have a second.
		a.run.Number, f.Proof, f.Method = 1, correlate.Inferred, "github.approve_workflow_job.first_attempt"
		a.run.identify(&a.out.text)
	}
	f.Key = a.run.Key
	githubTell(a.out, a.e, githubAudit, f)
}
