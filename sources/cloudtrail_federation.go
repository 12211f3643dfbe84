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
)

// samlUser is the subject of a SAML assertion. The role session name is not the
// caller's choice here: it comes from the assertion too. So where the subject is
// no e-mail address (many providers send an opaque one), it names the person.
func (e *cloudtrailEvent) samlUser() (correlate.Principal, []correlate.Link) {
	subject := cmp.Or(e.response.Subject, e.Identity.UserName)
	if subject == "" || cloudtrailMasked(subject) {
		return correlate.Principal{Type: correlate.Unknown, ID: e.Identity.PrincipalID, Issuer: "saml"}, nil
	}
	p := correlate.Principal{Type: correlate.Unknown, ID: subject, Name: subject, Issuer: "saml"}
	if iss := e.response.Issuer; iss != "" && e.response.SubjectType != "transient" {
		p.Names = []string{iss + ":" + subject}
	}
	method := cloudtrailBySAMLSubject
	mail, ok := cloudtrailEmail(subject)
	if !ok && e.outcome == correlate.Success {
		if mail, ok = cloudtrailEmail(e.request.RoleSessionName); ok {
			method = cloudtrailBySAMLSessionName
		}
	}
	if ok {
		p.Type, p.ID = correlate.Human, mail
	}
	return p, []correlate.Link{cloudtrailStated(p, e.vouched(), method)}
}

// webIdentityUser is the subject of an OIDC token.
func (e *cloudtrailEvent) webIdentityUser() (correlate.Principal, []correlate.Link) {
	provider := cmp.Or(e.response.Provider, e.Identity.IdentityProvider)
	sub := cmp.Or(e.response.WebSubject, e.Identity.UserName)
	if sub == "" || cloudtrailMasked(sub) {
		return correlate.Principal{Type: correlate.Unknown, ID: e.Identity.PrincipalID, Issuer: cloudtrailProvider(provider)}, nil
	}
	links := e.webIdentity(provider, sub, e.request.RoleSessionName, e.vouched())
	for _, l := range links {
		if !l.Principal.IsZero() {
			return l.Principal, links
		}
	}
	return correlate.Principal{Type: correlate.Workload, ID: sub, Issuer: "github"}, links
}

// webIdentity leads to whoever an OIDC provider's subject stands for.
func (e *cloudtrailEvent) webIdentity(provider, sub, sessionName string, proof correlate.Proof) []correlate.Link {
	provider = cloudtrailProvider(provider)
	if cloudtrailIsGitHub(provider) {
		return e.gitHub(sub, sessionName)
	}
	p := correlate.Principal{Type: correlate.Workload, ID: sub, Issuer: provider}
	if account, ok := strings.CutPrefix(sub, "system:serviceaccount:"); ok {
		// The cluster is told by its provider; the directory lists accounts by name.
		p = correlate.Principal{
			Type: correlate.ServiceAccount, ID: sub, Name: strings.Replace(account, ":", "/", 1), Issuer: "k8s",
			Names: []string{provider + ":" + sub},
		}
	} else if mail, ok := cloudtrailEmail(sub); ok {
		p.Type, p.ID = correlate.Human, mail
	}
	return []correlate.Link{cloudtrailStated(p, proof, cloudtrailByWebSubject)}
}

// gitHub leads to workflow runs. A subject names no run, so two
// runs of one branch look alike; a run id in the session name tells them apart,
// and only runs of the repository that the subject proves are looked for.
func (e *cloudtrailEvent) gitHub(sub, sessionName string) []correlate.Link {
	links := []correlate.Link{{
		Role: correlate.Requestor, Key: correlate.Key{Kind: GitHubSub, Value: sub},
		Proof: correlate.Inferred, Method: cloudtrailByGitHubSub,
	}}
	repo := cloudtrailRepo(sub)
	if repo == "" {
		return links
	}
	for _, id := range cloudtrailRunIDs(sessionName, e.RecipientAccount, e.time) {
		links = append(links, correlate.Link{
			Role: correlate.Requestor, Key: correlate.Key{Kind: GitHubRunID, Value: repo + "/" + id},
			Proof: correlate.Claimed, Method: cloudtrailByGitHubRunID,
		})
	}
	return links
}
