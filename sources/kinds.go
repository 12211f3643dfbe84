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
	// GitHubRun is org/repo/run id/attempt.
	GitHubRun correlate.Kind = "github.run"
	// GitHubToken is hashed_token: base64 SHA-256 of a token.
	GitHubToken correlate.Kind = "github.token"
	// LiteLLMKey is the SHA-256 of a virtual key.
	LiteLLMKey correlate.Kind = "litellm.key"
	// AgentSession is an agent's own session id.
	AgentSession correlate.Kind = "agent.session"
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
	// AWSRoleSession is <role id>:<role session name>, the tail of userIdentity.principalId.
	AWSRoleSession correlate.Kind = "aws.role_session"
	// VaultAWSName is the leading part of the names Vault's AWS engine gives to
	// users and role sessions: vault-<display name>-<role>, cut to 42 characters.
	VaultAWSName correlate.Kind = "vault.aws_name"
)
