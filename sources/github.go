package sources

import (
	"strings"

	"whence/correlate"
)

// What the two GitHub logs (webhook and audit log) share: how GitHub names who
// acted, and ends things. What is told lies in memory that a batch lends.

const githubIssuer = "github"

// githubUser is an account as GitHub writes it. Type is User, Bot,
// Organization or Mannequin, and missing in some old events.
type githubUser struct {
	Login string `json:"login"`
	Type  string `json:"type"`
}

// in names u. Only an account that GitHub says is a User is a person.
func (u githubUser) in(out *Batch) correlate.Principal {
	if u.Login == "" {
		return correlate.Principal{}
	}
	p := correlate.Principal{Type: correlate.Unknown, ID: u.Login, Issuer: githubIssuer}
	p.Names = out.names.Append(nil, out.text.Join(githubIssuer, ":", u.Login))
	switch {
	case u.agent():
		p.Type = correlate.Agent
	case u.Type == "Bot" || strings.HasSuffix(u.Login, "[bot]"):
		p.Type = correlate.ServiceAccount
	case u.Login == "ghost":
		// Stands for every account that was deleted: nobody in particular.
	case u.Type == "User":
		p.Type = correlate.Human
	}
	return p
}

// agent reports whether u is GitHub's own coding agent.
func (u githubUser) agent() bool {
	const name = "copilot"
	if len(u.Login) < len(name) || !strings.EqualFold(u.Login[:len(name)], name) {
		return false
	}
	switch strings.ToLower(u.Login[len(name):]) {
	case "", "-swe-agent", "-swe-agent[bot]":
		return true
	}
	return false
}

// githubNobody is the actor of a line that names none.
func githubNobody() correlate.Principal {
	return correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: githubIssuer}
}

// githubAsk adds the link to whoever the line says asked, if it says.
func githubAsk(out *Batch, links []correlate.Link, p correlate.Principal, method string) []correlate.Link {
	if p.IsZero() {
		return links
	}
	role := correlate.Requestor
	if p.Type == correlate.Agent {
		role = correlate.AgentRole
	}
	return out.links.Append(links, correlate.Link{Role: role, Principal: p, Proof: correlate.Attested, Method: method})
}

// githubByDeployKey is the actor where a deploy key of a repository was used: the
// log does not say which, and the account it names beside is not who used it.
func githubByDeployKey(out *Batch, repo string) correlate.Principal {
	return correlate.Principal{
		Type: correlate.APIKey, ID: out.text.Join(repo, "/deploy_key"), Name: out.text.Join("a deploy key of ", repo), Issuer: githubIssuer,
	}
}

// githubTell completes a fact with what it shares with its event and adds it.
func githubTell(out *Batch, e *correlate.Event, source string, f correlate.Fact) {
	if f.Key.IsZero() || f.Start.IsZero() || e.Time.Equal(githubNoTime()) {
		return
	}
	f.Origin, f.Source, f.EventID, f.Time = e.ID, source, e.EventID, e.Time
	e.Mints = out.facts.Append(e.Mints, f)
}

// githubTouch adds a resource that e touched, unless it has no name.
func githubTouch(out *Batch, e *correlate.Event, kind, id string) {
	if id != "" {
		e.Resources = out.resources.Append(e.Resources, correlate.Resource{Type: kind, ID: id})
	}
}

// githubOutcome reads a conclusion or state. One that is not there yet is unknown.
func githubOutcome(conclusion string) (outcome correlate.Outcome, failure string) {
	switch c := strings.ToLower(conclusion); c {
	case "success", "neutral", "skipped", "inactive":
		return correlate.Success, ""
	case "failure", "error", "timed_out", "startup_failure", "action_required", "cancelled", "stale":
		return correlate.Failure, c
	}
	return correlate.UnknownOutcome, ""
}

// githubOwner is the part of org/repo before the slash.
func githubOwner(repo string) string {
	owner, _, _ := strings.Cut(repo, "/")
	return owner
}
