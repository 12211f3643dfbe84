package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// claims are what a caller says of itself in labels that a log passes on: in the
// spellings of the OpenTelemetry conventions and of the libraries that are older than
// those. All of it was chosen by the caller.
type claims struct {
	EndUserID   string `json:"enduser.id"`
	UserEmail   string `json:"user.email"`
	UserID      string `json:"user.id"`
	UserName    string `json:"user.name"`
	User        string `json:"user"`
	UserUnder   string `json:"user_id"`
	UserCamel   string `json:"userId"`
	EmailUnder  string `json:"user_email"`
	Email       string `json:"email"`
	EndUser     string `json:"end_user"`
	LangfuseWho string `json:"langfuse.user.id"`
	TraceloopBy string `json:"traceloop.association.properties.user_id"`

	SessionID      string `json:"session.id"`
	Conversation   string `json:"gen_ai.conversation.id"`
	AgentSession   string `json:"agent.session.id"`
	SessionUnder   string `json:"session_id"`
	SessionCamel   string `json:"sessionId"`
	Session        string `json:"session"`
	Langfuse       string `json:"langfuse.session.id"`
	TraceloopS     string `json:"traceloop.association.properties.session_id"`
	ThreadID       string `json:"thread_id"`
	ConversationID string `json:"conversation_id"`

	AgentID    string `json:"gen_ai.agent.id"`
	AgentName  string `json:"gen_ai.agent.name"`
	AgentUnder string `json:"agent_id"`
	AgentPlain string `json:"agent"`
	AgentLong  string `json:"agent_name"`
	Entity     string `json:"traceloop.entity.name"`
	CrewRole   string `json:"agent.role"`

	Trace       string `json:"trace_id"`
	TraceCamel  string `json:"traceId"`
	App         string `json:"application"`
	AppShort    string `json:"app"`
	Service     string `json:"service"`
	Team        string `json:"team"`
	TicketLong  string `json:"ticket"`
	TicketUnder string `json:"ticket_id"`
}

// who is the user that is claimed, and their e-mail address where that has a label of
// its own.
func (c *claims) who() (id, email string) {
	email = cmp.Or(c.UserEmail, c.EmailUnder, c.Email)
	return cmp.Or(c.EndUserID, c.UserID, c.UserUnder, c.UserCamel, c.User, c.EndUser, c.LangfuseWho, c.TraceloopBy, c.UserName), email
}

// session is the agent's session that is claimed.
func (c *claims) session() string {
	return cmp.Or(c.AgentSession, c.SessionID, c.Conversation, c.SessionUnder, c.SessionCamel, c.Session, c.Langfuse, c.TraceloopS, c.ConversationID, c.ThreadID)
}

// agent is the agent that is claimed to have called.
func (c *claims) agent() (id, name string) {
	name = cmp.Or(c.AgentName, c.AgentLong, c.AgentPlain, c.CrewRole)
	return cmp.Or(c.AgentID, c.AgentUnder, name), name
}

// walk adds what is claimed to e. None of it is more than a claim.
func (c *claims) walk(e *correlate.Event, method, issuer string, out *Batch) {
	ctx := &e.Context
	ctx.Trace = cmp.Or(ctx.Trace, c.Trace, c.TraceCamel)
	ctx.App = cmp.Or(ctx.App, c.App, c.AppShort, c.Service)
	ctx.Unit, ctx.Ticket = cmp.Or(ctx.Unit, c.Team), cmp.Or(ctx.Ticket, c.TicketLong, c.TicketUnder)
	if k := agentSession(c.session()); !k.IsZero() {
		ctx.Session = k.Value
		e.Uses = out.links.Append(e.Uses, correlate.Link{Role: correlate.Requestor, Key: k, Proof: correlate.Claimed, Method: method})
	}
	if id, email := c.who(); id != "" || email != "" {
		e.Uses = out.links.Append(e.Uses, correlate.Link{
			Role: correlate.Requestor, Principal: out.person(issuer, id, email), Proof: correlate.Claimed, Method: method,
		})
	}
	if id, name := c.agent(); id != "" {
		e.Uses = out.links.Append(e.Uses, correlate.Link{
			Role: correlate.AgentRole, Principal: out.agent(issuer, id, name), Proof: correlate.Claimed, Method: method,
		})
	}
}

// agentSession is the key of an agent's session, or the zero key for a name that
// cannot be one: what is short or plain is chosen again, by others.
func agentSession(id string) correlate.Key {
	if len(id) < minSession || len(id) > maxName || strings.ContainsAny(id, " \t\r\n") {
		return correlate.Key{}
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
		return b.text.Join("sha256:", b.hash([]byte(s)))
	}
	return s
}

// person is a user as an issuer names them. Only an e-mail address makes a person.
func (b *Batch) person(issuer, id, email string) correlate.Principal {
	p := correlate.Principal{Type: correlate.Unknown, ID: b.short(id), Issuer: issuer}
	if id != "" {
		p.Names = b.names.Append(nil, b.text.Join(issuer, ":", p.ID))
	}
	for _, s := range [...]string{email, id} {
		if mail, ok := cloudtrailEmail(s, &b.text); ok {
			p.Type, p.ID = correlate.Human, mail
			break
		}
	}
	if p.ID == "" {
		p.ID = b.short(email)
	}
	return p
}

// agent is an agent as an issuer names it.
func (b *Batch) agent(issuer, id, name string) correlate.Principal {
	p := correlate.Principal{Type: correlate.Agent, ID: b.short(id), Name: b.short(name), Issuer: issuer}
	p.Names = b.names.Append(nil, b.text.Join("agent:", p.ID))
	if p.Name != p.ID && p.Name != "" {
		p.Names = b.names.Append(p.Names, b.text.Join("agent:", p.Name))
	}
	return p
}

// plainCode keeps error names and codes, and drops anything with text in it.
func plainCode(s string) string { return litellmPlain(s) }
