package sources

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"whence/correlate"
)

// The LiteLLM gateway's SpendLogs rows, and the StandardLoggingPayload that its
// callbacks send: https://docs.litellm.ai/docs/proxy/logging_spec. One line is
// one model or tool call. Lines only say which key was used, never that it was
// made, so this log mints nothing.
const litellmSpend = "litellm.spend"

var _ = register(Source{
	Name:     litellmSpend,
	Lateness: 2 * time.Minute,
	Detect:   litellmDetect,
	Decode:   litellmDecode,
})

// litellmRow is what is read of either shape. Messages, responses, request
// bodies, tool arguments, tags and error texts are left where they are.
type litellmRow struct {
	RequestID  litellmText `json:"request_id"`
	ID         litellmText `json:"id"` // callbacks
	CallType   string      `json:"call_type"`
	StartTime  litellmTime `json:"startTime"`
	EndTime    litellmTime `json:"endTime"`
	Status     string      `json:"status"`
	Model      string      `json:"model"`
	ModelGroup string      `json:"model_group"`
	Provider   string      `json:"custom_llm_provider"`
	CacheHit   litellmText `json:"cache_hit"`

	PromptTokens     litellmNumber `json:"prompt_tokens"`
	CompletionTokens litellmNumber `json:"completion_tokens"`
	Spend            litellmNumber `json:"spend"`
	ResponseCost     litellmNumber `json:"response_cost"` // callbacks

	APIKey         string      `json:"api_key"`
	User           string      `json:"user"`
	EndUser        string      `json:"end_user"`
	TeamID         string      `json:"team_id"`
	OrganizationID string      `json:"organization_id"`
	AgentID        string      `json:"agent_id"`
	SessionID      litellmText `json:"session_id"`
	TraceID        litellmText `json:"trace_id"` // callbacks
	IP             string      `json:"requester_ip_address"`
	Tool           string      `json:"mcp_namespaced_tool_name"`

	Metadata litellmMetadata `json:"metadata"`
	Failure  litellmFailure  `json:"error_information"`
}

func litellmDetect(v Value) bool {
	if data := v.Member("data"); !v.Has("call_type") && data.Has("call_type") {
		v = data
	}
	return v.Has("call_type", "startTime") && (v.Has("request_id") || v.Has("id"))
}

func litellmDecode(in Input, out *Batch) {
	lines, ok := litellmLines(in.Raw, out)
	if !ok {
		return
	}
	for _, raw := range lines {
		litellmOne(in, raw, out)
	}
}

// litellmLines opens the list that the generic callback sends and the page that
// the spend API answers with.
func litellmLines(raw []byte, out *Batch) ([]json.RawMessage, bool) {
	var lines []json.RawMessage
	if raw[0] == '[' {
		return lines, out.unmarshal(raw, &lines)
	}
	v := NewValue(raw)
	if data := v.members["data"]; !v.Has("call_type") && len(data) > 0 && data[0] == '[' {
		return lines, out.unmarshal(data, &lines)
	}
	return []json.RawMessage{raw}, true
}

func litellmOne(in Input, raw []byte, out *Batch) {
	var r litellmRow
	if !out.unmarshalLoosely(raw, &r) {
		return
	}
	at := cmp.Or(r.StartTime.Time, r.EndTime.Time)
	id := strings.Clone(string(cmp.Or(r.RequestID, r.ID)))
	switch {
	case r.CallType == "" && r.StartTime.IsZero():
		out.reject(raw, correlate.RejectSource, "not a LiteLLM spend row: it has neither call_type nor startTime")
		return
	case id == "":
		out.reject(raw, correlate.RejectNoID, "the row has no request_id")
		return
	case at.IsZero():
		out.reject(raw, correlate.RejectNoTime, "the row has no startTime that can be read")
		return
	}
	r.settle()
	e := correlate.Event{
		ID:       correlate.NewID(litellmSpend, in.Scope, id),
		EventID:  id,
		Time:     at,
		Primary:  true,
		Action:   "litellm." + cmp.Or(r.CallType, "call"),
		Class:    correlate.Model,
		Evidence: correlate.Evidence{SHA256: sum(raw)},
		Context: correlate.Context{
			IP: strings.Clone(r.IP), Agent: strings.Clone(r.Metadata.UserAgent),
			Session: strings.Clone(string(r.SessionID)), Trace: strings.Clone(string(r.TraceID)),
			App:  strings.Clone(cmp.Or(r.Metadata.KeyAlias, r.Metadata.TeamAlias)),
			Unit: strings.Clone(cmp.Or(r.Metadata.TeamAlias, r.Metadata.OrgAlias, r.TeamID, r.OrganizationID)),
		},
	}
	e.ActionID = e.ID
	e.Outcome, e.Error = r.outcome()
	r.touch(&e)
	r.walk(&e, in.Scope)
	out.Events = append(out.Events, e)
}

// settle fills the row's own columns from its metadata, where the other shape
// has them.
func (r *litellmRow) settle() {
	m := &r.Metadata
	r.APIKey = cmp.Or(r.APIKey, m.KeyHash, m.Key)
	r.User = cmp.Or(r.User, m.UserID)
	r.EndUser = cmp.Or(r.EndUser, m.EndUserID)
	r.TeamID = cmp.Or(r.TeamID, m.TeamID)
	r.OrganizationID = cmp.Or(r.OrganizationID, m.OrgID)
	r.AgentID = cmp.Or(r.AgentID, m.KeyAgentID, m.AgentID)
	r.IP = cmp.Or(r.IP, m.IP)
	r.Tool = cmp.Or(r.Tool, m.Tool.Namespaced, m.Tool.Name)
	r.Failure.Code = cmp.Or(r.Failure.Code, m.Failure.Code)
	r.Failure.Class = cmp.Or(r.Failure.Class, m.Failure.Class)
	r.Status = cmp.Or(r.Status, m.Status)
}

// touch says what was called and what it cost.
func (r *litellmRow) touch(e *correlate.Event) {
	cost := r.Spend
	if !cost.known {
		cost = r.ResponseCost
	}
	in, out := int64(r.PromptTokens.value), int64(r.CompletionTokens.value)
	e.Usage = correlate.Usage{InputTokens: in, OutputTokens: out, CostUSD: cost.value, CostKnown: cost.known}
	if cost.value == 0 && in+out > 0 && e.Outcome == correlate.Success && !strings.EqualFold(string(r.CacheHit), "true") {
		e.Usage.CostKnown = false // the gateway writes 0 for a model it has no price of
	}
	switch {
	case r.Tool != "" || strings.Contains(r.CallType, "mcp"):
		e.Class = correlate.Tool
		if r.Tool != "" {
			e.Resources = []correlate.Resource{{Type: "mcp.tool", ID: strings.Clone(r.Tool)}}
		}
		return
	case r.callsAgent():
		e.Class = correlate.Tool
		if r.AgentID != "" {
			e.Resources = []correlate.Resource{{Type: "agent", ID: strings.Clone(r.AgentID)}}
		}
		return
	}
	model := cmp.Or(r.Model, r.ModelGroup)
	e.Usage.Model = strings.Clone(model)
	if model != "" {
		if r.Provider != "" && !strings.HasPrefix(model, r.Provider+"/") {
			model = r.Provider + "/" + model
		}
		e.Resources = []correlate.Resource{{Type: "model", ID: strings.Clone(model)}}
	}
}

// callsAgent reports whether the call is to an agent behind the gateway: then
// agent_id names who was called and not who calls.
func (r *litellmRow) callsAgent() bool { return strings.Contains(r.CallType, "send_message") }

func (r *litellmRow) outcome() (correlate.Outcome, string) {
	if !strings.EqualFold(r.Status, "failure") {
		return correlate.Success, ""
	}
	class, code := litellmPlain(r.Failure.Class), litellmPlain(string(r.Failure.Code))
	failure := cmp.Or(class, code, "failure")
	switch {
	case code == "401", code == "403", strings.Contains(class, "BudgetExceeded"), strings.Contains(class, "Guardrail"),
		strings.Contains(class, "Authentication"), strings.Contains(class, "PermissionDenied"):
		return correlate.Denied, failure
	}
	return correlate.Failure, failure
}

// litellmPlain keeps error names and codes, and drops anything with text in it.
func litellmPlain(s string) string {
	if len(s) > 64 || strings.ContainsFunc(s, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_' && c != '.'
	}) {
		return ""
	}
	return strings.Clone(s)
}
