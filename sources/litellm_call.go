package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
	"whence/sources/prices"
)

// touch says what was called and what it cost.
func (r *litellmRow) touch(e *correlate.Event, out *Batch) {
	cost, known := litellmNumber(r.Spend)
	if !known {
		cost, known = litellmNumber(r.ResponseCost)
	}
	asked, _ := litellmNumber(r.PromptTokens)
	answered, _ := litellmNumber(r.CompletionTokens)
	e.Usage = correlate.Usage{InputTokens: int64(asked), OutputTokens: int64(answered), CostUSD: cost, CostKnown: known}
	if u := &e.Usage; cost == 0 && u.InputTokens+u.OutputTokens > 0 && e.Outcome == correlate.Success &&
		!strings.EqualFold(r.CacheHit.Loose(&out.text), "true") {
		u.CostKnown = false // the gateway writes 0 for a model it has no price of
	}
	e.Usage.Model = cmp.Or(r.Model, r.ModelGroup)
	switch {
	case r.Tool != "" || strings.Contains(r.callType, "mcp"):
		e.Class, e.Usage.Model = correlate.Tool, ""
		if r.Tool != "" {
			e.Resources = out.resources.Append(nil, correlate.Resource{Type: "mcp.tool", ID: r.Tool})
		}
		return
	case r.callsAgent():
		e.Class, e.Usage.Model = correlate.Tool, ""
		if r.AgentID != "" {
			e.Resources = out.resources.Append(nil, correlate.Resource{Type: "agent", ID: r.AgentID})
		}
		return
	}
	model := e.Usage.Model
	if model == "" {
		return
	}
	if !e.Usage.CostKnown && e.Outcome == correlate.Success {
		out.price(e, r.tokens())
	}
	if rest, ok := strings.CutPrefix(model, r.Provider); r.Provider != "" && !(ok && strings.HasPrefix(rest, "/")) {
		model = out.text.Join(r.Provider, "/", model)
	}
	e.Resources = out.resources.Append(nil, correlate.Resource{Type: "model", ID: model})
}

// tokens counts each token once: the gateway counts those of caches among the ones put
// in.
func (r *litellmRow) tokens() prices.Tokens {
	asked, _ := litellmNumber(r.PromptTokens)
	answered, _ := litellmNumber(r.CompletionTokens)
	t := prices.Tokens{Input: tokens(int64(asked)), Output: tokens(int64(answered))}
	u := &r.Metadata.Usage
	read, wrote := tokens(max(u.CacheRead, u.Details.Cached)), tokens(u.CacheWrite)
	if read+wrote <= t.Input {
		t.CacheRead, t.CacheWrite, t.Input = read, wrote, t.Input-read-wrote
	}
	return t
}

// callsAgent reports whether the call is to an agent behind the gateway: then
// agent_id names who was called and not who calls.
func (r *litellmRow) callsAgent() bool { return strings.Contains(r.callType, "send_message") }

// outcome is how the call ended, and if it failed by what kind of error.
func (r *litellmRow) outcome(out *Batch) (correlate.Outcome, string) {
	if !strings.EqualFold(r.Status, "failure") {
		return correlate.Success, ""
	}
	code := cmp.Or(r.Failure.Code.Loose(&out.text), r.Metadata.Failure.Code.Loose(&out.text))
	code = litellmPlain(code)
	class := litellmPlain(r.Failure.Class)
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
	return s
}
