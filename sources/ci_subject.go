package sources

import (
	"strings"

	"whence/correlate"
	"whence/correlate/arena"
)

// ciIssuer tells by the form of an OIDC subject which CI system gave the token, and
// what kind of alias the subject is.
func ciIssuer(sub string) (issuer string, kind correlate.Kind) {
	switch {
	case strings.HasPrefix(sub, "repo:"):
		return githubIssuer, GitHubSub
	case strings.HasPrefix(sub, "project_path:") && strings.Contains(sub, ":ref_type:"):
		return gitlabIssuer, GitLabSub
	case strings.HasPrefix(sub, "organization:") && strings.Contains(sub, ":run_phase:"):
		return terraformIssuer, TerraformSub
	}
	return "", ""
}

// ciAlias is the alias that a subject leads to. Terraform's names a project that no
// log of its runs does, so it goes by organisation, workspace and phase:
// organization:o:project:p:workspace:w:run_phase:apply is o/w/apply.
func ciAlias(sub string, mem *arena.Text) (issuer string, alias correlate.Key) {
	issuer, kind := ciIssuer(sub)
	if kind != TerraformSub {
		return issuer, correlate.Key{Kind: kind, Value: sub}
	}
	organization, rest, _ := strings.Cut(strings.TrimPrefix(sub, "organization:"), ":project:")
	_, rest, _ = strings.Cut(rest, ":workspace:")
	workspace, phase, _ := strings.Cut(rest, ":run_phase:")
	return issuer, correlate.Key{Kind: kind, Value: mem.Join(organization, "/", workspace, "/", phase)}
}

// ciRunInName is the run that a role session name has in it, in the forms that the
// vendors' documentation gives: GitLabRunner-<project id>-<pipeline id>, a name with
// "job" and a job's number at its end, or a run of Terraform. The subject is what
// proves the project. Other systems' names have none.
func ciRunInName(sub, name string, mem *arena.Text) correlate.Key {
	switch _, kind := ciIssuer(sub); kind {
	case GitLabSub:
		project, _, _ := strings.Cut(strings.TrimPrefix(sub, "project_path:"), ":")
		number := name[strings.LastIndexAny(name, "-_./")+1:]
		if !isDigits(number) || len(number) < 4 {
			return correlate.Key{}
		}
		switch {
		case strings.HasPrefix(name, "GitLabRunner-"), strings.Contains(name, "pipeline"):
			return correlate.Key{Kind: GitLabPipeline, Value: mem.Join(project, "/", number)}
		case strings.Contains(name, "job"):
			return correlate.Key{Kind: GitLabJob, Value: mem.Join(project, "/", number)}
		}
	case TerraformSub:
		if strings.Contains(name, "run-") {
			return terraformRun(name[strings.LastIndex(name, "run-"):])
		}
	}
	return correlate.Key{}
}

const terraformIssuer = "terraform"

// terraformRun is the key of a run, by its id: run- and sixteen letters and digits.
func terraformRun(id string) correlate.Key {
	rest, ok := strings.CutPrefix(id, "run-")
	if !ok || len(rest) < 8 || len(rest) > 32 {
		return correlate.Key{}
	}
	const marks uint64 = 1<<' ' | 1<<'-' | 1<<'/' | 1<<':' | 1<<'.'
	marked := uint64(0)
	for i := range len(rest) {
		marked |= marks >> rest[i] // ids are of letters and digits by turns: no branch can foresee them
	}
	if marked&1 != 0 {
		return correlate.Key{}
	}
	return correlate.Key{Kind: TerraformRun, Value: id}
}
