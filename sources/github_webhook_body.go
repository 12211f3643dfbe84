package sources

import (
	"whence/correlate/arena"
	"whence/sources/scan"
)

// githubBody is what is read of a webhook's body, whatever its event. Commit
// authors, comments, titles, inputs and payloads are left where they are. What few
// events have, or small parts that few ask for, are read when they are asked for.
type githubBody struct {
	Seen scan.Seen
	githubWrapping
	githubMarks

	ActionName       string            `json:"action"`
	Sender           githubUser        `json:"sender"`
	Repository       githubRepo        `json:"repository"`
	Organization     githubUser        `json:"organization"`
	Installation     scan.Raw          `json:"installation"`
	Ref              string            `json:"ref"`
	RefType          string            `json:"ref_type"`
	Pusher           githubPusher      `json:"pusher"`
	PusherType       string            `json:"pusher_type"`
	HeadCommit       githubCommit      `json:"head_commit"`
	Commits          scan.Raw          `json:"commits"`
	WorkflowRun      githubWorkflowRun `json:"workflow_run"`
	Workflow         scan.Raw          `json:"workflow"` // an object, or in workflow_dispatch the file's path
	WorkflowJob      githubWorkflowJob `json:"workflow_job"`
	JobRun           githubWaitingJob  `json:"workflow_job_run"`
	JobRuns          scan.Raw          `json:"workflow_job_runs"`
	Deployment       githubDeployment  `json:"deployment"`
	DeploymentStatus githubDeployment  `json:"deployment_status"`
	Environment      string            `json:"environment"`
	Approver         githubUser        `json:"approver"`
	Since            githubAt          `json:"since"`
	PullRequest      githubPull        `json:"pull_request"`
	Review           githubReview      `json:"review"`
	CheckRun         githubCheck       `json:"check_run"`
	CheckSuite       githubCheck       `json:"check_suite"`
	State            string            `json:"state"` // of a commit status
	Issue            githubPull        `json:"issue"`
	Release          scan.Raw          `json:"release"`
	Member           scan.Raw          `json:"member"`
	Membership       scan.Raw          `json:"membership"`
	Invitation       scan.Raw          `json:"invitation"`
	Team             scan.Raw          `json:"team"`
	Alert            scan.Raw          `json:"alert"`
	githubStamps
}

var (
	githubBodyTable       = scan.Of[githubBody]()
	githubUserTable       = scan.Of[githubUser]()
	githubCommitTable     = scan.Of[githubCommit]()
	githubInstallTable    = scan.Of[githubInstall]()
	githubWaitingJobTable = scan.Of[githubWaitingJob]()
	githubPullTable       = scan.Of[githubPull]()
	githubWorkflowTable   = scan.Of[githubWorkflow]()
	githubReleaseTable    = scan.Of[githubRelease]()
	githubMembershipTable = scan.Of[githubMembership]()
	githubTeamTable       = scan.Of[githubTeam]()
)

// githubNumber is a number, which some collectors put into quotes.
type githubNumber scan.Raw

// text is the number as it is written, or "" for anything else.
func (n githubNumber) text() string {
	digits := n
	if len(n) > 1 && n[0] == '"' {
		digits = n[1 : len(n)-1]
	}
	if len(digits) == 0 || digits[0] != '-' && digits[0]-'0' > 9 || scan.Valid(digits) != nil {
		return ""
	}
	return arena.View(digits)
}

type githubRepo struct {
	ID            githubNumber    `json:"id"`
	FullName      string          `json:"full_name"`
	DefaultBranch string          `json:"default_branch"`
	Owner         githubRepoOwner `json:"owner"`
	PushedAt      githubAt        `json:"pushed_at"`
	githubStamps
}

type githubRepoOwner struct {
	ID    githubNumber `json:"id"`
	Login string       `json:"login"`
	Name  string       `json:"name"`
}

type githubStamps struct {
	CreatedAt githubAt `json:"created_at"`
	UpdatedAt githubAt `json:"updated_at"`
}

type githubInstall struct {
	Account githubUser `json:"account"`
	githubStamps
}

type githubPusher struct {
	Name string `json:"name"`
}

type githubCommit struct {
	Timestamp githubAt `json:"timestamp"`
}

type githubWorkflowRun struct {
	ID             githubNumber   `json:"id"`
	Attempt        int64          `json:"run_attempt"`
	Name           string         `json:"name"`
	Path           string         `json:"path"`
	Event          string         `json:"event"`
	Conclusion     string         `json:"conclusion"`
	HeadBranch     string         `json:"head_branch"`
	HeadRepository githubHeadRepo `json:"head_repository"`
	Repository     githubRepo     `json:"repository"`
	PullRequests   scan.Raw       `json:"pull_requests"`
	Actor          githubUser     `json:"actor"`
	Triggering     githubUser     `json:"triggering_actor"`
	StartedAt      githubAt       `json:"run_started_at"`
	githubStamps
}

type githubHeadRepo struct {
	FullName string `json:"full_name"`
}

type githubWorkflow struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

type githubWorkflowJob struct {
	ID          githubNumber `json:"id"`
	RunID       githubNumber `json:"run_id"`
	Attempt     int64        `json:"run_attempt"`
	Workflow    string       `json:"workflow_name"`
	Conclusion  string       `json:"conclusion"`
	CreatedAt   githubAt     `json:"created_at"`
	StartedAt   githubAt     `json:"started_at"`
	CompletedAt githubAt     `json:"completed_at"`
}

type githubWaitingJob struct {
	Environment string   `json:"environment"`
	UpdatedAt   githubAt `json:"updated_at"`
}

type githubDeployment struct {
	ID          githubNumber `json:"id"`
	Environment string       `json:"environment"`
	State       string       `json:"state"`
	githubStamps
}

// githubPull is a pull request or an issue.
type githubPull struct {
	Number   githubNumber `json:"number"`
	Base     githubBase   `json:"base"`
	ClosedAt githubAt     `json:"closed_at"`
	MergedAt githubAt     `json:"merged_at"`
	githubStamps
}

type githubBase struct {
	Ref  string `json:"ref"`
	Repo struct {
		ID githubNumber `json:"id"`
	} `json:"repo"`
}

type githubReview struct {
	SubmittedAt githubAt `json:"submitted_at"`
	UpdatedAt   githubAt `json:"updated_at"`
}

// githubCheck is a check run or a check suite.
type githubCheck struct {
	Conclusion  string    `json:"conclusion"`
	DetailsURL  string    `json:"details_url"`
	App         githubApp `json:"app"`
	StartedAt   githubAt  `json:"started_at"`
	CompletedAt githubAt  `json:"completed_at"`
	githubStamps
}

type githubApp struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

type githubRelease struct {
	Tag string `json:"tag_name"`
}

type githubMembership struct {
	User githubUser `json:"user"`
}

type githubTeam struct {
	Slug string `json:"slug"`
}
