package sources

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"whence/correlate"
	"whence/correlate/arena"
)

// githubAttempt is one attempt of a workflow run, whichever log tells of it. It is
// used again for the next line, and so are its lists.
type githubAttempt struct {
	Repo   string // org/repo the run belongs to
	ID     string // of the run
	Number int64  // of the attempt, from 1
	Name   string // of the workflow
	Path   string // of the workflow file
	Event  string // what triggered it

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

	// Key is zero when the log does not say which attempt it is about: that is
	// never guessed. RunID is the alias that all attempts share. Both are set by
	// identify.
	Key, RunID correlate.Key

	tails []githubTail
}

// githubKept is the length of the longest list whose memory is kept for the next
// line. One with many pull requests must not set its size for good.
const githubKept = 1024

// reset forgets the attempt and keeps the memory of its lists.
func (a *githubAttempt) reset() {
	*a = githubAttempt{BaseRefs: githubEmptied(a.BaseRefs), PullNumbers: githubEmptied(a.PullNumbers), tails: githubEmptied(a.tails)}
}

func githubEmptied[T any](list []T) []T {
	if cap(list) > githubKept {
		return nil
	}
	return list[:0]
}

// identify makes the keys, of the repository, the run and the number.
func (a *githubAttempt) identify(mem *arena.Text) {
	a.Key, a.RunID = correlate.Key{}, correlate.Key{}
	if a.Repo == "" || a.ID == "" {
		return
	}
	if a.Number <= 0 {
		a.RunID = correlate.Key{Kind: GitHubRunID, Value: mem.Join(a.Repo, "/", a.ID)}
		return
	}
	var digits [20]byte
	id := mem.Join(a.Repo, "/", a.ID, "/", arena.View(strconv.AppendInt(digits[:0], a.Number, 10)))
	a.Key = correlate.Key{Kind: GitHubRun, Value: id}
	a.RunID = correlate.Key{Kind: GitHubRunID, Value: id[:len(a.Repo)+1+len(a.ID)]}
}

func (a *githubAttempt) principal() correlate.Principal {
	return correlate.Principal{Type: correlate.CIRun, ID: a.Key.Value, Name: cmp.Or(a.Name, a.Path), Issuer: githubIssuer}
}

// acting is the link of an event that the run itself causes. A line may come
// after the run has ended (its own completion, a deployment that is replaced
// days later), so the key is looked up for when the run was live.
func (a *githubAttempt) acting(method string, at time.Time) correlate.Link {
	return correlate.Link{Role: correlate.Acting, Key: a.Key, Proof: correlate.Attested, Method: method, At: at}
}

// mint adds what a line of GitHub's own about a run tells later walks: who asked
// for it, the names it can be known by elsewhere, and its end.
func (a *githubAttempt) mint(out *Batch, e *correlate.Event, source, method string) {
	if a.Key.IsZero() {
		return
	}
	githubTell(out, e, source, correlate.Fact{
		Kind: correlate.Account, Key: a.Key, Proof: correlate.Issued, Method: method,
		Principal: a.standsFor(out), Parents: a.parents(out), Start: a.Started, End: a.Ended,
	})
	a.bind(out, e, source, method, a.RunID, correlate.Attested)
	a.bindSubjects(out, e, source, method)
	if !a.Ended.IsZero() {
		githubTell(out, e, source, correlate.Fact{
			Kind: correlate.Ending, Key: a.Key, Proof: correlate.Issued, Method: method, Start: a.Ended, Reason: "completed",
		})
	}
}

func (a *githubAttempt) bind(out *Batch, e *correlate.Event, source, method string, name correlate.Key, proof correlate.Proof) {
	githubTell(out, e, source, correlate.Fact{
		Kind: correlate.Binding, Key: name, Target: a.Key, Proof: proof, Method: method, Start: a.Started, End: a.Ended, Reason: overAt(a.Ended),
	})
}

// scheduled reports whether nobody asked for this attempt: the clock did. A
// person may run a scheduled run again, and then did ask.
func (a *githubAttempt) scheduled() bool { return a.Event == "schedule" && a.Number <= 1 }

// standsFor is the run as a principal. Where the workflow file is not known, the
// run of a schedule carries the schedule's name itself, for the directory.
func (a *githubAttempt) standsFor(out *Batch) correlate.Principal {
	p := a.principal()
	if a.scheduled() && a.Path == "" && a.Name != "" {
		p.Names = out.names.Append(nil, out.text.Join("github.workflow:", a.Repo, "/", a.Name))
	}
	return p
}

func (a *githubAttempt) parents(out *Batch) []correlate.Link {
	if a.scheduled() {
		return a.creator(out, a.schedule(out), true)
	}
	links := githubAsk(out, nil, a.Asked, a.Via)
	if a.Event == "workflow_run" && a.Number <= 1 {
		// Another run started this one, and GitHub hands that run's actor on. If
		// that was a schedule, the account only changed a file last.
		for i := range links {
			links[i].Proof, links[i].Method = correlate.Inferred, "github.actor.of_run_before"
		}
	}
	return a.creator(out, links, a.Asked.IsZero())
}

// schedule is the link to the schedule that asked for the run.
func (a *githubAttempt) schedule(out *Batch) []correlate.Link {
	if a.Path == "" {
		return nil
	}
	name := out.text.Join("github.workflow:", a.Repo, "/", a.Path)
	return out.links.Append(nil, correlate.Link{
		Role: correlate.Requestor, Proof: correlate.Attested, Method: "github.schedule",
		Principal: correlate.Principal{
			Type: correlate.Schedule, ID: strings.TrimPrefix(name, "github.workflow:"), Name: a.Name,
			Issuer: "github.workflow", Names: out.names.Append(nil, name),
		},
	})
}

// creator shows an account that the log names beside the run and that did not
// ask for it: for a schedule, whoever last changed the workflow file.
func (a *githubAttempt) creator(out *Batch, links []correlate.Link, show bool) []correlate.Link {
	if !show || a.First.IsZero() {
		return links
	}
	return out.links.Append(links, correlate.Link{Role: correlate.Creator, Principal: a.First, Proof: correlate.Attested, Method: "github.actor"})
}

// bases are the branches of the repository itself that a run for somebody
// else's branch may be on.
func (a *githubAttempt) bases() []string {
	if a.DefaultBranch != "" {
		a.BaseRefs = append(a.BaseRefs, a.DefaultBranch)
	}
	slices.Sort(a.BaseRefs)
	a.BaseRefs = slices.Compact(a.BaseRefs)
	return a.BaseRefs
}
