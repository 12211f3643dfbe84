package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/prices"
	"whence/sources/scan"
)

// transcriptName is what coding agents write down of a session while it goes on, in the
// form of Claude Code: ~/.claude/projects/*/*.jsonl. It is the agent's own account,
// from a machine that its user can write to: nothing in it is more than a claim.
// Prompts, answers, commands and results are left where they are. The scope of the
// topic, or of one record, is the e-mail address or the machine of whoever ran it.
const transcriptName = "agent.transcript"

var _ = register(Source{
	Name: transcriptName,
	Kinds: []correlate.KindInfo{
		{
			Kind: AgentSession, Best: correlate.Claimed, Life: 7 * 24 * time.Hour,
			Hint: "is the transcript of the whole session collected, from its first line on?",
		},
		{
			Kind: AgentTool, Best: correlate.Claimed, Life: 24 * time.Hour,
			Hint: "is the transcript of the agent that called the tool collected?",
		},
	},
	Lateness: 5 * time.Minute,
	Detect:   func(v Value) bool { return inEnvelope(v, transcriptIs) },
	Decode:   transcriptFormat.decode,
})

func transcriptIs(v Value) bool {
	return v.Has("sessionId", "uuid", "type", "timestamp") && (v.Has("parentUuid") || v.Has("isSidechain")) ||
		v.Text("type") == "summary" && v.Has("summary", "leafUuid") && v.Only("type", "summary", "leafUuid")
}

// transcriptScratch is what the decoder uses again.
type transcriptScratch struct {
	transcriptLine
	actions words[string]
}

// transcriptLine is what is read of a line. What a message says may be text alone.
type transcriptLine struct {
	Order     scan.Order
	Type      string   `json:"type"`
	Subtype   string   `json:"subtype"`
	Timestamp string   `json:"timestamp"`
	UUID      string   `json:"uuid"`
	Parent    scan.Raw `json:"parentUuid"`
	SessionID string   `json:"sessionId"`
	AgentID   string   `json:"agentId"` // of a sub-agent
	Sidechain bool     `json:"isSidechain"`
	Folder    string   `json:"cwd"`
	Branch    string   `json:"gitBranch"`
	Version   string   `json:"version"`
	RequestID string   `json:"requestId"`
	APIError  bool     `json:"isApiErrorMessage"`
	Summary   scan.Raw `json:"summary"`
	Content   struct {
		ID     string            `json:"id"`
		Model  string            `json:"model"`
		Blocks []transcriptBlock `json:"content"`
		Usage  struct {
			Input      int64 `json:"input_tokens"`
			Output     int64 `json:"output_tokens"`
			CacheRead  int64 `json:"cache_read_input_tokens"`
			CacheWrite int64 `json:"cache_creation_input_tokens"`
		} `json:"usage"`
	} `json:"message"`
}

type transcriptBlock struct {
	Type      string `json:"type"`
	ID        string `json:"id"`
	Name      string `json:"name"`
	ToolUseID string `json:"tool_use_id"`
	Failed    bool   `json:"is_error"`
}

var transcriptFormat = &format[transcriptScratch]{table: scan.Of[transcriptScratch](), inner: func(*transcriptScratch) scan.Raw { return nil }, line: transcriptRead}

func transcriptRead(in Input, raw []byte, s *transcriptScratch, out *Batch) {
	r := &s.transcriptLine
	switch {
	case r.Type == "summary" || r.SessionID == "" && len(r.Summary) > 0:
		out.reject(raw, correlate.RejectSource, "a summary: it tells of nothing that was done, and has no time")
	case r.SessionID == "" || r.Type == "":
		out.reject(raw, correlate.RejectSource, "no sessionId: not a line of a transcript")
	default:
		s.tell(in, raw, out)
	}
}

// tell appends the events of a line: what a person said, what the model answered, each
// tool that it called for, and how each call ended.
func (s *transcriptScratch) tell(in Input, raw scan.Raw, out *Batch) {
	r := &s.transcriptLine
	at := firstTime(r.Timestamp)
	results := 0
	for i := range r.Content.Blocks {
		if b := &r.Content.Blocks[i]; b.Type == "tool_result" {
			results++
			s.result(s.begin(in, raw, out, at, out.text.Join(b.ToolUseID, "/result")), b, out)
		}
	}
	if r.Type == "assistant" {
		s.answer(s.begin(in, raw, out, at, cmp.Or(r.Content.ID, r.RequestID, r.UUID)), out)
		for i := range r.Content.Blocks {
			if b := &r.Content.Blocks[i]; b.Type == "tool_use" {
				s.call(s.begin(in, raw, out, at, b.ID), b, at.ok, out)
			}
		}
		return
	}
	if results > 0 {
		return
	}
	e := s.begin(in, raw, out, at, r.UUID)
	e.Action, e.Class, e.Outcome = s.actions.of(r.Type, transcriptAction), correlate.Read, correlate.Success
	if r.Type == "user" {
		e.Class = correlate.Model
	}
	if first := string(r.Parent) == "null" || len(r.Parent) == 0; first && r.Type == "user" && at.ok && !r.Sidechain {
		s.mintSession(in, e, out)
	}
}

func transcriptAction(kind string) string {
	if kind == "user" {
		return "agent.prompt"
	}
	return "agent." + kind
}

// begin appends an event with what all events of a line have.
func (s *transcriptScratch) begin(in Input, raw scan.Raw, out *Batch, at eventTime, id string) *correlate.Event {
	r := &s.transcriptLine
	e := out.begin(transcriptName, r.SessionID, id, raw)
	in.dated(e, at)
	e.Context.Session, e.Context.App = out.short(r.SessionID), "claude-code"
	e.Actor = s.agent(out)
	s.walk(in, e, out)
	return e
}

// answer is a call of the model. Its answer may be written over several lines, each
// with the same id and all the tokens: they are one event.
func (s *transcriptScratch) answer(e *correlate.Event, out *Batch) {
	m := &s.transcriptLine.Content
	e.Action, e.Class, e.Outcome = "agent.model_call", correlate.Model, correlate.Success
	if s.transcriptLine.APIError {
		e.Outcome = correlate.Failure
	}
	if m.Model == "" || m.Model == "<synthetic>" { // the agent's own words
		return
	}
	e.Usage.Model = out.short(m.Model)
	out.touched(e, "model", e.Usage.Model)
	u := &m.Usage
	out.price(e, prices.Tokens{Input: tokens(u.Input), CacheRead: tokens(u.CacheRead), CacheWrite: tokens(u.CacheWrite), Output: tokens(u.Output)})
}

// call is a tool that the model called for. How it ended is in a line of its own.
func (s *transcriptScratch) call(e *correlate.Event, b *transcriptBlock, timed bool, out *Batch) {
	e.Action, e.Class = "agent.tool_use", correlate.Tool
	e.ActionID = out.transcriptDeed(s.transcriptLine.SessionID, b.ID)
	if server, tool, ok := strings.Cut(strings.TrimPrefix(b.Name, "mcp__"), "__"); ok && strings.HasPrefix(b.Name, "mcp__") {
		out.touched(e, "mcp.tool", out.text.Join(out.short(server), "/", out.short(tool)))
	} else {
		out.touched(e, "tool", out.short(b.Name))
	}
	if k := agentTool(b.ID); timed && !k.IsZero() && (out.beside(otelName) || out.beside(mcpName)) {
		s.mintTool(e, k, out)
	}
}

func (s *transcriptScratch) result(e *correlate.Event, b *transcriptBlock, out *Batch) {
	e.Action, e.Class, e.Outcome = "agent.tool_result", correlate.Tool, correlate.Success
	if b.Failed {
		e.Outcome, e.Error = correlate.Failure, "tool_error"
	}
	e.ActionID, e.Primary = out.transcriptDeed(s.transcriptLine.SessionID, b.ToolUseID), false
}

// transcriptDeed is the action that the call of a tool and its result are.
func (b *Batch) transcriptDeed(session, toolUse string) correlate.ID {
	return b.sums.ID(transcriptName, session, "tool", toolUse)
}
