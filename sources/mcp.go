package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sources/scan"
)

// mcpName is the messages of the Model Context Protocol as gateways, proxies and servers
// write them down: JSON-RPC, bare or in a member of a line that says when, by whom and
// in which session. The protocol has no log of its own, so such a line's own members are
// read in all spellings of labelNames. Arguments and results are left where they are.
// https://modelcontextprotocol.io/specification
const mcpName = "mcp"

var _ = register(Source{
	Name:     mcpName,
	Lateness: 2 * time.Minute,
	Detect:   func(v Value) bool { return inEnvelope(v, mcpIs) },
	Decode:   mcpDecode,
})

func mcpIs(v Value) bool {
	for _, m := range []Value{v, v.Member("request"), v.Member("message"), v.Member("payload"), v.Member("body"), v.Member("rpc"), v.Member("mcp")} {
		if m.Text("jsonrpc") == "2.0" && (m.Has("method") || m.Has("id")) {
			return true
		}
	}
	return false
}

// mcpScratch is what the decoder uses again.
type mcpScratch struct {
	mcpLine
	mem     *arena.Text // of the batch
	message *mcpMessage // in the line
	labels  labels
	actions words[string]
	kinds   words[otelKind]
}

// mcpLine is what is read of a line that is a message, or is around one.
type mcpLine struct {
	Order scan.Order
	Rest  scan.Rest
	mcpMessage
	Timestamp scan.Raw `json:"timestamp"`
	Time      scan.Raw `json:"time"`
	TS        scan.Raw `json:"ts"`
	At        scan.Raw `json:"@timestamp"`
	Session   string   `json:"mcp_session_id"`
	Header    string   `json:"mcp-session-id"`
	Server    string   `json:"server"`
	Subject   string   `json:"sub"`
	Client    struct {
		Name string `json:"name"`
	} `json:"client"`
	Request mcpMessage `json:"request" scan:"quoted"`
	Payload mcpMessage `json:"payload" scan:"quoted"`
	Body    mcpMessage `json:"body" scan:"quoted"`
	RPC     mcpMessage `json:"rpc" scan:"quoted"`
	MCP     mcpMessage `json:"mcp" scan:"quoted"`
	envelope
	Wrapped mcpWrapped `json:"message"` // in place of the envelope's
}

// mcpMessage is what is read of a message.
type mcpMessage struct {
	Version string   `json:"jsonrpc"`
	ID      scan.Raw `json:"id"`
	Method  string   `json:"method"`
	Params  struct {
		Name string `json:"name"`
		URI  string `json:"uri"`
		Meta struct {
			TraceParent string `json:"traceparent"`
			ToolUse     string `json:"claudecode/toolUseId"`
		} `json:"_meta"`
		Client struct {
			Name string `json:"name"`
		} `json:"clientInfo"`
	} `json:"params"`
	Result struct {
		Failed bool `json:"isError"`
	} `json:"result"`
	Error struct {
		Code scan.Raw `json:"code"`
	} `json:"error"`
}

// mcpWrapped is the member message, which may be a message or an envelope.
type mcpWrapped struct {
	raw scan.Whole
	mcpMessage
}

var mcpMessages = scan.Of[mcpMessage]()

// unquote reads a message that was put into text.
func (w *mcpWrapped) unquote(mem *arena.Text) {
	if len(w.raw) == 0 || w.raw[0] != '"' {
		return
	}
	if m := scan.Raw(scan.Raw(w.raw).Unquoted(mem)); !m.IsObject() || mcpMessages.Read(m, &w.mcpMessage, mem) != nil {
		w.mcpMessage = mcpMessage{}
	}
}

var mcpFormat = &format[mcpScratch]{table: scan.Of[mcpScratch](), inner: (*mcpScratch).inner, line: mcpRead}

func mcpDecode(in Input, out *Batch) {
	scratch[mcpScratch](out).mem = &out.text
	mcpFormat.decode(in, out)
}

// inner is what an envelope holds: of a line it is nil.
func (s *mcpScratch) inner() scan.Raw {
	s.Wrapped.unquote(s.mem)
	if s.message = s.find(); s.message != nil {
		return nil
	}
	s.envelope.Message = scan.Raw(s.Wrapped.raw)
	return s.envelope.inner()
}

func mcpRead(in Input, raw []byte, s *mcpScratch, out *Batch) {
	if s.message == nil {
		out.reject(raw, correlate.RejectSource, "no message of JSON-RPC: not a line of MCP")
		return
	}
	s.labels.reset()
	for _, m := range s.Rest {
		if !m.Value.IsObject() && !m.Value.IsList() {
			s.labels.set(m.Name, m.Value.Loose(&out.text), 0)
		}
	}
	s.event(in, raw, out)
}

// find returns the message: the line itself, or a member of it; nil if there is none.
func (s *mcpScratch) find() *mcpMessage {
	for _, m := range [...]*mcpMessage{&s.mcpMessage, &s.Request, &s.MCP, &s.RPC, &s.Payload, &s.Body, &s.Wrapped.mcpMessage} {
		if m.Version != "" {
			return m
		}
	}
	return nil
}

func (s *mcpScratch) event(in Input, raw scan.Raw, out *Batch) {
	r, m, l := &s.mcpLine, s.message, &s.labels
	e := out.begin(mcpName, in.Scope, "", raw) // ids of messages are counted anew in every session
	in.dated(e, mcpTime(out, r.Timestamp, r.Time, r.TS, r.At))
	kind := s.kinds.of(m.Method, otelMCP)
	e.Action, e.Class = s.actions.of(m.Method, mcpAction), kind.class()
	if kind == otelOther {
		e.Class = correlate.Read
	}
	session := out.short(cmp.Or(r.Session, r.Header, l.text(labelMCPSession), l.text(labelSession)))
	if id := m.ID.Loose(&out.text); session != "" && id != "" {
		e.ActionID = out.sums.ID(mcpName, in.Scope, session, id)
	}
	switch {
	case m.Method == "": // an answer: how the request ended
		e.Primary, e.Class = false, correlate.Tool
		if e.Outcome = correlate.Success; m.Result.Failed || len(m.Error.Code) > 0 {
			e.Outcome, e.Error = correlate.Failure, plainCode(strings.TrimPrefix(m.Error.Code.Loose(&out.text), "-"))
		}
	case len(m.Error.Code) > 0:
		e.Outcome, e.Error = correlate.Failure, plainCode(strings.TrimPrefix(m.Error.Code.Loose(&out.text), "-"))
	}
	s.touch(e, out)
	e.Context.Session = session
	l.describe(&e.Context, out)
	s.walk(e, out)
}

// mcpTime is the first of several members that tells a time: text, or seconds or
// milliseconds since 1970.
func mcpTime(out *Batch, raws ...scan.Raw) eventTime {
	for _, raw := range raws {
		if at := firstTime(raw.Loose(&out.text)); at.ok {
			return at
		}
		whole, _, _ := strings.Cut(raw.Loose(&out.text), ".")
		if cloudtrailDigits(whole) && len(whole) < 16 {
			if n, ok := cloudtrailNumber(whole); ok {
				return millisTime(n)
			}
		}
	}
	return eventTime{}
}

func mcpAction(method string) string {
	if method == "" {
		return "mcp.response"
	}
	return "mcp." + method
}

func (s *mcpScratch) touch(e *correlate.Event, out *Batch) {
	m := s.message
	server := out.short(cmp.Or(s.mcpLine.Server, s.labels.text(labelToolServer)))
	switch {
	case m.Method == "tools/call" && server != "":
		out.touched(e, "mcp.tool", out.text.Join(server, "/", out.short(m.Params.Name)))
	case m.Method == "tools/call":
		out.touched(e, "mcp.tool", out.short(m.Params.Name))
	case m.Params.URI != "":
		out.touched(e, "mcp.resource", out.short(m.Params.URI))
	default:
		out.touched(e, "mcp.server", server)
	}
}

// walk says who called: the client, and for whom it or the gateway says it did.
func (s *mcpScratch) walk(e *correlate.Event, out *Batch) {
	m, l := s.message, &s.labels
	if e.Actor = l.agent("mcp", out); e.Actor.IsZero() {
		if name := cmp.Or(s.mcpLine.Client.Name, m.Params.Client.Name); name != "" {
			e.Actor = out.agent("mcp", name, "")
		} else {
			e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "unknown", Issuer: "mcp"}
		}
	}
	claim := correlate.Link{Role: correlate.Requestor, Proof: correlate.Claimed}
	if k := agentTool(cmp.Or(m.Params.Meta.ToolUse, l.text(labelToolCall))); !k.IsZero() {
		claim.Key, claim.Method = k, "mcp.tool_use_id"
		e.Uses = out.links.Append(e.Uses, claim)
	}
	if trace := traceOf(m.Params.Meta.TraceParent); trace != "" {
		e.Context.Trace = trace
		claim.Key, claim.Method = correlate.Key{Kind: Trace, Value: trace}, "mcp.traceparent"
		e.Uses = out.links.Append(e.Uses, claim)
	}
	e.Uses = l.claims(e.Uses, "mcp.caller", "mcp", out)
	if s.mcpLine.Subject != "" && l.text(labelUser) == "" && l.text(labelEmail) == "" {
		person := out.person("mcp", s.mcpLine.Subject, "")
		out.asked(e, &person, correlate.Claimed, "mcp.subject")
	}
}

// traceOf is the trace id of a W3C traceparent, or "".
func traceOf(parent string) string {
	if len(parent) < 55 || parent[2] != '-' || parent[35] != '-' || !cloudtrailLowerHex(parent[3:35]) {
		return ""
	}
	return parent[3:35]
}
