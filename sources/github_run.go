package sources

import (
	"time"

	"whence/correlate"
)

// githubRunLife is how long a workflow run may take, waiting for approval
// included, by GitHub's documentation.
const githubRunLife = 35 * 24 * time.Hour

// githubRunKinds is what both GitHub logs tell of runs.
func githubRunKinds() []correlate.KindInfo {
	return []correlate.KindInfo{
		{Kind: GitHubRun, Life: githubRunLife, Best: correlate.Issued,
			Hint: "does the organisation's webhook send workflow_run events to the topic whence reads?"},
		{Kind: GitHubRunID, Alias: true, Life: githubRunLife, Best: correlate.Attested,
			Hint: "does the organisation's webhook send workflow_run events to the topic whence reads?"},
		{Kind: GitHubSub, Alias: true, Life: githubRunLife, Best: correlate.Attested,
			Hint: "does the webhook send workflow_run and, for jobs with an environment, deployment events of this repository? (customised OIDC subjects cannot be joined)"},
	}
}
