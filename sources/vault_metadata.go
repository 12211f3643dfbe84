package sources

import "cmp"

// vaultMetadata is what auth methods write of who logged in: each method its own
// few members. Tokens that were made with another carry what their maker wrote.
type vaultMetadata struct {
	// AppRole.
	RoleName string `json:"role_name"`

	// Kubernetes.
	ServiceAccount string `json:"service_account_name"`
	Namespace      string `json:"service_account_namespace"`

	// Nomad's workload identity, and its older AllocationID.
	NomadJob       string `json:"nomad_job_id"`
	NomadNamespace string `json:"nomad_namespace"`
	NomadTask      string `json:"nomad_task"`
	AllocationID   string `json:"AllocationID"`
	Task           string `json:"Task"`

	// AWS.
	CanonicalARN string `json:"canonical_arn"`
	ClientARN    string `json:"client_arn"`
	ClientUserID string `json:"client_user_id"`

	// Google.
	ServiceAccountMail string `json:"service_account_email"`

	// TLS certificates.
	CertName   string `json:"cert_name"`
	CommonName string `json:"common_name"`

	// People, by whichever claim their identity provider has.
	Email             string `json:"email"`
	Mail              string `json:"mail"`
	PreferredUsername string `json:"preferred_username"`
	UPN               string `json:"upn"`
	Username          string `json:"username"`

	// CI systems' tokens. Vault copies here what the role's claim_mappings name,
	// after it has verified them.
	Subject          string `json:"sub"`
	RunID            string `json:"run_id"`
	GitHubRunID      string `json:"github_run_id"`
	Attempt          string `json:"run_attempt"`
	GitHubAttempt    string `json:"github_run_attempt"`
	Repository       string `json:"repository"`
	GitHubRepository string `json:"github_repository"`
	WorkflowRef      string `json:"job_workflow_ref"`
	JobID            string `json:"job_id"`
	PipelineID       string `json:"pipeline_id"`
	ProjectPath      string `json:"project_path"`
	TerraformRunID   string `json:"terraform_run_id"`
	BuildNumber      string `json:"build_number"`
}

// ofRun reports whether there is a claim that only a CI system's tokens have.
func (m *vaultMetadata) ofRun() bool {
	return cmp.Or(m.RunID, m.GitHubRunID, m.Repository, m.GitHubRepository, m.WorkflowRef, m.JobID, m.PipelineID,
		m.ProjectPath, m.TerraformRunID, m.BuildNumber) != ""
}
