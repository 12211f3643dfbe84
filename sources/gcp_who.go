package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// gcpCaller is authenticationInfo.
type gcpCaller struct {
	Email     string `json:"principalEmail"`
	Subject   string `json:"principalSubject"`
	KeyName   string `json:"serviceAccountKeyName"`
	Delegated []struct {
		Subject string `json:"principalSubject"`
		First   struct {
			Email string `json:"principalEmail"`
		} `json:"firstPartyPrincipal"`
	} `json:"serviceAccountDelegationInfo"`
	OAuth struct {
		Client string `json:"oauthClientId"`
	} `json:"oauthInfo"`
}

const gcpIssuer = "gcp"

// gcpWho reads who called, on whose behalf, and with which key.
type gcpWho struct {
	p   *gcpPayload
	e   *correlate.Event
	out *Batch
}

func (w *gcpWho) uses() {
	a, e := &w.p.Auth, w.e
	e.Actor = w.principal(a.Email, cmp.Or(a.Subject, w.p.Metadata.Mapped))
	w.out.acted(e, gcpKey(a.KeyName, w.out), "gcp.service_account_key")
	if w.delegated() || e.Actor.Type == correlate.Unknown {
		return
	}
	w.ask(e.Actor, "gcp.principal")
}

// delegated adds those who had the service account act for them. Google lists them
// in order, whoever began first. Google's own agents run what others own: they are
// in between, and never who asked.
func (w *gcpWho) delegated() bool {
	asked := false
	for i := range w.p.Auth.Delegated {
		d := &w.p.Auth.Delegated[i]
		who := w.principal(d.First.Email, d.Subject)
		if who.Type == correlate.Unknown || who.Same(w.e.Actor) {
			continue
		}
		if !asked && !gcpAgent(who.ID) {
			w.ask(who, "gcp.delegation")
			asked = true
			continue
		}
		w.e.Uses = w.out.links.Append(w.e.Uses, correlate.Link{
			Role: correlate.AgentRole, Principal: who, Proof: correlate.Attested, Method: "gcp.delegation",
		})
	}
	return asked
}

// ask adds whoever asked. A subject of a CI system is an alias of its runs, too.
func (w *gcpWho) ask(p correlate.Principal, method string) {
	if _, kind := ciIssuer(p.ID); kind != "" {
		w.e.Uses = w.out.links.Append(w.e.Uses, correlate.Link{
			Role: correlate.Requestor, Key: correlate.Key{Kind: kind, Value: p.ID}, Proof: correlate.Inferred, Method: "gcp.federated_subject",
		})
	}
	if p.Type == correlate.CIRun {
		return // a subject names no run
	}
	w.e.Uses = w.out.links.Append(w.e.Uses, correlate.Link{Role: correlate.Requestor, Principal: p, Proof: correlate.Attested, Method: method})
}

// principal is who an address or a subject names: user:, serviceAccount:, or
// principal:// with the subject that another provider vouches for.
func (w *gcpWho) principal(email, subject string) correlate.Principal {
	kind, name, _ := strings.Cut(subject, ":")
	switch {
	case kind == "principal" || kind == "principalSet":
		return w.federated(subject)
	case strings.HasPrefix(email, "principal:"), strings.HasPrefix(email, "principalSet:"):
		return w.federated(email)
	case strings.HasPrefix(email, "system:serviceaccount:"):
		return w.cluster(email)
	case strings.HasPrefix(email, "system:"): // of a cluster: system:node:..., system:anonymous
		t := correlate.ServiceAccount
		if email == "system:anonymous" {
			t = correlate.Unknown
		}
		return correlate.Principal{Type: t, ID: email, Issuer: kubernetesIssuer}
	}
	id := w.out.fold(cmp.Or(email, name))
	if id == "" {
		return correlate.Principal{Type: correlate.Unknown, ID: "unknown", Issuer: gcpIssuer}
	}
	p := correlate.Principal{Type: correlate.Unknown, ID: id, Issuer: gcpIssuer}
	switch {
	case kind == "serviceAccount", strings.HasSuffix(id, "gserviceaccount.com"), id == "system@google.com", strings.HasSuffix(id, "@system.gserviceaccount.com"):
		p.Type = correlate.ServiceAccount
	case kind == "user", strings.Contains(id, "@"):
		p.Type = correlate.Human
	}
	return p
}

// cluster is an account of Kubernetes, as the log of its cluster names it.
func (w *gcpWho) cluster(account string) correlate.Principal {
	p := correlate.Principal{Type: correlate.ServiceAccount, ID: account, Issuer: kubernetesIssuer}
	if ns, name, ok := strings.Cut(strings.TrimPrefix(account, "system:serviceaccount:"), ":"); ok {
		p.Name = w.out.text.Join(ns, "/", name)
	}
	return p
}

// federated is a subject of a workload or workforce pool:
// principal://iam.googleapis.com/.../workloadIdentityPools/ci/subject/repo:acme/shop:ref:refs/heads/main.
func (w *gcpWho) federated(principal string) correlate.Principal {
	pool, sub, ok := strings.Cut(principal, "/subject/")
	if !ok || sub == "" {
		return correlate.Principal{Type: correlate.Workload, ID: principal, Issuer: gcpIssuer}
	}
	p := correlate.Principal{Type: correlate.Workload, ID: sub, Issuer: gcpIssuer}
	p.Names = w.out.names.Append(nil, w.out.text.Join("gcp:", principal))
	switch issuer, kind := ciIssuer(sub); {
	case kind != "":
		p.Type, p.Issuer = correlate.CIRun, issuer
	case strings.HasPrefix(sub, "system:serviceaccount:"):
		k := w.cluster(sub)
		k.Names = p.Names
		return k
	case strings.HasPrefix(sub, "ns/"): // of GKE: ns/<namespace>/sa/<name>
		ns, name, ok := strings.Cut(strings.TrimPrefix(sub, "ns/"), "/sa/")
		if ok {
			k := w.cluster(w.out.text.Join("system:serviceaccount:", ns, ":", name))
			k.Names = p.Names
			return k
		}
	case strings.Contains(pool, "/workforcePools/"):
		if mail, ok := w.out.email(sub); ok {
			p.Type, p.ID = correlate.Human, mail
		}
	}
	return p
}

// gcpAgent reports whether an account is one that Google runs services as.
func gcpAgent(email string) bool {
	name, domain, ok := strings.Cut(email, "@")
	if !ok {
		return false
	}
	switch {
	case strings.HasPrefix(domain, "gcp-sa-"), strings.HasSuffix(domain, "-system.iam.gserviceaccount.com"), domain == "system.gserviceaccount.com",
		domain == "cloudservices.gserviceaccount.com", domain == "google.com" && name == "system":
		return true
	case strings.HasSuffix(domain, ".iam.gserviceaccount.com"):
		return strings.HasPrefix(name, "service-") && isDigits(strings.TrimPrefix(name, "service-"))
	}
	return false
}
