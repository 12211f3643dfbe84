package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// appRole is an AppRole, by the name that Vault itself sets. The rest of the
// metadata is what whoever made the secret id wrote to it: a run that it names is
// a claim beside the role, and never in its place.
func (a *vaultLogin) appRole(p *correlate.Principal) []correlate.Link {
	p.Type, p.ID = correlate.Workload, a.Metadata.RoleName
	p.Names = a.out.names.Append(p.Names, a.out.text.Join("vault.approle:", p.ID))
	if !a.isRun() {
		return nil
	}
	links := a.out.links.Append(nil, correlate.Link{Role: correlate.Requestor, Principal: *p, Proof: correlate.Attested, Method: "vault.auth_metadata"})
	if l := a.run(&correlate.Principal{Issuer: "vault"}); l.Role != 0 {
		l.Proof, l.Method = min(l.Proof, correlate.Claimed), "vault.secret_id_metadata"
		links = a.out.links.Append(links, l)
	}
	return links
}

// isRun reports whether a CI job logged in.
func (a *vaultLogin) isRun() bool { return a.Metadata.ofRun() || a.subject() != "" }

// subject is the OIDC subject of a GitHub Actions job, if the token has one.
func (a *vaultLogin) subject() string {
	if sub := a.Metadata.Subject; strings.HasPrefix(sub, "repo:") {
		return sub
	}
	if i := strings.Index(a.DisplayName, "repo:"); i == 0 || i > 0 && a.DisplayName[i-1] == '-' {
		return a.DisplayName[i:]
	}
	return ""
}

// run names a CI job. A GitHub run id leads to that run; a subject alone only
// says which branch or environment it ran for. Without either there is no link.
func (a *vaultLogin) run(p *correlate.Principal) correlate.Link {
	md, sub := &a.Metadata, a.subject()
	id := cmp.Or(md.RunID, md.GitHubRunID)
	repository := cmp.Or(md.Repository, md.GitHubRepository)
	if repository == "" {
		repository = a.repositoryOf(sub)
	}
	attempt := cmp.Or(md.Attempt, md.GitHubAttempt)
	p.Type = correlate.Workload
	link := correlate.Link{Role: correlate.Requestor, Proof: correlate.Attested, Method: "vault.jwt_run_id"}
	switch {
	case vaultIsNumber(id) && strings.Count(repository, "/") == 1:
		p.Type, p.Issuer = correlate.CIRun, "github"
		if vaultIsNumber(attempt) {
			p.ID = a.out.text.Join(repository, "/", id, "/", attempt)
			link.Key = correlate.Key{Kind: GitHubRun, Value: p.ID}
			break
		}
		p.ID = a.out.text.Join(repository, "/", id)
		link.Key = correlate.Key{Kind: GitHubRunID, Value: p.ID}
	case sub != "":
		p.Issuer, p.ID = "github", sub
		link.Key = correlate.Key{Kind: GitHubSub, Value: sub}
		link.Proof, link.Method = correlate.Inferred, "vault.jwt_sub"
	default:
		p.ID = cmp.Or(md.Subject, md.ProjectPath, repository, a.DisplayName, "unknown")
		return correlate.Link{}
	}
	return link
}

// repositoryOf is the org/repo of a subject repo:org/repo:..., without the ids
// that newer subjects carry (repo:org@1/repo@2:...).
func (a *vaultLogin) repositoryOf(sub string) string {
	rest, ok := strings.CutPrefix(sub, "repo:")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, ":")
	org, repo, whole := strings.Cut(rest, "/")
	if whole && !strings.Contains(rest, "@") {
		return rest
	}
	org, _, _ = strings.Cut(org, "@")
	repo, _, _ = strings.Cut(repo, "@")
	return a.out.text.Join(org, "/", repo)
}

func vaultIsNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
