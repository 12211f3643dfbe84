package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// Callers that another identity provider vouches for: they have no AWS
// credential yet and come to STS for one.

// Methods of what an identity provider states.
const (
	cloudtrailBySAMLSubject     = "aws.sts.saml_subject"
	cloudtrailBySAMLSessionName = "aws.sts.saml_session_name"
	cloudtrailByWebSubject      = "aws.sts.web_identity_subject"
	cloudtrailByGitHubSub       = "github.oidc_sub"
	cloudtrailByGitHubRunID     = "github.run_id_in_session_name"
	cloudtrailByCISub           = "aws.sts.ci_subject"
	cloudtrailByCIRun           = "aws.sts.ci_run_in_session_name"
)

// samlUser is the subject of a SAML assertion. The role session name is not the
// caller's choice here: it comes from the assertion too. So where the subject is
// no e-mail address (many providers send an opaque one), it names the person.
func (e *cloudtrailEvent) samlUser() correlate.Principal {
	subject := cmp.Or(e.Response.Subject, e.Identity.UserName)
	if subject == "" || cloudtrailMasked(subject) {
		return correlate.Principal{Type: correlate.Unknown, ID: e.Identity.PrincipalID, Issuer: "saml"}
	}
	p := correlate.Principal{Type: correlate.Unknown, ID: subject, Name: subject, Issuer: "saml"}
	if iss := e.Response.Issuer; iss != "" && e.Response.SubjectType != "transient" {
		p.Names = e.names(e.join(iss, ":", subject))
	}
	method := cloudtrailBySAMLSubject
	mail, ok := e.email(subject)
	if !ok && e.outcome == correlate.Success {
		if mail, ok = e.email(e.Request.RoleSessionName); ok {
			method = cloudtrailBySAMLSessionName
		}
	}
	if ok {
		p.Type, p.ID = correlate.Human, mail
	}
	e.state(p, e.vouched(), method)
	return p
}

// webIdentityUser is the subject of an OIDC token.
func (e *cloudtrailEvent) webIdentityUser() correlate.Principal {
	provider := cmp.Or(e.Response.Provider, e.Identity.IdentityProvider)
	sub := cmp.Or(e.Response.WebSubject, e.Identity.UserName)
	if sub == "" || cloudtrailMasked(sub) {
		return correlate.Principal{Type: correlate.Unknown, ID: e.Identity.PrincipalID, Issuer: cloudtrailProvider(provider)}
	}
	first := len(e.links)
	e.webIdentity(provider, sub, e.Request.RoleSessionName, e.vouched())
	for i := first; i < len(e.links); i++ {
		if p := &e.links[i].Principal; !p.IsZero() {
			return *p
		}
	}
	return correlate.Principal{Type: correlate.Workload, ID: sub, Issuer: "github"}
}

// webIdentity leads to whoever an OIDC provider's subject stands for.
func (e *cloudtrailEvent) webIdentity(provider, sub, sessionName string, proof correlate.Proof) {
	provider = cloudtrailProvider(provider)
	if cloudtrailIsGitHub(provider) {
		e.gitHub(sub, sessionName)
		return
	}
	if _, kind := ciIssuer(sub); kind != "" && kind != GitHubSub {
		e.ciRun(sub, sessionName)
	}
	p := correlate.Principal{Type: correlate.Workload, ID: sub, Issuer: provider}
	if account, ok := strings.CutPrefix(sub, "system:serviceaccount:"); ok {
		// The cluster is told by its provider; the directory lists accounts by name.
		p = correlate.Principal{
			Type: correlate.ServiceAccount, ID: sub, Name: account, Issuer: "k8s", Names: e.names(e.join(provider, ":", sub)),
		}
		if ns, name, ok := strings.Cut(account, ":"); ok {
			p.Name = e.join(ns, "/", name)
		}
	} else if mail, ok := e.email(sub); ok {
		p.Type, p.ID = correlate.Human, mail
	}
	e.state(p, proof, cloudtrailByWebSubject)
}

// ciRun leads to a job of GitLab or a run of HCP Terraform, as gitHub does. The
// subject itself may be in the directory, with an owner, so it is stated too.
func (e *cloudtrailEvent) ciRun(sub, sessionName string) {
	_, alias := ciAlias(sub, &e.out.text)
	e.link(correlate.Requestor, correlate.Inferred, cloudtrailByCISub).Key = alias
	if k := ciRunInName(sub, sessionName, &e.out.text); !k.IsZero() {
		e.link(correlate.Requestor, correlate.Claimed, cloudtrailByCIRun).Key = k
	}
}

// gitHub leads to workflow runs. A subject names no run, so two
// runs of one branch look alike; a run id in the session name tells them apart,
// and only runs of the repository that the subject proves are looked for.
func (e *cloudtrailEvent) gitHub(sub, sessionName string) {
	e.link(correlate.Requestor, correlate.Inferred, cloudtrailByGitHubSub).Key = correlate.Key{Kind: GitHubSub, Value: sub}
	org, repo := cloudtrailRepo(sub)
	if repo == "" {
		return
	}
	var room [cloudtrailMaxRunIDs]string
	for _, id := range cloudtrailRunIDs(room[:0], sessionName, e.RecipientAccount, e.time) {
		l := e.link(correlate.Requestor, correlate.Claimed, cloudtrailByGitHubRunID)
		l.Key = correlate.Key{Kind: GitHubRunID, Value: e.join(org, "/", repo, "/", id)}
	}
}
