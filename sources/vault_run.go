package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// vaultRunClaims are claims of CI systems' tokens. Vault copies into a token's
// metadata what the role's claim_mappings name, after it has verified them.
var vaultRunClaims = []string{
	"run_id", "github_run_id", "repository", "github_repository", "job_workflow_ref", "job_id", "pipeline_id", "project_path",
	"terraform_run_id", "build_number",
}

// appRole is an AppRole, by the name that Vault itself sets. The rest of the
// metadata is what whoever made the secret id wrote to it: a run that it names is
// a claim beside the role, and never in its place.
func (a *vaultLogin) appRole(p correlate.Principal) (correlate.Principal, []correlate.Link) {
	p.Type, p.ID = correlate.Workload, a.Metadata["role_name"]
	p.Names = append(p.Names, "vault.approle:"+p.ID)
	if !a.isRun() {
		return p, nil
	}
	links := []correlate.Link{{Role: correlate.Requestor, Principal: p, Proof: correlate.Attested, Method: "vault.auth_metadata"}}
	_, run := a.run(correlate.Principal{Issuer: "vault"})
	for _, l := range run {
		l.Proof, l.Method = min(l.Proof, correlate.Claimed), "vault.secret_id_metadata"
		links = append(links, l)
	}
	return p, links
}

// isRun reports whether a CI job logged in.
func (a *vaultLogin) isRun() bool {
	for _, c := range vaultRunClaims {
		if a.Metadata[c] != "" {
			return true
		}
	}
	return a.subject() != ""
}

// subject is the OIDC subject of a GitHub Actions job, if the token has one.
func (a *vaultLogin) subject() string {
	if sub := a.Metadata["sub"]; strings.HasPrefix(sub, "repo:") {
		return sub
	}
	if i := strings.Index(a.DisplayName, "repo:"); i == 0 || i > 0 && a.DisplayName[i-1] == '-' {
		return a.DisplayName[i:]
	}
	return ""
}

// run names a CI job. A GitHub run id leads to that run; a subject alone only
// says which branch or environment it ran for.
func (a *vaultLogin) run(p correlate.Principal) (correlate.Principal, []correlate.Link) {
	md, sub := a.Metadata, a.subject()
	id := cmp.Or(md["run_id"], md["github_run_id"])
	repository := cmp.Or(md["repository"], md["github_repository"], vaultRepository(sub))
	attempt := cmp.Or(md["run_attempt"], md["github_run_attempt"])
	p.Type = correlate.Workload
	link := correlate.Link{Role: correlate.Requestor, Proof: correlate.Attested, Method: "vault.jwt_run_id"}
	switch {
	case vaultIsNumber(id) && strings.Count(repository, "/") == 1:
		p.Type, p.Issuer, p.ID = correlate.CIRun, "github", repository+"/"+id
		link.Key = correlate.Key{Kind: GitHubRunID, Value: p.ID}
		if vaultIsNumber(attempt) {
			p.ID += "/" + attempt
			link.Key = correlate.Key{Kind: GitHubRun, Value: p.ID}
		}
	case sub != "":
		p.Issuer, p.ID = "github", sub
		link.Key = correlate.Key{Kind: GitHubSub, Value: sub}
		link.Proof, link.Method = correlate.Inferred, "vault.jwt_sub"
	default:
		p.ID = cmp.Or(md["sub"], md["project_path"], repository, a.DisplayName, "unknown")
		return p, nil
	}
	return p, []correlate.Link{link}
}

// vaultRepository is the org/repo of a subject repo:org/repo:..., without the
// ids that newer subjects carry (repo:org@1/repo@2:...).
func vaultRepository(sub string) string {
	rest, ok := strings.CutPrefix(sub, "repo:")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, ":")
	org, repo, _ := strings.Cut(rest, "/")
	org, _, _ = strings.Cut(org, "@")
	repo, _, _ = strings.Cut(repo, "@")
	return org + "/" + repo
}

func vaultIsNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
