package sources

import "whence/correlate"

// Exact keys: the same unguessable identifier is written in both logs.
const (
	// AWSAccessKey is an access key id, temporary (ASIA) or long-lived (AKIA).
	AWSAccessKey correlate.Kind = "aws.access_key"
	// OktaSession is authenticationContext.externalSessionId.
	OktaSession correlate.Kind = "okta.session"
	// OktaToken is the id of an Okta API token (transaction.detail.requestApiTokenId).
	OktaToken correlate.Kind = "okta.api_token"
	// VaultAccessor is a token accessor, scoped: <cluster>/<accessor> when plain,
	// <cluster>/<device>/<hmac> when HMACed with the device's salt.
	VaultAccessor correlate.Kind = "vault.accessor"
	// VaultLease is a lease id, scoped to the cluster.
	VaultLease correlate.Kind = "vault.lease"
	// VaultHash is the HMAC of a value that an audit device logs, such as an access
	// key: <cluster>/<device>/<hmac>.
	VaultHash correlate.Kind = "vault.hash"
	// GitHubRun is org/repo/run id/attempt.
	GitHubRun correlate.Kind = "github.run"
	// GitHubToken is hashed_token: base64 SHA-256 of a token.
	GitHubToken correlate.Kind = "github.token"
	// K8sToken is the id of a service account's token: <cluster>/<JTI>.
	K8sToken correlate.Kind = "k8s.jti"
	// K8sCertificate is the SHA-256 of a client certificate: <cluster>/<hash>.
	K8sCertificate correlate.Kind = "k8s.certificate"
	// EntraToken is a token of Microsoft Entra: <tenant>/<GUID of the sign-in it came
	// of>, which other logs call uti or sign-in activity id.
	EntraToken correlate.Kind = "entra.uti"
	// EntraSession is what all tokens of one interactive sign-in share: <tenant>/<id>.
	EntraSession correlate.Kind = "entra.session"
	// EntraCredential is the id of a secret or certificate of an application:
	// <tenant>/<key id>.
	EntraCredential correlate.Kind = "entra.credential"
	// EntraActivation is a request to Privileged Identity Management: <tenant>/<id>.
	EntraActivation correlate.Kind = "entra.pim_request"
	// APIMRequest is one request to Azure API Management: <service>/<correlation id>.
	APIMRequest correlate.Kind = "azure.apim_request"
	// GCPServiceAccountKey is a key of a service account:
	// <e-mail of the account>/<id of the key>.
	GCPServiceAccountKey correlate.Kind = "gcp.service_account_key"
	// LiteLLMKey is the SHA-256 of a virtual key.
	LiteLLMKey correlate.Kind = "litellm.key"
	// AWSRequest is a request id of Bedrock: <account>/<region>/<request id>.
	AWSRequest correlate.Kind = "aws.request"
	// OpenAIKey is the id of an OpenAI API key, which its log names it by.
	OpenAIKey correlate.Kind = "openai.api_key"
	// AnthropicKey is the id of an Anthropic API key.
	AnthropicKey correlate.Kind = "anthropic.api_key"
	// GitLabJob is <project path>/<job id>, GitLabPipeline <project path>/<pipeline id>.
	GitLabJob      correlate.Kind = "gitlab.job"
	GitLabPipeline correlate.Kind = "gitlab.pipeline"
	// GitLabToken is an access token by its number: <instance>/<type>/<id>.
	GitLabToken correlate.Kind = "gitlab.token"
	// CircleCIPipeline is the id of a pipeline, a UUID.
	CircleCIPipeline correlate.Kind = "circleci.pipeline"
	// TerraformRun is the id of a run of HCP Terraform: run-...
	TerraformRun correlate.Kind = "terraform.run"
	// JenkinsBuild is <controller>/<job>/<build number>.
	JenkinsBuild correlate.Kind = "jenkins.build"
	// CDEventsRun is a pipeline or task run: <source>/<id>.
	CDEventsRun correlate.Kind = "cdevents.run"
	// TeleportSession is <cluster>/<session id>.
	TeleportSession correlate.Kind = "teleport.session"
	// TeleportRequest is a request for roles or resources that somebody has to allow:
	// <cluster>/<id>.
	TeleportRequest correlate.Kind = "teleport.access_request"
	// Auth0Session is <tenant>/<session id>.
	Auth0Session correlate.Kind = "auth0.session"
	// OnePasswordSession is the id of a session of 1Password.
	OnePasswordSession correlate.Kind = "onepassword.session"
	// AgentSession is an agent's own session id.
	AgentSession correlate.Kind = "agent.session"
	// AgentTool is the id a model gave to one call of a tool: toolu_..., call_...
	AgentTool correlate.Kind = "agent.tool_use"
	// Trace is a W3C trace id.
	Trace correlate.Kind = "trace"
)

// Aliases: names that several keys carry over time. A join on one is inferred
// unless the link says otherwise, and ambiguous when several keys were live.
const (
	// GitHubSub is the OIDC subject of a workflow run: repo:org/repo:ref:refs/heads/main.
	GitHubSub correlate.Kind = "github.sub"
	// GitHubRunID is org/repo/run id, without the attempt.
	GitHubRunID correlate.Kind = "github.run_id"
	// GitLabSub is the OIDC subject of a job: project_path:g/p:ref_type:branch:ref:main.
	GitLabSub correlate.Kind = "gitlab.sub"
	// TerraformSub is what the OIDC subject of a run of HCP Terraform names:
	// <organization>/<workspace>/<phase>.
	TerraformSub correlate.Kind = "terraform.sub"
	// AWSRoleSession is <role id>:<role session name>, the tail of userIdentity.principalId.
	AWSRoleSession correlate.Kind = "aws.role_session"
	// VaultAWSName is the leading part of the names Vault's AWS engine gives to
	// users and role sessions: vault-<display name>-<role>, cut to 42 characters.
	VaultAWSName correlate.Kind = "vault.aws_name"
)
