package simulate

import (
	"fmt"
	"strings"
	"time"
)

// spend is one row of the gateway's spend log.
type spend struct {
	RequestID      string  `json:"request_id"`
	SessionID      string  `json:"session_id"`
	CallType       string  `json:"call_type"`
	APIKey         string  `json:"api_key"`
	CacheHit       string  `json:"cache_hit"`
	StartTime      string  `json:"startTime"`
	EndTime        string  `json:"endTime"`
	CompletionAt   string  `json:"completionStartTime"`
	Model          string  `json:"model"`
	User           string  `json:"user"`
	TeamID         string  `json:"team_id"`
	OrganizationID string  `json:"organization_id"`
	Metadata       string  `json:"metadata"` // JSON in a string
	CacheKey       string  `json:"cache_key"`
	Spend          float64 `json:"spend"`
	TotalTokens    int     `json:"total_tokens"`
	PromptTokens   int     `json:"prompt_tokens"`
	Completion     int     `json:"completion_tokens"`
	RequestTags    string  `json:"request_tags"`
	EndUser        string  `json:"end_user"`
	APIBase        string  `json:"api_base"`
	ModelGroup     string  `json:"model_group"`
	ModelID        string  `json:"model_id"`
	RequesterIP    *string `json:"requester_ip_address"`
	Provider       string  `json:"custom_llm_provider"`
	Messages       string  `json:"messages"`
	Response       string  `json:"response"`
	ProxyRequest   string  `json:"proxy_server_request"`
	Status         string  `json:"status"`
	Tool           *string `json:"mcp_namespaced_tool_name"`
	AgentID        *string `json:"agent_id"`
}

// gatewayKey is a virtual key in somebody's hands.
type gatewayKey struct {
	hash, alias, team string
	user              string // its owner, if a person
	endUser           string // whom its holder says it acts for
	agent             string
	keysAgent         bool // the gateway has the agent registered with the key
	session           string
	ip                string
	owner             party
	ways              []way
}

func (s *story) personalKey(p *person, agent string) *gatewayKey {
	return &gatewayKey{
		hash: p.gatewayKey, alias: p.login + "-key", team: p.unit, user: p.email, agent: agent, session: s.uuid(), ip: p.ip,
		owner: p.party(), ways: []way{{who: p.party(), proof: attested}},
	}
}

func (s *story) serviceKey(v *service, endUser string) *gatewayKey {
	return &gatewayKey{
		hash: v.gatewayKey, alias: v.name, team: v.unit, endUser: endUser, agent: v.name, keysAgent: s.chance(0.5), session: s.uuid(), ip: s.ip(runnerNet),
		owner: v.party(), ways: []way{{who: v.party(), proof: attested}},
	}
}

const gatewayTime = "2006-01-02 15:04:05.000000" // UTC, and it does not say so

// ask calls a model through the gateway.
func (s *story) ask(k *gatewayKey) *line {
	s.wait(2*time.Second, 12*time.Second)
	in, out := s.between(200, 24_000), s.between(20, 1_800)
	price := pick(s.dice, []struct {
		name, provider string
		in, out        float64
	}{{"claude-sonnet-4-5", "anthropic", 3e-6, 15e-6}, {"gpt-4o", "openai", 2.5e-6, 10e-6}, {"bedrock/amazon.nova-pro-v1:0", "bedrock", 8e-7, 32e-7}})
	return s.spend(k, spend{
		RequestID: "chatcmpl-" + s.uuid(), CallType: "acompletion", Model: price.name, ModelGroup: price.name, ModelID: s.hex(64), Provider: price.provider,
		APIBase: "https://gateway.example.com/" + price.provider, PromptTokens: in, Completion: out, TotalTokens: in + out,
		Spend: float64(in)*price.in + float64(out)*price.out,
	}, nil)
}

// tool calls a tool on an MCP server through the gateway.
func (s *story) tool(k *gatewayKey, server, name string) *line {
	s.wait(time.Second, 6*time.Second)
	full := server + "-" + name
	return s.spend(k, spend{
		RequestID: s.uuid(), CallType: "call_mcp_tool", Model: "MCP: " + name, Tool: &full, Spend: 0,
	}, object{"name": name, "arguments": object{}, "mcp_server_name": server, "namespaced_tool_name": full})
}

func (s *story) spend(k *gatewayKey, row spend, call object) *line {
	took := s.duration(400*time.Millisecond, 9*time.Second)
	row.SessionID, row.APIKey, row.User, row.TeamID, row.OrganizationID = k.session, k.hash, k.user, k.team, ""
	row.CacheHit, row.CacheKey, row.RequestTags, row.Status = "None", "Cache OFF", `["User-Agent: agent-sdk/1.4"]`, "success"
	row.StartTime, row.EndTime = s.now.Format(gatewayTime), s.now.Add(took).Format(gatewayTime)
	row.CompletionAt = s.now.Add(took / 3).Format(gatewayTime)
	row.EndUser, row.RequesterIP = k.endUser, &k.ip
	row.Messages, row.Response, row.ProxyRequest = "{}", "{}", "{}"
	if k.agent != "" {
		row.AgentID = &k.agent
	}
	row.Metadata = string(mustJSON(k.metadata(row, call)))
	at := s.now.Truncate(time.Microsecond)
	return s.add(line{source: litellmSpend, eventID: row.RequestID, key: row.RequestID, time: at, value: mustJSON(row), who: k.owner, ways: k.ways})
}

func (k *gatewayKey) metadata(row spend, call object) object {
	var user any
	if k.user != "" {
		user = k.user
	}
	m := object{
		"usage_object":       object{"completion_tokens": row.Completion, "prompt_tokens": row.PromptTokens, "total_tokens": row.TotalTokens, "completion_tokens_details": nil, "prompt_tokens_details": nil},
		"user_api_key":       k.hash,
		"user_api_key_alias": k.alias, "user_api_key_team_id": k.team, "user_api_key_team_alias": k.team, "user_api_key_user_id": user,
		"requester_ip_address": k.ip, "user_agent": "agent-sdk/1.4", "mcp_tool_call_metadata": nil, "status": "success",
	}
	m["user_api_key_agent_id"] = nil
	if k.keysAgent {
		m["user_api_key_agent_id"] = k.agent
	}
	if call != nil {
		m["mcp_tool_call_metadata"] = call
	}
	for _, name := range strings.Fields("attempted_fallbacks original_model_group batch_models batch_successful_requests batch_failed_requests vector_store_request_metadata routing_decision internal_call_origin router_metadata guardrail_information user_api_key_org_id user_api_key_project_id user_api_key_project_alias spend_logs_metadata proxy_server_request error_information attempted_retries max_retries") {
		m[name] = nil
	}
	m["applied_guardrails"] = []string{}
	return m
}

// unlistedKey is a virtual key that nobody knows.
func (s *story) unlistedKey() *gatewayKey {
	return &gatewayKey{
		hash: s.hex(64), alias: fmt.Sprintf("tmp-%d", s.between(10, 99)), session: s.uuid(), ip: s.ip(homeNet),
		ways: []way{{who: unlisted, proof: attested}},
	}
}
