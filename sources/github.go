package sources

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/bytedance/sonic"

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

// principal names u. Only an account that GitHub says is a User is a person.
func (u githubUser) principal() correlate.Principal {
	if u.Login == "" {
		return correlate.Principal{}
	}
	login := strings.Clone(u.Login)
	p := correlate.Principal{Type: correlate.Unknown, ID: login, Issuer: githubIssuer, Names: []string{githubIssuer + ":" + login}}
	switch {
	case u.agent():
		p.Type = correlate.Agent
	case u.Type == "Bot" || strings.HasSuffix(login, "[bot]"):
		p.Type = correlate.ServiceAccount
	case login == "ghost":
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

// githubAsked is the link to whoever the line says asked, if it says.
func githubAsked(p correlate.Principal, method string) []correlate.Link {
	if p.IsZero() {
		return nil
	}
	role := correlate.Requestor
	if p.Type == correlate.Agent {
		role = correlate.AgentRole
	}
	return []correlate.Link{{Role: role, Principal: p, Proof: correlate.Attested, Method: method}}
}

// githubNobody is the actor of a line that names none.
func githubNobody() correlate.Principal {
	return correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: githubIssuer}
}

// githubDeployKey is the actor where a deploy key of a repository was used: the
// log does not say which, and the account it names beside is not who used it.
func githubDeployKey(repo string) correlate.Principal {
	return correlate.Principal{Type: correlate.APIKey, ID: repo + "/deploy_key", Name: "a deploy key of " + repo, Issuer: githubIssuer}
}

// unmarshalLoosely decodes an object and forgives single fields of an odd type:
// they stay empty. It rejects only what is not JSON.
func (b *Batch) unmarshalLoosely(raw []byte, v any) bool {
	if sonic.ConfigFastest.Unmarshal(raw, v) == nil || sonic.ConfigFastest.Valid(raw) {
		return true
	}
	b.reject(raw, correlate.RejectNotJSON, "the record is not valid JSON")
	return false
}

// githubMint completes a fact with what it shares with its event and adds it.
func githubMint(e *correlate.Event, source string, f correlate.Fact) {
	if f.Key.IsZero() || f.Start.IsZero() || e.Time.Equal(githubNoTime()) {
		return
	}
	f.Origin, f.Source, f.EventID, f.Time = e.ID, source, e.EventID, e.Time
	e.Mints = append(e.Mints, f)
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

// githubResource is a resource, or none when it has no name.
func githubResource(kind, id string) []correlate.Resource {
	if id == "" {
		return nil
	}
	return []correlate.Resource{{Type: "github." + kind, ID: strings.Clone(id)}}
}

// githubOwner is the part of org/repo before the slash.
func githubOwner(repo string) string {
	owner, _, _ := strings.Cut(repo, "/")
	return owner
}

// githubTime is a time in any of the forms GitHub and its exports write it:
// RFC 3339, seconds or milliseconds since 1970, or a date and time without zone
// (UTC). Anything else is the zero time.
type githubTime struct{ time.Time }

// UnmarshalJSON never fails: an odd time is no reason to lose the event.
func (t *githubTime) UnmarshalJSON(b []byte) error {
	t.Time = time.Time{}
	var s string
	switch {
	case len(b) == 0:
	case b[0] == '"':
		if json.Unmarshal(b, &s) == nil {
			t.Time = githubParseTime(s)
		}
	default:
		t.Time = githubParseTime(string(b))
	}
	return nil
}

// githubNewest is the latest of some times, zero if none is set.
func githubNewest(times ...githubTime) time.Time {
	var newest time.Time
	for _, t := range times {
		if t.After(newest) {
			newest = t.Time
		}
	}
	return newest
}

// githubFirst is the first of some times that is set.
func githubFirst(times ...githubTime) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t.Time
		}
	}
	return time.Time{}
}
