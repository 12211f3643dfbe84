package sources

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"whence/correlate"
)

// litellmMaster is what the gateway writes for its master key, everywhere the same.
const litellmMaster = "litellm_proxy_master_key"

// litellmKeyID names a key: by the hash the gateway logs, never by itself. What
// is not a hash may be a key (custom authentication can put one there) and is
// hashed as the gateway would have.
func litellmKeyID(key, scope string) string {
	switch {
	case key == "" || strings.EqualFold(key, "none"):
		return ""
	case key == litellmMaster && scope != "":
		return scope + "/" + key
	case key == litellmMaster:
		return key
	}
	if b, err := hex.DecodeString(key); err == nil && len(b) == sha256.Size {
		return strings.ToLower(key)
	}
	return sum([]byte(key))
}

// walk says which key was used and whom the gateway, or only the caller, names
// behind it.
func (r *litellmRow) walk(e *correlate.Event, scope string) {
	owner, key := r.owner(), litellmKeyID(r.APIKey, scope)
	switch {
	case key != "":
		e.Actor = correlate.Principal{Type: correlate.APIKey, ID: key, Name: strings.Clone(r.Metadata.KeyAlias), Issuer: "litellm", Names: []string{"litellm.key:" + key}}
		if r.APIKey == litellmMaster && key != litellmMaster {
			e.Actor.Names = append(e.Actor.Names, "litellm.key:"+litellmMaster)
		}
		e.Uses = append(e.Uses, correlate.Link{Role: correlate.Acting, Key: correlate.Key{Kind: LiteLLMKey, Value: key}, Proof: correlate.Attested, Method: "litellm.api_key"})
	case !owner.IsZero():
		e.Actor = owner
	default:
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: "litellm"}
	}
	switch {
	case !owner.IsZero():
		e.Uses = append(e.Uses, correlate.Link{Role: correlate.Requestor, Principal: owner, Proof: correlate.Attested, Method: "litellm.key_owner"})
	case key != "":
		// A key without an owner: the directory may know whose service it is.
		p := e.Actor
		if r.Metadata.KeyAlias != "" {
			p.Names = append([]string{"litellm:" + r.Metadata.KeyAlias}, p.Names...)
		}
		e.Uses = append(e.Uses, correlate.Link{Role: correlate.Requestor, Principal: p, Proof: correlate.Attested, Method: "litellm.key"})
	}
	agent := r.agent()
	if p := litellmPerson(r.EndUser, ""); !p.IsZero() && (len(e.Uses) == 0 || agent.Proof != correlate.Claimed) {
		e.Uses = append(e.Uses, correlate.Link{Role: correlate.Requestor, Principal: p, Proof: correlate.Claimed, Method: "litellm.end_user"})
	}
	if agent.Role != 0 {
		e.Uses = append(e.Uses, agent)
	}
}

// owner is whom the gateway has the key registered to. The gateway's built-in
// user, which every unassigned key gets, is nobody.
func (r *litellmRow) owner() correlate.Principal {
	if r.User == "default_user_id" {
		return correlate.Principal{}
	}
	return litellmPerson(r.User, r.Metadata.UserEmail)
}

// litellmMaxName is the longest name that is kept as it is. Callers may send
// anything in its place, whole prompts too: what is longer goes by its hash.
const litellmMaxName = 256

// litellmPerson names a user of the gateway. Only an e-mail address makes a person.
func litellmPerson(id, email string) correlate.Principal {
	if id == "" && email == "" {
		return correlate.Principal{}
	}
	if len(id) > litellmMaxName {
		id = "sha256:" + sum([]byte(id))
	}
	p := correlate.Principal{Type: correlate.Unknown, ID: strings.Clone(id), Issuer: "litellm"}
	if id != "" {
		p.Names = []string{"litellm:" + p.ID}
	}
	if mail := correlate.Fold(cmp.Or(email, id)); litellmIsMail(mail) {
		p.Type, p.ID = correlate.Human, strings.Clone(mail)
	}
	return p
}

func litellmIsMail(s string) bool {
	if len(s) > litellmMaxName {
		return false
	}
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(domain, ".") && !strings.ContainsAny(s, " \t\r\n/\\:,;<>\"'")
}

// agent is the agent in between, if any. The gateway takes it from the key, and
// then its metadata say so or the key bears the agent's name, or from a header
// that the caller is free to set. A chain is as weak as its weakest hop, so an
// agent that the caller made up draws the key's owner down to a claim; the
// caller's other word, end_user, is then left out, or with both of them a caller
// could put anybody in the place of the owner.
func (r *litellmRow) agent() correlate.Link {
	if r.AgentID == "" || r.callsAgent() {
		return correlate.Link{}
	}
	id := strings.Clone(r.AgentID)
	l := correlate.Link{
		Role: correlate.AgentRole, Proof: correlate.Claimed, Method: "litellm.agent_id",
		Principal: correlate.Principal{Type: correlate.Agent, ID: id, Issuer: "litellm", Names: []string{"litellm.agent:" + id}},
	}
	if id == r.Metadata.KeyAgentID || id == r.Metadata.KeyAlias {
		l.Proof, l.Method = correlate.Attested, "litellm.key_agent"
	}
	return l
}
