package sources

import (
	"slices"

	"whence/correlate"
)

// whenceKinds are the kinds that whence's own sources write, those included that no line
// mints but some name, such as the key of a gateway.
var whenceKinds = []correlate.Kind{
	AWSAccessKey, OktaSession, OktaToken, VaultAccessor, VaultLease, VaultHash, GitHubRun, GitHubToken, K8sToken,
	K8sCertificate, EntraToken, EntraSession, EntraCredential, EntraActivation, APIMRequest, GCPServiceAccountKey,
	LiteLLMKey, AWSRequest, OpenAIKey, AnthropicKey, GitLabJob, GitLabPipeline, GitLabToken, CircleCIPipeline,
	TerraformRun, JenkinsBuild, CDEventsRun, TeleportSession, TeleportRequest, Auth0Session, OnePasswordSession,
	AgentSession, AgentTool, Trace, GitHubSub, GitHubRunID, GitLabSub, TerraformSub, AWSRoleSession, VaultAWSName,
}

// KindNames are all kinds of keys that an event, or a step above it, may have here, in
// order: whence's own and those of declared sources.
func KindNames() []correlate.Kind {
	all := slices.Clone(whenceKinds)
	for _, s := range registry {
		for _, k := range s.Kinds {
			all = append(all, k.Kind)
		}
		all = append(all, s.names...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// names are the kinds that lines of c name, minted or not.
func (c *declared) names() (all []correlate.Kind) {
	ways := slices.Clone(c.links)
	for _, m := range c.mints {
		ways = append(ways, m.parents...)
		all = append(all, m.target)
	}
	for _, w := range ways {
		all = append(all, w.kind)
	}
	return slices.DeleteFunc(all, func(k correlate.Kind) bool { return k == "" })
}
