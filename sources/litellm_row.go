package sources

import (
	"cmp"
	"errors"

	"whence/sources/scan"
)

// litellmRow is what is read of either shape. Messages, responses, request
// bodies, tool arguments, tags and error texts are left where they are. LiteLLM
// writes one member in several types, depending on version and on where the row
// comes from: those are Raw.
type litellmRow struct {
	Order      scan.Order
	RequestID  scan.Raw `json:"request_id"`
	ID         scan.Raw `json:"id"` // callbacks
	CallType   scan.Raw `json:"call_type"`
	StartTime  scan.Raw `json:"startTime"`
	EndTime    scan.Raw `json:"endTime"`
	Status     string   `json:"status"`
	Model      string   `json:"model"`
	ModelGroup string   `json:"model_group"`
	Provider   string   `json:"custom_llm_provider"`
	CacheHit   scan.Raw `json:"cache_hit"`

	PromptTokens     scan.Raw `json:"prompt_tokens"`
	CompletionTokens scan.Raw `json:"completion_tokens"`
	Spend            scan.Raw `json:"spend"`
	ResponseCost     scan.Raw `json:"response_cost"` // callbacks

	APIKey         string   `json:"api_key"`
	User           string   `json:"user"`
	EndUser        string   `json:"end_user"`
	TeamID         string   `json:"team_id"`
	OrganizationID string   `json:"organization_id"`
	AgentID        string   `json:"agent_id"`
	SessionID      scan.Raw `json:"session_id"`
	TraceID        scan.Raw `json:"trace_id"` // callbacks
	IP             string   `json:"requester_ip_address"`
	Tool           string   `json:"mcp_namespaced_tool_name"`

	// Metadata is an object, or a string with one in it. That it is cut off, or no JSON
	// at all, is no reason to lose the call.
	Metadata litellmMetadata `json:"metadata" scan:"quoted"`
	Failure  litellmFailure  `json:"error_information"`

	// Data is the rows of a page of the spend API.
	Data scan.Raw `json:"data"`

	// What settle makes of the above.
	id, callType string
}

type litellmMetadata struct {
	Order      scan.Order
	KeyHash    string         `json:"user_api_key_hash"`
	Key        string         `json:"user_api_key"` // also a hash; see litellmKeyID
	KeyAlias   string         `json:"user_api_key_alias"`
	KeyAgentID string         `json:"user_api_key_agent_id"`
	UserID     string         `json:"user_api_key_user_id"`
	UserEmail  string         `json:"user_api_key_user_email"`
	EndUserID  string         `json:"user_api_key_end_user_id"`
	TeamID     string         `json:"user_api_key_team_id"`
	TeamAlias  string         `json:"user_api_key_team_alias"`
	OrgID      string         `json:"user_api_key_org_id"`
	OrgAlias   string         `json:"user_api_key_org_alias"`
	AgentID    string         `json:"agent_id"`
	IP         string         `json:"requester_ip_address"`
	UserAgent  string         `json:"user_agent"`
	Status     string         `json:"status"`
	Failure    litellmFailure `json:"error_information"`
	Usage      struct {
		CacheRead  int64 `json:"cache_read_input_tokens"`
		CacheWrite int64 `json:"cache_creation_input_tokens"`
		Details    struct {
			Cached int64 `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
	} `json:"usage_object"`
	Tool struct {
		Name       string `json:"name"`
		Namespaced string `json:"namespaced_tool_name"`
	} `json:"mcp_tool_call_metadata"`
}

type litellmFailure struct {
	Code  scan.Raw `json:"error_code"`
	Class string   `json:"error_class"`
}

var litellmTable = scan.Of[litellmRow]()

// read reads raw, or rejects it and reports false. What is JSON and no object is a
// row of which nothing is known.
func (r *litellmRow) read(raw []byte, out *Batch) bool {
	err := litellmTable.Read(raw, r, &out.text)
	if err == nil || errors.Is(err, scan.ErrObject) {
		return true
	}
	out.refuse(raw, err)
	return false
}

// settle fills the row's own columns from its metadata, where the other shape
// has them.
func (r *litellmRow) settle(out *Batch) {
	r.id = cmp.Or(r.RequestID.Loose(&out.text), r.ID.Loose(&out.text))
	r.callType, _ = r.CallType.Text(&out.text)
	m := &r.Metadata
	r.APIKey = cmp.Or(r.APIKey, m.KeyHash, m.Key)
	r.User = cmp.Or(r.User, m.UserID)
	r.EndUser = cmp.Or(r.EndUser, m.EndUserID)
	r.TeamID = cmp.Or(r.TeamID, m.TeamID)
	r.OrganizationID = cmp.Or(r.OrganizationID, m.OrgID)
	r.AgentID = cmp.Or(r.AgentID, m.KeyAgentID, m.AgentID)
	r.IP = cmp.Or(r.IP, m.IP)
	r.Tool = cmp.Or(r.Tool, m.Tool.Namespaced, m.Tool.Name)
	r.Failure.Class = cmp.Or(r.Failure.Class, m.Failure.Class)
	r.Status = cmp.Or(r.Status, m.Status)
}
