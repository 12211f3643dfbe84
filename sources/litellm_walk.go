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
func litellmKeyID(key, scope string, out *Batch) string {
	switch {
	case key == "" || strings.EqualFold(key, "none"):
		return ""
	case key == litellmMaster && scope != "":
		return out.text.Join(scope, "/", key)
	case key == litellmMaster:
		return key
	case litellmIsHash(key):
		return out.fold(key)
	}
	return out.hash([]byte(key))
}

// litellmIsHash reports whether s is a SHA-256 in hex.
func litellmIsHash(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c-'0' > 9 && c|0x20-'a' > 5 {
			return false
		}
	}
	return len(s) == hex.EncodedLen(sha256.Size)
}

// walk says which key was used and whom the gateway, or only the caller, names
// behind it.
func (r *litellmRow) walk(e *correlate.Event, scope string, out *Batch) {
	owner, key := r.owner(out), litellmKeyID(r.APIKey, scope, out)
	switch {
	case key != "":
		e.Actor = r.keyPrincipal(key, out)
		e.Uses = out.links.Append(e.Uses, correlate.Link{
			Role: correlate.Acting, Key: correlate.Key{Kind: LiteLLMKey, Value: key}, Proof: correlate.Attested, Method: "litellm.api_key",
		})
	case !owner.IsZero():
		e.Actor = owner
	default:
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: "litellm"}
	}
	switch {
	case !owner.IsZero():
		e.Uses = out.links.Append(e.Uses, correlate.Link{Role: correlate.Requestor, Principal: owner, Proof: correlate.Attested, Method: "litellm.key_owner"})
	case key != "":
		// A key without an owner: the directory may know whose service it is.
		p := e.Actor
		if alias := r.Metadata.KeyAlias; alias != "" {
			p.Names = out.names.Append(nil, out.text.Join("litellm:", alias))
			p.Names = out.names.Append(p.Names, e.Actor.Names...)
		}
		e.Uses = out.links.Append(e.Uses, correlate.Link{Role: correlate.Requestor, Principal: p, Proof: correlate.Attested, Method: "litellm.key"})
	}
	agent := r.agent(out)
	if p := litellmPerson(r.EndUser, "", out); !p.IsZero() && (len(e.Uses) == 0 || agent.Proof != correlate.Claimed) {
		e.Uses = out.links.Append(e.Uses, correlate.Link{Role: correlate.Requestor, Principal: p, Proof: correlate.Claimed, Method: "litellm.end_user"})
	}
	if agent.Role != 0 {
		e.Uses = out.links.Append(e.Uses, agent)
	}
	r.within(e, out)
}

// within adds the agent's session and the trace that the caller named, where logs that
// know them are read.
func (r *litellmRow) within(e *correlate.Event, out *Batch) {
	if !out.beside(otelName) && !out.beside(transcriptName) {
		return
	}
	claim := correlate.Link{Role: correlate.Requestor, Proof: correlate.Claimed, Method: "litellm.session_id"}
	if claim.Key = agentSession(e.Context.Session); !claim.Key.IsZero() {
		e.Uses = out.links.Append(e.Uses, claim)
	}
	if t := e.Context.Trace; len(t) == 32 {
		claim.Key, claim.Method = correlate.Key{Kind: Trace, Value: t}, "litellm.trace_id"
		e.Uses = out.links.Append(e.Uses, claim)
	}
}

// keyPrincipal is the key itself, as who acts.
func (r *litellmRow) keyPrincipal(key string, out *Batch) correlate.Principal {
	names := out.names.Append(nil, out.text.Join("litellm.key:", key))
	if r.APIKey == litellmMaster && key != litellmMaster {
		names = out.names.Append(names, "litellm.key:"+litellmMaster)
	}
	return correlate.Principal{Type: correlate.APIKey, ID: key, Name: r.Metadata.KeyAlias, Issuer: "litellm", Names: names}
}

// owner is whom the gateway has the key registered to. The gateway's built-in
// user, which every unassigned key gets, is nobody.
func (r *litellmRow) owner(out *Batch) correlate.Principal {
	if r.User == "default_user_id" {
		return correlate.Principal{}
	}
	return litellmPerson(r.User, r.Metadata.UserEmail, out)
}

// litellmMaxName is the longest name that is kept as it is. Callers may send
// anything in its place, whole prompts too: what is longer goes by its hash.
const litellmMaxName = 256

// litellmPerson names a user of the gateway. Only an e-mail address makes a person.
func litellmPerson(id, email string, out *Batch) correlate.Principal {
	if id == "" && email == "" {
		return correlate.Principal{}
	}
	if len(id) > litellmMaxName {
		id = out.text.Join("sha256:", out.hash([]byte(id)))
	}
	p := correlate.Principal{Type: correlate.Unknown, ID: id, Issuer: "litellm"}
	if id != "" {
		p.Names = out.names.Append(nil, out.text.Join("litellm:", id))
	}
	if mail := out.fold(cmp.Or(email, id)); litellmIsMail(mail) {
		p.Type, p.ID = correlate.Human, mail
	}
	return p
}

// litellmIsMail reports whether s has one side of an @, a dot on the other, and
// nothing that no address has.
func litellmIsMail(s string) bool {
	if len(s) > litellmMaxName {
		return false
	}
	at, dot := -1, false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '@':
			if at < 0 {
				at = i
			}
		case '.':
			dot = dot || at >= 0
		case ' ', '\t', '\r', '\n', '/', '\\', ':', ',', ';', '<', '>', '"', '\'':
			return false
		}
	}
	return at > 0 && dot
}

// agent is the agent in between, if any. The gateway takes it from the key, and
// then its metadata say so or the key bears the agent's name, or from a header
// that the caller is free to set. A chain is as weak as its weakest hop, so an
// agent that the caller made up draws the key's owner down to a claim; the
// caller's other word, end_user, is then left out, or with both of them a caller
// could put anybody in the place of the owner.
func (r *litellmRow) agent(out *Batch) correlate.Link {
	id := r.AgentID
	if id == "" || r.callsAgent() {
		return correlate.Link{}
	}
	l := correlate.Link{
		Role: correlate.AgentRole, Proof: correlate.Claimed, Method: "litellm.agent_id",
		Principal: correlate.Principal{Type: correlate.Agent, ID: id, Issuer: "litellm", Names: out.names.Append(nil, out.text.Join("litellm.agent:", id))},
	}
	if id == r.Metadata.KeyAgentID || id == r.Metadata.KeyAlias {
		l.Proof, l.Method = correlate.Attested, "litellm.key_agent"
	}
	return l
}
