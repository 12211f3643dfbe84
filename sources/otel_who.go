package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
	"whence/sources/prices"
)

// touch says what was called, and what it took.
func (s *otelScratch) touch(e *correlate.Event, kind otelKind) {
	l, out := &s.labels, s.out
	switch kind {
	case otelTool:
		tool := out.short(cmp.Or(l.text(labelTool), l.text(labelEntity)))
		if server := out.short(l.text(labelToolServer)); server != "" && tool != "" {
			tool = out.text.Join(server, "/", tool)
		}
		out.touched(e, otelToolType(l), tool)
		return
	case otelRead:
		out.touched(e, "mcp.resource", out.short(l.text(labelMCPResource)))
		return
	case otelAgent:
		out.touched(e, "agent", out.short(cmp.Or(l.text(labelAgentName), l.text(labelAgentID))))
		return
	}
	served := cmp.Or(l.text(labelServed), l.text(labelAsked))
	e.Usage.Model = out.short(served)
	if model := e.Usage.Model; model != "" {
		if provider := l.text(labelProvider); provider != "" && len(provider) < maxName && !strings.Contains(model, "/") {
			model = out.text.Join(provider, "/", model)
		}
		out.touched(e, "model", model)
	}
	if cost := l.number(labelCost); cost > 0 && cost < 1e9 {
		e.Usage.CostUSD, e.Usage.CostKnown = cost, true
	}
	out.price(e, s.tokens())
}

func otelToolType(l *labels) string {
	if l.rank(labelMCPMethod) == 1 || l.text(labelMCPSession) != "" {
		return "mcp.tool"
	}
	return "tool"
}

// tokens counts each token once. The conventions count those of caches among the ones
// put in; Anthropic's clients, and what is made after them, do not.
func (s *otelScratch) tokens() prices.Tokens {
	l := &s.labels
	t := prices.Tokens{
		Input: l.tokens(labelInput), CacheRead: l.tokens(labelCacheRead), CacheWrite: l.tokens(labelCacheWrite), Output: l.tokens(labelOutput),
	}
	if cached := t.CacheRead + t.CacheWrite; cached <= t.Input && l.rank(labelInput) != otelPlainTokens {
		t.Input -= cached
	}
	return t
}

// otelPlainTokens is the rank of input_tokens, as Claude Code spells it.
var otelPlainTokens = labelSpellings["input_tokens"].rank

// walk says who called: the agent or the program, and whom it says it did it for.
func (s *otelScratch) walk(e *correlate.Event) {
	l, out := &s.labels, s.out
	service := s.service()
	switch {
	case !s.agent.IsZero():
		e.Actor = s.agent
	case !service.IsZero():
		e.Actor = service
	default:
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "unknown", Issuer: "otel"}
	}
	s.acting(e)
	claimed := len(e.Uses)
	e.Uses = l.claim(e.Uses, "otel.attributes", &s.user, &s.agent, out)
	s.claims = e.Uses[claimed:len(e.Uses):len(e.Uses)]
	if len(s.claims) == 0 || s.user.IsZero() {
		if k := s.traceKey(); !k.IsZero() && s.rec.parent != "" {
			s.claim(e, correlate.Requestor, k, "otel.trace")
		}
	}
	if !service.IsZero() {
		out.asked(e, &service, correlate.Claimed, "otel.service")
	}
}

// claim adds a key that the span says it called with, or by order of.
func (s *otelScratch) claim(e *correlate.Event, role correlate.Role, k correlate.Key, method string) {
	l := s.out.link(e)
	l.Role, l.Key, l.Proof, l.Method = role, k, correlate.Claimed, method
}

// acting adds the credentials that the span says it called with: a request of Bedrock,
// which is then the same deed, and a key of the gateway.
func (s *otelScratch) acting(e *correlate.Event) {
	l, out := &s.labels, s.out
	if k := awsRequest(e.Context.Account, e.Context.Region, l.text(labelAWSRequest), out); !k.IsZero() {
		s.claim(e, correlate.Acting, k, "otel.aws_request_id")
		if out.beside(bedrockName) || out.beside(cloudtrailName) {
			e.ActionID = out.awsRequestDeed(e.Context.Account, e.Context.Region, l.text(labelAWSRequest))
			e.Primary = !out.beside(bedrockName)
		}
	}
	if key := l.text(labelKeyHash); litellmIsHash(key) {
		s.claim(e, correlate.Acting, correlate.Key{Kind: LiteLLMKey, Value: out.fold(key)}, "otel.litellm_key")
	}
	if k := agentTool(l.text(labelToolCall)); !k.IsZero() {
		s.claim(e, correlate.Requestor, k, "otel.tool_call_id")
	}
}

// agentTool is the key of one call of a tool, or the zero key.
func agentTool(id string) correlate.Key {
	if len(id) < minSession || len(id) > maxName {
		return correlate.Key{}
	}
	return correlate.Key{Kind: AgentTool, Value: id}
}

// service is the program that was instrumented.
func (s *otelScratch) service() (p correlate.Principal) {
	name := s.out.short(s.resource.text(labelApp))
	if name == "" {
		return p
	}
	p.Type, p.ID, p.Issuer = correlate.Workload, name, "otel"
	s.out.name(&p, s.out.text.Join("otel:", name))
	return p
}

func (s *otelScratch) traceKey() correlate.Key {
	if len(s.rec.trace) != 32 {
		return correlate.Key{}
	}
	return correlate.Key{Kind: Trace, Value: s.rec.trace}
}

// mint tells for whom a trace and an agent's session are. Only where either begins, or
// every span of a session would tell it again: at the first span of a trace, and where
// a person gives a prompt.
func (s *otelScratch) mint(e *correlate.Event, kind otelKind) {
	l, out, user := &s.labels, s.out, &s.user
	if s.rec.parent != "" || s.rec.isLog && kind != otelAgent {
		return
	}
	if k := s.traceKey(); !k.IsZero() && !s.rec.isLog && len(s.claims) > 0 {
		f := out.fact(e, correlate.Account, k, correlate.Claimed, "otel.trace")
		f.Principal, f.Parents = e.Actor, s.claims
	}
	if k := agentSession(l.text(labelSession)); !k.IsZero() && !user.IsZero() {
		f := out.fact(e, correlate.Account, k, correlate.Claimed, "otel.session")
		parents, by := out.links.Grow(nil)
		by.Role, by.Principal, by.Proof, by.Method = correlate.Requestor, *user, correlate.Claimed, "otel.user"
		f.Principal, f.Parents = e.Actor, parents
	}
}
