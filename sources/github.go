package sources

import (
	"strings"

	"whence/correlate"
)

// What the two GitHub logs (webhook and audit log) share: how GitHub names who
// acted, writes times and ends things.

const githubIssuer = "github"

// githubUser is an account as GitHub writes it. Type is User, Bot,
// Organization or Mannequin, and missing in some old events.
type githubUser struct {
	Login string `json:"login"`
	Type  string `json:"type"`
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
