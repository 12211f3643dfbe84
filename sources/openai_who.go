package sources

import (
	"cmp"

	"whence/correlate"
)

// walk says who did it: a person who is signed in, or a key and whose it is.
func (a *openaiActor) walk(e *correlate.Event, out *Batch) {
	if a.Key.ID != "" || a.Type == "api_key" {
		a.byKey(e, out)
		return
	}
	e.Actor = a.Session.User.principal(out)
	proof, method := correlate.Attested, "openai.session"
	if e.Class == correlate.Auth && e.Outcome != correlate.Success {
		proof, method = correlate.Claimed, "openai.claimed_login"
	}
	if e.Actor.ID == "" {
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "unknown", Issuer: "openai"}
		return
	}
	out.asked(e, &e.Actor, proof, method)
}

func (a *openaiActor) byKey(e *correlate.Event, out *Batch) {
	k := openaiKey(a.Key.ID)
	e.Actor = openaiKeyPrincipal(k, "", out)
	out.acted(e, k, "openai.api_key")
	if user := a.Key.User.principal(out); user.ID != "" {
		out.asked(e, &user, correlate.Attested, "openai.api_key_owner")
	} else if id := a.Key.Service.ID; id != "" {
		p := out.named(correlate.Principal{Type: correlate.ServiceAccount, ID: id, Issuer: "openai"}, out.text.Join("openai:", id))
		out.asked(e, &p, correlate.Attested, "openai.service_account")
	}
}

// principal is a user, by e-mail address if the log gives it.
func (u *openaiUser) principal(out *Batch) correlate.Principal {
	if u.ID == "" && u.Email == "" {
		return correlate.Principal{}
	}
	p := correlate.Principal{Type: correlate.Human, ID: cmp.Or(u.ID, u.Email), Issuer: "openai"}
	if mail, ok := out.email(u.Email); ok {
		p.ID = mail
	}
	return out.named(p, out.join("openai:", u.ID))
}

func openaiKey(id string) correlate.Key {
	if id == "" || len(id) > maxName {
		return correlate.Key{}
	}
	return correlate.Key{Kind: OpenAIKey, Value: id}
}

// openaiKeyPrincipal is a key, as who acts: the directory may know whose it is.
func openaiKeyPrincipal(k correlate.Key, name string, out *Batch) correlate.Principal {
	if k.IsZero() {
		return correlate.Principal{Type: correlate.APIKey, ID: "unknown", Issuer: "openai"}
	}
	p := correlate.Principal{Type: correlate.APIKey, ID: k.Value, Name: name, Issuer: "openai"}
	return out.named(p, out.text.Join("openai.api_key:", k.Value))
}

// mint tells of keys that are made and deleted. A key is for later use, by whomever
// it is given to: the log says who made it, and the line of each use whose it is.
func (s *openaiScratch) mint(e *correlate.Event, out *Batch) {
	k, name := openaiKey(s.detail.ID), cmp.Or(s.detail.Data.Name, s.detail.Name)
	if k.IsZero() {
		return
	}
	switch s.openaiLine.Type {
	case "api_key.created":
		f := correlate.Fact{
			Kind: correlate.Account, Key: k, Principal: openaiKeyPrincipal(k, name, out), Standing: true,
			Proof: correlate.Issued, Method: "openai.api_key_created",
		}
		creator := correlate.Link{Role: correlate.Creator, Proof: correlate.Issued, Method: f.Method}
		if by := e.Key(); !by.IsZero() {
			creator.Key = by
		} else if creator.Principal = e.Actor; e.Actor.ID == "unknown" {
			creator.Role = 0
		}
		if creator.Role != 0 {
			f.Parents = out.links.Append(nil, creator)
		}
		out.tell(e, &f)
	case "api_key.deleted":
		out.tell(e, &correlate.Fact{
			Kind: correlate.Ending, Key: k, Standing: true, Reason: "deleted", Proof: correlate.Issued, Method: "openai.api_key_deleted",
		})
	}
}
