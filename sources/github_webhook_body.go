package sources

import "encoding/json"

// githubBody is what is read of a webhook's body, whatever its event. Commit
// authors, comments, titles, inputs and payloads are left where they are.
type githubBody struct {
	event string

	ActionName       string             `json:"action"`
	Sender           githubUser         `json:"sender"`
	Repository       githubRepo         `json:"repository"`
	Organization     githubUser         `json:"organization"`
	Installation     githubInstall      `json:"installation"`
	Ref              string             `json:"ref"`
	RefType          string             `json:"ref_type"`
	Pusher           githubPusher       `json:"pusher"`
	PusherType       string             `json:"pusher_type"`
	HeadCommit       githubCommit       `json:"head_commit"`
	Commits          []githubCommit     `json:"commits"`
	WorkflowRun      githubWorkflowRun  `json:"workflow_run"`
	Workflow         githubWorkflow     `json:"workflow"`
	WorkflowJob      githubWorkflowJob  `json:"workflow_job"`
	JobRun           githubWaitingJob   `json:"workflow_job_run"`
	JobRuns          []githubWaitingJob `json:"workflow_job_runs"`
	Deployment       githubDeployment   `json:"deployment"`
	DeploymentStatus githubDeployment   `json:"deployment_status"`
	CallbackURL      string             `json:"deployment_callback_url"`
	Environment      string             `json:"environment"`
	Trigger          string             `json:"event"` // of a deployment_protection_rule
	Approver         githubUser         `json:"approver"`
	Since            githubTime         `json:"since"`
	PullRequest      githubPull         `json:"pull_request"`
	Review           githubReview       `json:"review"`
	CheckRun         githubCheck        `json:"check_run"`
	CheckSuite       githubCheck        `json:"check_suite"`
	State            string             `json:"state"` // of a commit status
	Issue            githubPull         `json:"issue"`
	Release          githubRelease      `json:"release"`
	Member           githubUser         `json:"member"`
	Membership       githubMembership   `json:"membership"`
	Invitation       githubUser         `json:"invitation"`
	Team             githubTeam         `json:"team"`
	CreatedAt        githubTime         `json:"created_at"`
	UpdatedAt        githubTime         `json:"updated_at"`
}

type githubRepo struct {
	ID            json.Number `json:"id"`
	FullName      string      `json:"full_name"`
	DefaultBranch string      `json:"default_branch"`
	Owner         struct {
		ID    json.Number `json:"id"`
		Login string      `json:"login"`
		Name  string      `json:"name"`
	} `json:"owner"`
	githubStamps
	PushedAt githubTime `json:"pushed_at"`
}

type githubStamps struct {
	CreatedAt githubTime `json:"created_at"`
	UpdatedAt githubTime `json:"updated_at"`
}

type githubInstall struct {
	Account githubUser `json:"account"`
	githubStamps
}

type githubPusher struct {
	Name string `json:"name"`
}

type githubCommit struct {
	Timestamp githubTime `json:"timestamp"`
}

type githubWorkflowRun struct {
	ID             json.Number  `json:"id"`
	Attempt        int          `json:"run_attempt"`
	Name           string       `json:"name"`
	Path           string       `json:"path"`
	Event          string       `json:"event"`
	Conclusion     string       `json:"conclusion"`
	HeadBranch     string       `json:"head_branch"`
	HeadRepository githubRepo   `json:"head_repository"`
	Repository     githubRepo   `json:"repository"`
	PullRequests   []githubPull `json:"pull_requests"`
	Actor          githubUser   `json:"actor"`
	Triggering     githubUser   `json:"triggering_actor"`
	StartedAt      githubTime   `json:"run_started_at"`
	githubStamps
}

// githubWorkflow is an object, or, in workflow_dispatch, only the file's path.
type githubWorkflow struct{ Name, Path string }

// UnmarshalJSON never fails.
func (w *githubWorkflow) UnmarshalJSON(b []byte) error {
	var o struct {
		Name string `json:"name"`
		Path string `json:"path"`
	}
	if len(b) > 0 && b[0] == '"' {
		_ = json.Unmarshal(b, &o.Path)
	} else {
		_ = json.Unmarshal(b, &o)
	}
	*w = githubWorkflow(o)
	return nil
}

type githubWorkflowJob struct {
	ID          json.Number `json:"id"`
	RunID       json.Number `json:"run_id"`
	Attempt     int         `json:"run_attempt"`
	Workflow    string      `json:"workflow_name"`
	Status      string      `json:"status"`
	Conclusion  string      `json:"conclusion"`
	CreatedAt   githubTime  `json:"created_at"`
	StartedAt   githubTime  `json:"started_at"`
	CompletedAt githubTime  `json:"completed_at"`
}

type githubWaitingJob struct {
	Environment string     `json:"environment"`
	UpdatedAt   githubTime `json:"updated_at"`
}

type githubDeployment struct {
	ID          json.Number `json:"id"`
	Environment string      `json:"environment"`
	Ref         string      `json:"ref"`
	State       string      `json:"state"`
	githubStamps
}

type githubPull struct {
	Number json.Number `json:"number"`
	Base   struct {
		Ref  string `json:"ref"`
		Repo struct {
			ID json.Number `json:"id"`
		} `json:"repo"`
	} `json:"base"`
	githubStamps
}

type githubReview struct {
	State       string     `json:"state"`
	SubmittedAt githubTime `json:"submitted_at"`
	UpdatedAt   githubTime `json:"updated_at"`
}

type githubCheck struct {
	Name       string `json:"name"`
	Conclusion string `json:"conclusion"`
	DetailsURL string `json:"details_url"`
	App        struct {
		Slug string `json:"slug"`
		Name string `json:"name"`
	} `json:"app"`
	StartedAt   githubTime `json:"started_at"`
	CompletedAt githubTime `json:"completed_at"`
	githubStamps
}

type githubRelease struct {
	Tag string `json:"tag_name"`
}

type githubMembership struct {
	User githubUser `json:"user"`
}

type githubTeam struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}
