package sources

import (
	"strings"

	"whence/correlate"
)

// agent is the agent, or the sub-agent that it started.
func (s *transcriptScratch) agent(out *Batch) correlate.Principal {
	p := correlate.Principal{Type: correlate.Agent, ID: "claude-code", Issuer: "agent"}
	if s.transcriptLine.AgentID != "" {
		p.ID, p.Name = out.text.Join("claude-code/", out.short(s.transcriptLine.AgentID)), "claude-code"
	}
	return out.named(p, "agent:claude-code")
}

// walk says for whom the agent worked: whoever began the session, and whoever ran it.
func (s *transcriptScratch) walk(in Input, e *correlate.Event, out *Batch) {
	if k := agentSession(s.transcriptLine.SessionID); !k.IsZero() {
		e.Uses = out.links.Append(e.Uses, correlate.Link{Role: correlate.Acting, Key: k, Proof: correlate.Claimed, Method: "agent.session_id"})
	}
	if p, method := s.user(in, out); !p.IsZero() {
		e.Uses = out.links.Append(e.Uses, correlate.Link{Role: correlate.Requestor, Principal: p, Proof: correlate.Claimed, Method: method})
	}
}

// user is who ran the agent: by the scope, if that is an e-mail address, or else the
// account on the machine that the folder it worked in belongs to.
func (s *transcriptScratch) user(in Input, out *Batch) (p correlate.Principal, method string) {
	if mail, ok := out.email(in.Scope); ok {
		return correlate.Principal{Type: correlate.Human, ID: mail, Issuer: "agent"}, "agent.scope"
	}
	name := homeOf(s.transcriptLine.Folder)
	if name == "" {
		return p, ""
	}
	p = correlate.Principal{Type: correlate.Unknown, ID: name, Issuer: "os"}
	if in.Scope != "" {
		p.Names = out.names.Append(nil, out.text.Join("os:", in.Scope, "/", name))
	}
	return p, "agent.home_folder"
}

// homeOf is whose home folder a path is in, or "".
func homeOf(path string) string {
	for _, home := range [...]string{"/home/", "/Users/", `C:\Users\`} {
		if rest, ok := strings.CutPrefix(path, home); ok {
			if i := strings.IndexAny(rest, `/\`); i >= 0 {
				rest = rest[:i]
			}
			if rest != "Shared" && len(rest) <= maxName {
				return rest
			}
		}
	}
	return ""
}

// mintSession tells who began a session. Only its first line does.
func (s *transcriptScratch) mintSession(in Input, e *correlate.Event, out *Batch) {
	f := correlate.Fact{Kind: correlate.Account, Key: agentSession(s.transcriptLine.SessionID), Principal: e.Actor, Proof: correlate.Claimed, Method: "agent.session_start"}
	if p, method := s.user(in, out); !p.IsZero() {
		f.Parents = out.links.Append(nil, correlate.Link{Role: correlate.Requestor, Principal: p, Proof: correlate.Claimed, Method: method})
		out.tell(e, &f)
	}
}

// mintTool tells in which session a tool was called, for the logs of tools.
func (s *transcriptScratch) mintTool(e *correlate.Event, k correlate.Key, out *Batch) {
	f := correlate.Fact{Kind: correlate.Account, Key: k, Principal: e.Actor, Proof: correlate.Claimed, Method: "agent.tool_use"}
	for i := range e.Uses {
		l := e.Uses[i]
		l.Role = correlate.Requestor
		f.Parents = out.links.Append(f.Parents, l)
	}
	out.tell(e, &f)
}
