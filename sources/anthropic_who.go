package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// walk says who did it: somebody who is signed in, a key, a directory that is kept in
// step, Anthropic itself, or whoever tried to sign in.
func (a *anthropicActor) walk(e *correlate.Event, out *Batch) {
	switch key := anthropicKey(cmp.Or(a.APIKey, a.AdminKey)); {
	case !key.IsZero():
		e.Actor = anthropicKeyPrincipal(key, out)
		out.acted(e, key, "anthropic.api_key")
		out.asked(e, &e.Actor, correlate.Attested, "anthropic.api_key")
	case strings.HasPrefix(a.Type, "unauthenticated"):
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "unknown", Issuer: "anthropic"}
		if mail, ok := out.email(cmp.Or(a.Unverified, a.Email)); ok {
			e.Actor.Type, e.Actor.ID = correlate.Human, mail
			out.asked(e, &e.Actor, correlate.Claimed, "anthropic.claimed_login")
		}
	case a.UserID != "" || a.Email != "":
		e.Actor = correlate.Principal{Type: correlate.Human, ID: cmp.Or(a.UserID, a.Email), Issuer: "anthropic"}
		if mail, ok := out.email(a.Email); ok {
			e.Actor.ID = mail
		}
		e.Actor = out.named(e.Actor, out.join("anthropic:", a.UserID))
		proof, method := correlate.Attested, "anthropic.user"
		if e.Class == correlate.Auth && e.Outcome != correlate.Success {
			proof, method = correlate.Claimed, "anthropic.claimed_login"
		}
		out.asked(e, &e.Actor, proof, method)
	default:
		// scim_directory_sync_actor, anthropic_actor and the like.
		name := strings.TrimSuffix(a.Type, "_actor")
		e.Actor = correlate.Principal{Type: correlate.ServiceAccount, ID: cmp.Or(a.Directory, name), Name: name, Issuer: "anthropic"}
		e.Actor = out.named(e.Actor, out.text.Join("anthropic:", name))
		out.asked(e, &e.Actor, correlate.Attested, "anthropic.actor")
	}
}

func anthropicKey(id string) correlate.Key {
	if id == "" || len(id) > maxName {
		return correlate.Key{}
	}
	return correlate.Key{Kind: AnthropicKey, Value: id}
}

// anthropicKeyPrincipal is a key, as who acts: the directory may know whose it is.
func anthropicKeyPrincipal(k correlate.Key, out *Batch) correlate.Principal {
	p := correlate.Principal{Type: correlate.APIKey, ID: k.Value, Issuer: "anthropic"}
	return out.named(p, out.text.Join("anthropic.api_key:", k.Value))
}

// mint tells of keys that are made and taken back, where the line names them. The line is
// about keys.
func (r *anthropicLine) mint(e *correlate.Event, out *Batch) {
	k := anthropicKey(r.key())
	if k.IsZero() || e.Outcome != correlate.Success {
		return
	}
	switch {
	case strings.HasSuffix(r.Type, "_created"):
		f := correlate.Fact{
			Kind: correlate.Account, Key: k, Principal: anthropicKeyPrincipal(k, out), Standing: true,
			Proof: correlate.Issued, Method: "anthropic.api_key_created",
		}
		creator := correlate.Link{Role: correlate.Creator, Principal: e.Actor, Proof: correlate.Issued, Method: f.Method}
		if by := e.Key(); !by.IsZero() {
			creator.Key, creator.Principal = by, correlate.Principal{}
		}
		f.Parents = out.links.Append(nil, creator)
		out.tell(e, &f)
	case strings.HasSuffix(r.Type, "_deleted"), strings.HasSuffix(r.Type, "_revoked"), strings.HasSuffix(r.Type, "_disabled"):
		out.tell(e, &correlate.Fact{
			Kind: correlate.Ending, Key: k, Standing: true, Reason: "revoked", Proof: correlate.Issued, Method: "anthropic.api_key_revoked",
		})
	}
}
