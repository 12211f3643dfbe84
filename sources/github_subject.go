package sources

import (
	"strings"
	"time"

	"whence/correlate"
	"whence/correlate/arena"
)

// githubTail is the end of an OIDC subject that a run's jobs may present. The name
// in it may come from a pull request's author.
type githubTail struct {
	before, name, after string
	proof               correlate.Proof
}

const (
	githubBranch = ":ref:refs/heads/"
	githubTag    = ":ref:refs/tags/"
)

// bindSubjects binds the subjects of the run's jobs that name no environment.
func (a *githubAttempt) bindSubjects(out *Batch, e *correlate.Event, source, method string) {
	a.listTails(&out.text)
	possible := ""
	for _, prefix := range a.prefixes(out) {
		for _, t := range a.tails {
			if prefix == "" {
				continue
			}
			m := method
			if t.proof == correlate.Inferred {
				if possible == "" {
					possible = out.text.Join(method, ".possible_ref")
				}
				m = possible
			}
			a.bind(out, e, source, m, correlate.Key{Kind: GitHubSub, Value: out.text.Join(prefix, t.before, t.name, t.after)}, t.proof)
		}
	}
}

// bindEnvironment binds the subject of a job that names an environment. The run may
// have several: part says which it is, so that its end is not taken for another's.
func (a *githubAttempt) bindEnvironment(out *Batch, e *correlate.Event, source, method, environment, part string, start, end time.Time) {
	if environment == "" || a.Key.IsZero() {
		return
	}
	environment = githubInSubject(&out.text, environment)
	reason := overAt(end)
	if part == "" {
		reason = ""
	}
	for _, prefix := range a.prefixes(out) {
		if prefix == "" {
			continue
		}
		githubTell(out, e, source, correlate.Fact{
			Kind: correlate.Binding, Key: correlate.Key{Kind: GitHubSub, Value: out.text.Join(prefix, ":environment:", environment)},
			Target: a.Key, Proof: correlate.Attested, Method: method, Start: start, End: end,
			Principal: correlate.Principal{ID: part}, Reason: reason,
		})
	}
}

// prefixes are the two forms of the start of a subject: by name, and, default
// for repositories made or renamed since July 2026, by name and number. The
// second is empty if the log does not tell the numbers.
func (a *githubAttempt) prefixes(out *Batch) (forms [2]string) {
	forms[0] = out.text.Join("repo:", a.Repo)
	owner, name, ok := strings.Cut(a.Repo, "/")
	if ok && a.OwnerID != "" && a.RepoID != "" {
		forms[1] = out.text.Join("repo:", owner, "@", a.OwnerID, "/", name, "@", a.RepoID)
	}
	return forms
}

// listTails lists what the run's subjects may end in. The log does not state the
// subject, only what it is made from. Where that leaves a choice every possible
// one is bound, as inferred: leaving one out would let a stranger's run on the
// same branch be taken for this one, and the worst that one too many can do is to
// make a join ambiguous.
func (a *githubAttempt) listTails(mem *arena.Text) {
	a.tails = a.tails[:0]
	switch {
	case a.Event == "pull_request":
		a.certain(mem, ":pull_request", "")
	case a.Event == "pull_request_target":
		// Runs for a stranger's branch on the base branch's code: head_branch is
		// the stranger's and never in the subject.
		a.possible(mem, ":pull_request", "", "")
		for _, ref := range a.bases() {
			a.possible(mem, githubBranch, ref, "")
		}
	case strings.HasPrefix(a.Event, "pull_request_"):
		a.possible(mem, ":pull_request", "", "")
		for _, n := range a.PullNumbers {
			a.possible(mem, ":ref:refs/pull/", n, "/merge")
		}
	case a.HeadRepo != "" && !strings.EqualFold(a.HeadRepo, a.Repo):
		for _, ref := range a.bases() {
			a.possible(mem, githubBranch, ref, "")
		}
	case a.HeadBranch == "":
	case a.Event == "release":
		a.certain(mem, githubTag, a.HeadBranch)
	default:
		a.certain(mem, githubBranch, a.HeadBranch)
		if a.maybeTag() {
			a.possible(mem, githubTag, a.HeadBranch, "")
		}
	}
}

func (a *githubAttempt) certain(mem *arena.Text, before, name string) {
	a.tails = append(a.tails, githubTail{before, githubInSubject(mem, name), "", correlate.Attested})
}

func (a *githubAttempt) possible(mem *arena.Text, before, name, after string) {
	a.tails = append(a.tails, githubTail{before, githubInSubject(mem, name), after, correlate.Inferred})
}

// maybeTag reports whether head_branch may be a tag: GitHub writes a pushed
// tag's name there too and does not say which it is.
func (a *githubAttempt) maybeTag() bool {
	switch a.Event {
	case "push", "create", "workflow_dispatch", "deployment", "deployment_status":
		return a.HeadBranch != a.DefaultBranch && strings.ContainsAny(a.HeadBranch, "0123456789")
	}
	return false
}

// githubInSubject writes a value as OIDC subjects carry it.
func githubInSubject(mem *arena.Text, s string) string {
	colons := strings.Count(s, ":")
	if colons == 0 {
		return s
	}
	const escaped = "%3A"
	out := mem.Bytes(len(s) + colons*(len(escaped)-1))[:0]
	for i := 0; i < len(s); i++ {
		if s[i] == ':' {
			out = append(out, escaped...)
		} else {
			out = append(out, s[i])
		}
	}
	return arena.View(out)
}
