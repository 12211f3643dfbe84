package sources

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"whence/correlate"
)

// githubRunLife is how long a workflow run may take, waiting for approval
// included, by GitHub's documentation.
const githubRunLife = 35 * 24 * time.Hour

// githubRunKinds is what both GitHub logs tell of runs.
func githubRunKinds() []correlate.KindInfo {
	return []correlate.KindInfo{
		{Kind: GitHubRun, Life: githubRunLife, Best: correlate.Issued,
			Hint: "does the organisation's webhook send workflow_run events to the topic whence reads?"},
		{Kind: GitHubRunID, Alias: true, Life: githubRunLife, Best: correlate.Attested,
			Hint: "does the organisation's webhook send workflow_run events to the topic whence reads?"},
		{Kind: GitHubSub, Alias: true, Life: githubRunLife, Best: correlate.Attested,
			Hint: "does the webhook send workflow_run and, for jobs with an environment, deployment events of this repository? (customised OIDC subjects cannot be joined)"},
	}
}

// githubRun is one attempt of a workflow run, whichever log tells of it.
type githubRun struct {
	Repo    string // org/repo the run belongs to
	ID      string
	Attempt int
	Name    string // of the workflow
	Path    string // of the workflow file
	Event   string // what triggered it

	HeadBranch, HeadRepo string
	DefaultBranch        string
	BaseRefs             []string // of the pull requests it is for
	PullNumbers          []string
	OwnerID, RepoID      string // numeric, for subjects that carry them

	// Asked leads to whoever asked for the run, First names who asked for its
	// first attempt.
	Asked correlate.Principal
	Via   string // the method of Asked
	First correlate.Principal

	Started, Ended time.Time
}

func (r *githubRun) id() string {
	if r.Repo == "" || r.ID == "" || r.Attempt <= 0 {
		return ""
	}
	return r.Repo + "/" + r.ID + "/" + strconv.Itoa(r.Attempt)
}

// key is zero when the log does not say which attempt it is about: that is
// never guessed.
func (r *githubRun) key() correlate.Key {
	if id := r.id(); id != "" {
		return correlate.Key{Kind: GitHubRun, Value: id}
	}
	return correlate.Key{}
}

func (r *githubRun) alias() correlate.Key {
	if r.Repo == "" || r.ID == "" {
		return correlate.Key{}
	}
	return correlate.Key{Kind: GitHubRunID, Value: r.Repo + "/" + r.ID}
}

func (r *githubRun) principal() correlate.Principal {
	name := r.Name
	if name == "" {
		name = r.Path
	}
	return correlate.Principal{Type: correlate.CIRun, ID: r.id(), Name: strings.Clone(name), Issuer: githubIssuer}
}

// acting is the link of an event that the run itself causes. A line may come
// after the run has ended (its own completion, a deployment that is replaced
// days later), so the key is looked up for when the run was live.
func (r *githubRun) acting(method string, at time.Time) correlate.Link {
	return correlate.Link{Role: correlate.Acting, Key: r.key(), Proof: correlate.Attested, Method: method, At: at}
}

// mint adds what a line of GitHub's own about a run tells later walks: who asked
// for it, the names it can be known by elsewhere, and its end.
func (r *githubRun) mint(e *correlate.Event, source, method string) {
	if r.key().IsZero() {
		return
	}
	githubMint(e, source, correlate.Fact{
		Kind: correlate.Account, Key: r.key(), Proof: correlate.Issued, Method: method,
		Principal: r.standsFor(), Parents: r.parents(), Start: r.Started, End: r.Ended,
	})
	r.bind(e, source, method, r.alias(), correlate.Attested)
	for _, s := range r.subjects() {
		m := method
		if s.proof == correlate.Inferred {
			m += ".possible_ref"
		}
		r.bind(e, source, m, correlate.Key{Kind: GitHubSub, Value: s.value}, s.proof)
	}
	if !r.Ended.IsZero() {
		githubMint(e, source, correlate.Fact{
			Kind: correlate.Ending, Key: r.key(), Proof: correlate.Issued, Method: method, Start: r.Ended, Reason: "completed",
		})
	}
}

func (r *githubRun) bind(e *correlate.Event, source, method string, name correlate.Key, proof correlate.Proof) {
	githubMint(e, source, correlate.Fact{
		Kind: correlate.Binding, Key: name, Target: r.key(), Proof: proof, Method: method, Start: r.Started, End: r.Ended,
	})
}

// bindEnvironment binds the OIDC subject of a job that names an environment.
func (r *githubRun) bindEnvironment(e *correlate.Event, source, method, environment string, start, end time.Time) {
	if environment == "" || r.key().IsZero() {
		return
	}
	for _, prefix := range r.prefixes() {
		githubMint(e, source, correlate.Fact{
			Kind: correlate.Binding, Key: correlate.Key{Kind: GitHubSub, Value: prefix + ":environment:" + githubClaim(environment)},
			Target: r.key(), Proof: correlate.Attested, Method: method, Start: start, End: end,
		})
	}
}

// scheduled reports whether nobody asked for this attempt: the clock did. A
// person may run a scheduled run again, and then did ask.
func (r *githubRun) scheduled() bool { return r.Event == "schedule" && r.Attempt <= 1 }

// standsFor is the run as a principal. Where the workflow file is not known, the
// run of a schedule carries the schedule's name itself, for the directory.
func (r *githubRun) standsFor() correlate.Principal {
	p := r.principal()
	if r.scheduled() && r.Path == "" && r.Name != "" {
		p.Names = []string{"github.workflow:" + r.Repo + "/" + r.Name}
	}
	return p
}

func (r *githubRun) parents() []correlate.Link {
	if !r.scheduled() {
		links := githubAsked(r.Asked, r.Via)
		if r.Event == "workflow_run" && r.Attempt <= 1 {
			// Another run started this one, and GitHub hands that run's actor on. If
			// that was a schedule, the account only changed a file last.
			for i := range links {
				links[i].Proof, links[i].Method = correlate.Inferred, "github.actor.of_run_before"
			}
		}
		return append(links, r.creator(r.Asked.IsZero())...)
	}
	var links []correlate.Link
	if r.Path != "" {
		id := r.Repo + "/" + r.Path
		links = append(links, correlate.Link{Role: correlate.Requestor, Proof: correlate.Attested, Method: "github.schedule",
			Principal: correlate.Principal{Type: correlate.Schedule, ID: id, Name: strings.Clone(r.Name), Issuer: "github.workflow", Names: []string{"github.workflow:" + id}}})
	}
	return append(links, r.creator(true)...)
}

// creator shows an account that the log names beside the run and that did not
// ask for it: for a schedule, whoever last changed the workflow file.
func (r *githubRun) creator(show bool) []correlate.Link {
	if !show || r.First.IsZero() {
		return nil
	}
	return []correlate.Link{{Role: correlate.Creator, Principal: r.First, Proof: correlate.Attested, Method: "github.actor"}}
}

// githubSubject is an OIDC subject a run's jobs may present.
type githubSubject struct {
	value string
	proof correlate.Proof
}

// prefixes are the two forms of the start of a subject: by name, and, default
// for repositories made or renamed since July 2026, by name and number.
func (r *githubRun) prefixes() []string {
	out := []string{"repo:" + r.Repo}
	owner, name, ok := strings.Cut(r.Repo, "/")
	if ok && r.OwnerID != "" && r.RepoID != "" {
		out = append(out, "repo:"+owner+"@"+r.OwnerID+"/"+name+"@"+r.RepoID)
	}
	return out
}

// subjects are the subjects of the run's jobs that name no environment. The log
// does not state the subject, only what it is made from. Where that leaves a
// choice every possible one is bound, as inferred: leaving one out would let a
// stranger's run on the same branch be taken for this one, and the worst that
// one too many can do is to make a join ambiguous.
func (r *githubRun) subjects() []githubSubject {
	var tails []githubSubject
	certain := func(tail string) { tails = append(tails, githubSubject{tail, correlate.Attested}) }
	possible := func(tail string) { tails = append(tails, githubSubject{tail, correlate.Inferred}) }
	branch := func(name string) string { return ":ref:refs/heads/" + githubClaim(name) }
	switch {
	case r.Event == "pull_request":
		certain(":pull_request")
	case r.Event == "pull_request_target":
		// Runs for a stranger's branch on the base branch's code: head_branch is
		// the stranger's and never in the subject.
		possible(":pull_request")
		for _, ref := range r.bases() {
			possible(branch(ref))
		}
	case strings.HasPrefix(r.Event, "pull_request_"):
		possible(":pull_request")
		for _, n := range r.PullNumbers {
			possible(":ref:refs/pull/" + n + "/merge")
		}
	case r.HeadRepo != "" && !strings.EqualFold(r.HeadRepo, r.Repo):
		for _, ref := range r.bases() {
			possible(branch(ref))
		}
	case r.HeadBranch == "":
	case r.Event == "release":
		certain(":ref:refs/tags/" + githubClaim(r.HeadBranch))
	default:
		certain(branch(r.HeadBranch))
		if r.maybeTag() {
			possible(":ref:refs/tags/" + githubClaim(r.HeadBranch))
		}
	}
	var out []githubSubject
	for _, prefix := range r.prefixes() {
		for _, t := range tails {
			out = append(out, githubSubject{prefix + t.value, t.proof})
		}
	}
	return out
}

// bases are the branches of the repository itself that a run for somebody
// else's branch may be on.
func (r *githubRun) bases() []string {
	refs := slices.Clone(r.BaseRefs)
	if r.DefaultBranch != "" {
		refs = append(refs, r.DefaultBranch)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// maybeTag reports whether head_branch may be a tag: GitHub writes a pushed
// tag's name there too and does not say which it is.
func (r *githubRun) maybeTag() bool {
	switch r.Event {
	case "push", "create", "workflow_dispatch", "deployment", "deployment_status":
		return r.HeadBranch != r.DefaultBranch && strings.ContainsAny(r.HeadBranch, "0123456789")
	}
	return false
}

// githubClaim writes a value as OIDC subjects carry it.
func githubClaim(s string) string { return strings.ReplaceAll(s, ":", "%3A") }
