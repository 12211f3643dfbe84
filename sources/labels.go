package sources

import (
	"cmp"
	"math/bits"
	"strconv"

	"whence/correlate"
)

// labels are what a caller says of itself and of a call to a model or a tool, in
// attributes that a log passes on: read in the spellings of labelNames, of which the
// one that comes first there counts. All of it was chosen by the caller.
type labels struct {
	values    [labelCount]labelValue
	has       uint64 // which of them there are, as bits: emptying it empties the labels
	spellings words[labelSpelling]
}

type labelValue struct {
	text   string
	number float64
	rank   uint8 // of the spelling, from 1
}

// label is one thing that labels tell.
type label uint8

const (
	labelUser label = iota
	labelEmail
	labelSession
	labelAgentID
	labelAgentName
	labelTrace
	labelApp
	labelTeam
	labelTicket
	labelOperation
	labelProvider
	labelAsked // the model that was asked for
	labelServed
	labelInput
	labelOutput
	labelCacheRead
	labelCacheWrite
	labelCost
	labelResponse
	labelAWSRequest
	labelTool
	labelEntity // of a span that tells elsewhere what it is
	labelToolCall
	labelToolServer
	labelMCPMethod
	labelMCPSession
	labelMCPResource
	labelKeyHash
	labelError
	labelIP
	labelUserAgent
	labelAccount
	labelRegion
	labelEvent
	labelSuccess
	labelCount
)

// labelNames are the spellings of each label: those of the OpenTelemetry conventions
// first, then those of libraries that are older, or have their own.
var labelNames = [labelCount][]string{
	labelUser: {
		"user.id", "enduser.id", "gen_ai.user.id", "langfuse.user.id", "traceloop.association.properties.user_id",
		"ai.telemetry.metadata.userId", "langsmith.metadata.user_id", "mlflow.trace.user", "metadata.user_api_key_user_id",
		"llm.user", "user_id", "userId", "user", "end_user", "user.name", "user.account_uuid", "enduser.pseudo.id",
	},
	labelEmail: {"user.email", "user_email", "email", "ai.telemetry.metadata.email", "metadata.user_api_key_user_email"},
	labelSession: {
		"agent.session.id", "session.id", "gen_ai.conversation.id", "langfuse.session.id", "traceloop.association.properties.session_id",
		"ai.telemetry.metadata.sessionId", "langsmith.metadata.session_id", "mlflow.trace.session", "session_id", "sessionId", "session",
		"conversation.id", "conversation_id", "thread_id", "traceloop.association.properties.thread_id",
	},
	labelAgentID:     {"gen_ai.agent.id", "agent.id", "agent_id"},
	labelAgentName:   {"gen_ai.agent.name", "agent.name", "agent_name", "agent", "agent.role", "traceloop.workflow.name"},
	labelTrace:       {"trace_id", "traceId"},
	labelApp:         {"service.name", "application", "app", "service"},
	labelTeam:        {"team", "metadata.user_api_key_team_alias"},
	labelTicket:      {"ticket", "ticket_id"},
	labelOperation:   {"gen_ai.operation.name", "openinference.span.kind", "traceloop.span.kind", "ai.operationId", "llm.request.type", "langsmith.span.kind"},
	labelProvider:    {"gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider"},
	labelAsked:       {"gen_ai.request.model", "llm.request.model", "ai.model.id", "langfuse.observation.model.name", "model"},
	labelServed:      {"gen_ai.response.model", "llm.response.model", "ai.response.model", "llm.model_name", "model_name"},
	labelInput:       {"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens", "llm.token_count.prompt", "ai.usage.inputTokens", "ai.usage.promptTokens", "input_tokens"},
	labelOutput:      {"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens", "llm.token_count.completion", "ai.usage.outputTokens", "ai.usage.completionTokens", "output_tokens"},
	labelCacheRead:   {"gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", "llm.token_count.prompt_details.cache_read", "ai.usage.cachedInputTokens", "cache_read_tokens"},
	labelCacheWrite:  {"gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write", "cache_creation_tokens"},
	labelCost:        {"gen_ai.usage.cost", "gen_ai.usage.total_cost", "llm.usage.total_cost", "llm.cost.total", "cost_usd"},
	labelResponse:    {"gen_ai.response.id", "ai.response.id", "llm.response.id"},
	labelAWSRequest:  {"aws.request_id", "aws.requestId"},
	labelTool:        {"gen_ai.tool.name", "mcp.tool.name", "tool.name", "ai.toolCall.name", "tool_name"},
	labelEntity:      {"traceloop.entity.name"},
	labelToolCall:    {"gen_ai.tool.call.id", "tool_call.id", "ai.toolCall.id", "tool_use_id"},
	labelToolServer:  {"mcp.server.name", "server.address", "mcp_server_name"},
	labelMCPMethod:   {"mcp.method.name", "mcp.method", "rpc.method"},
	labelMCPSession:  {"mcp.session.id", "mcp.session_id"},
	labelMCPResource: {"mcp.resource.uri", "mcp.prompt.name", "gen_ai.prompt.name"},
	labelKeyHash:     {"metadata.user_api_key_hash", "litellm.key_hash"},
	labelError:       {"error.type", "exception.type"},
	labelIP:          {"client.address", "http.client_ip", "net.peer.ip", "metadata.requester_ip_address"},
	labelUserAgent:   {"user_agent.original", "http.user_agent"},
	labelAccount:     {"cloud.account.id"},
	labelRegion:      {"cloud.region"},
	labelEvent:       {"event.name"},
	labelSuccess:     {"success"},
}

// labelSpellings finds a label, and how far down its list a spelling is.
var labelSpellings = func() map[string]labelSpelling {
	m := map[string]labelSpelling{}
	for l, names := range labelNames {
		for i, n := range names {
			if _, ok := m[n]; ok {
				panic("sources: two labels are spelled " + n)
			}
			m[n] = labelSpelling{label(l), uint8(i + 1)}
		}
	}
	return m
}()

type labelSpelling struct {
	label label
	rank  uint8
}

func labelSpelled(name string) labelSpelling { return labelSpellings[name] }

func (l *labels) reset() { l.has = 0 }

// copy makes l say what from does.
func (l *labels) copy(from *labels) {
	for left := from.has; left != 0; left &= left - 1 {
		i := bits.TrailingZeros64(left)
		l.values[i] = from.values[i]
	}
	l.has = from.has
}

// set takes an attribute, if it is known, is no worse spelled than what is there, and
// says anything.
func (l *labels) set(name, text string, number float64) {
	if s := l.spelling(name); s.rank > 0 {
		l.put(s, text, number)
	}
}

// spelling is what label a name is of, with rank 0 if it is of none.
func (l *labels) spelling(name string) labelSpelling { return l.spellings.of(name, labelSpelled) }

func (l *labels) put(s labelSpelling, text string, number float64) {
	if text == "" && number == 0 {
		return
	}
	if v, bit := &l.values[s.label], uint64(1)<<s.label; l.has&bit == 0 || s.rank < v.rank {
		*v = labelValue{text, number, s.rank}
		l.has |= bit
	}
}

func (l *labels) is(what label) bool { return l.has>>what&1 != 0 }

func (l *labels) text(what label) string {
	if !l.is(what) {
		return ""
	}
	return l.values[what].text
}

// rank is that of the spelling, from 1, or 0 for no label.
func (l *labels) rank(what label) uint8 {
	if !l.is(what) {
		return 0
	}
	return l.values[what].rank
}

// number is a label that is a number, or text with one in it; 0 for any other.
func (l *labels) number(what label) float64 {
	if !l.is(what) {
		return 0
	}
	v := &l.values[what]
	if v.number == 0 && v.text != "" && v.text[0]-'0' < 10 {
		n, err := strconv.ParseFloat(v.text, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return v.number
}

// tokens is a label that is a number of tokens.
func (l *labels) tokens(what label) int64 {
	n := l.number(what)
	if !(n > 0 && n < maxTokens) {
		return 0
	}
	return int64(n)
}

// describe fills in where and how of what it says nothing about yet.
func (l *labels) describe(c *correlate.Context, out *Batch) {
	c.Trace = cmp.Or(c.Trace, out.short(l.text(labelTrace)))
	c.App = cmp.Or(c.App, out.short(l.text(labelApp)))
	c.Unit = cmp.Or(c.Unit, out.short(l.text(labelTeam)))
	c.Ticket = cmp.Or(c.Ticket, out.short(l.text(labelTicket)))
	c.Session = cmp.Or(c.Session, out.short(l.text(labelSession)))
	c.IP = cmp.Or(c.IP, out.short(l.text(labelIP)))
	c.Agent = cmp.Or(c.Agent, out.short(l.text(labelUserAgent)))
	c.Account = cmp.Or(c.Account, out.short(l.text(labelAccount)))
	c.Region = cmp.Or(c.Region, out.short(l.text(labelRegion)))
}

// claims appends the links to whom the labels name: the agent's session, the user, and
// the agent in between. None of them is more than a claim.
func (l *labels) claims(links []correlate.Link, method, issuer string, out *Batch) []correlate.Link {
	user, agent := l.user(issuer, out), l.agent(issuer, out)
	return l.claim(links, method, &user, &agent, out)
}

// claim is claims of a user and an agent that are known already.
func (l *labels) claim(links []correlate.Link, method string, user, agent *correlate.Principal, out *Batch) []correlate.Link {
	var c *correlate.Link
	if k := agentSession(l.text(labelSession)); !k.IsZero() {
		links, c = out.links.Grow(links)
		c.Role, c.Key, c.Proof, c.Method = correlate.Requestor, k, correlate.Claimed, method
	}
	if !user.IsZero() {
		links, c = out.links.Grow(links)
		c.Role, c.Principal, c.Proof, c.Method = correlate.Requestor, *user, correlate.Claimed, method
	}
	if !agent.IsZero() {
		links, c = out.links.Grow(links)
		c.Role, c.Principal, c.Proof, c.Method = correlate.AgentRole, *agent, correlate.Claimed, method
	}
	return links
}

// user is whom the labels name as having asked.
func (l *labels) user(issuer string, out *Batch) correlate.Principal {
	id, email := l.text(labelUser), l.text(labelEmail)
	if id == "" && email == "" {
		return correlate.Principal{}
	}
	return out.person(issuer, id, email)
}

// agent is the agent that the labels name.
func (l *labels) agent(issuer string, out *Batch) correlate.Principal {
	name := l.text(labelAgentName)
	id := cmp.Or(l.text(labelAgentID), name)
	if id == "" {
		return correlate.Principal{}
	}
	return out.agent(issuer, id, name)
}

// agentSession is the key of an agent's session, or the zero key for a name that
// cannot be one: what is short or plain is chosen again, by others.
func agentSession(id string) correlate.Key {
	if len(id) < minSession || len(id) > maxName {
		return correlate.Key{}
	}
	for i := range len(id) {
		if c := id[i]; c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			return correlate.Key{}
		}
	}
	return correlate.Key{Kind: AgentSession, Value: id}
}

const (
	// minSession is the length of the shortest ids of sessions that are taken for
	// unguessable: 16 characters of hex hold 64 bits.
	minSession = 16
	// maxName is the longest name that is kept as it is. Callers may send anything in
	// its place, whole prompts too: what is longer goes by its hash.
	maxName = 256
)

// short is s, or its hash if it is too long for a name.
func (b *Batch) short(s string) string {
	if len(s) > maxName {
		return b.hashed(s)
	}
	return s
}

func (b *Batch) hashed(s string) string { return b.text.Join("sha256:", b.hash([]byte(s))) }

// person is a user as an issuer names them. Only an e-mail address makes a person.
func (b *Batch) person(issuer, id, email string) (p correlate.Principal) {
	p.Type, p.ID, p.Issuer = correlate.Unknown, b.short(id), issuer
	b.name(&p, b.join(issuer, ":", p.ID))
	for _, s := range [...]string{email, id} {
		if mail, ok := b.email(s); ok {
			p.Type, p.ID = correlate.Human, mail
			return p
		}
	}
	p.ID = cmp.Or(p.ID, b.short(email))
	return p
}

// agent is an agent as an issuer names it.
func (b *Batch) agent(issuer, id, name string) (p correlate.Principal) {
	p.Type, p.ID, p.Name, p.Issuer = correlate.Agent, b.short(id), b.short(name), issuer
	b.name(&p, b.text.Join("agent:", p.ID))
	if p.Name != p.ID {
		b.name(&p, b.join("agent:", p.Name))
	}
	return p
}

// plainCode keeps error names and codes, and drops anything with text in it.
func plainCode(s string) string { return litellmPlain(s) }
