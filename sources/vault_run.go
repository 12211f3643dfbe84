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

// subject is the OIDC subject of a CI job, if the token has one.
func (a *vaultLogin) subject() string {
	if issuer, _ := ciIssuer(a.Metadata.Subject); issuer != "" {
		return a.Metadata.Subject
	}
	for _, start := range [...]string{"repo:", "project_path:", "organization:"} {
		i := strings.Index(a.DisplayName, start)
		if i < 0 || i > 0 && a.DisplayName[i-1] != '-' {
			continue
		}
		if issuer, _ := ciIssuer(a.DisplayName[i:]); issuer != "" {
			return a.DisplayName[i:]
		}
	}
	return ""
}

// run names a CI job. A run's id leads to that run; a subject alone only says which
// branch, environment or workspace it ran for. Without either there is no link.
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
	case a.runElsewhere(p, &link):
	case sub != "":
		p.Issuer, link.Key = ciAlias(sub, &a.out.text)
		p.ID = sub
		link.Proof, link.Method = correlate.Inferred, "vault.jwt_sub"
	default:
		p.ID = cmp.Or(md.Subject, md.ProjectPath, repository, a.DisplayName, "unknown")
		return correlate.Link{}
	}
	return link
}

// runElsewhere names a job or pipeline of GitLab, or a run of HCP Terraform.
func (a *vaultLogin) runElsewhere(p *correlate.Principal, link *correlate.Link) bool {
	md := &a.Metadata
	project := md.ProjectPath
	if rest, ok := strings.CutPrefix(a.subject(), "project_path:"); ok && project == "" {
		project, _, _ = strings.Cut(rest, ":")
	}
	switch {
	case vaultIsNumber(md.JobID) && project != "":
		link.Key, link.Method = correlate.Key{Kind: GitLabJob, Value: a.out.text.Join(project, "/", md.JobID)}, "vault.jwt_job_id"
		p.Issuer = gitlabIssuer
	case vaultIsNumber(md.PipelineID) && project != "":
		link.Key, link.Method = correlate.Key{Kind: GitLabPipeline, Value: a.out.text.Join(project, "/", md.PipelineID)}, "vault.jwt_pipeline_id"
		p.Issuer = gitlabIssuer
	default:
		link.Key, link.Method = terraformRun(md.TerraformRunID), "vault.jwt_terraform_run"
		p.Issuer = terraformIssuer
	}
	if link.Key.IsZero() {
		p.Issuer, link.Method = "vault", ""
		return false
	}
	p.Type, p.ID = correlate.CIRun, link.Key.Value
	return true
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
