package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// agentcoreName is the application log of Amazon Bedrock AgentCore: what its runtimes,
// gateways and memories did for a request. Who made the request is in CloudTrail's data
// events alone, under the same request id.
// https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-view.html
const agentcoreName = "aws.agentcore"

var _ = register(Source{
	Name:     agentcoreName,
	Lateness: 5 * time.Minute,
	Detect:   func(v Value) bool { return inEnvelope(v, agentcoreIs) },
	Decode:   agentcoreFormat.decode,
})

func agentcoreIs(v Value) bool {
	return v.Has("resource_arn", "event_timestamp") && strings.Contains(v.Text("resource_arn"), ":bedrock-agentcore:")
}

// agentcoreScratch is what the decoder uses again.
type agentcoreScratch struct {
	agentcoreLine
	actions words[string]
}

// agentcoreLine is what is read of a line. Payloads are left where they are.
type agentcoreLine struct {
	Order      scan.Order
	ARN        string   `json:"resource_arn"`
	Timestamp  int64    `json:"event_timestamp"` // milliseconds
	Nanos      scan.Raw `json:"timeUnixNano"`
	Account    string   `json:"account_id"`
	RequestID  string   `json:"request_id"`
	SessionID  string   `json:"session_id"`
	TraceID    string   `json:"trace_id"`
	TraceCamel string   `json:"traceId"`
	Operation  string   `json:"operation"`
	Severity   string   `json:"severityText"`
	Body       struct {
		Failed bool     `json:"isError"`
		Log    scan.Raw `json:"log"`
	} `json:"body"`
	Attributes struct {
		RequestID string `json:"aws.request.id"`
		Account   string `json:"aws.account.id"`
		SessionID string `json:"session.id"`
	} `json:"attributes"`
	envelope
}

var agentcoreFormat = &format[agentcoreScratch]{table: scan.Of[agentcoreScratch](), inner: (*agentcoreScratch).inner, line: agentcoreRead}

// inner is what an envelope holds: of a line it is nil.
func (s *agentcoreScratch) inner() scan.Raw {
	if s.ARN == "" {
		return s.envelope.inner()
	}
	return nil
}

func agentcoreRead(in Input, raw []byte, s *agentcoreScratch, out *Batch) {
	r := &s.agentcoreLine
	if r.ARN == "" {
		out.reject(raw, correlate.RejectSource, "no resource_arn: not a line of AgentCore")
		return
	}
	arn := cloudtrailARN(r.ARN)
	account, region := cmp.Or(r.Account, r.Attributes.Account, arn[4]), arn[3]
	request := cmp.Or(r.RequestID, r.Attributes.RequestID)
	// A request has several lines and no id for each: they go by their bytes.
	e := out.begin(agentcoreName, account, "", raw)
	if at := otelTime(otelInt(r.Nanos)); !at.ok || r.Timestamp > 0 {
		in.dated(e, millisTime(r.Timestamp))
	} else {
		in.dated(e, at)
	}
	e.Context = correlate.Context{
		Account: account, Region: region, Session: out.short(cmp.Or(r.SessionID, r.Attributes.SessionID)), Trace: out.short(cmp.Or(r.TraceID, r.TraceCamel)),
	}
	tool, target := agentcoreTool(r.Body.Log, out)
	e.Action, e.Class = s.what(tool)
	if e.Outcome = correlate.Success; r.Body.Failed || r.Severity == "ERROR" {
		e.Outcome = correlate.Failure
	}
	if request != "" {
		e.ActionID = out.awsRequestDeed(account, region, request)
	}
	e.Primary = tool != "" || r.Operation != ""
	if tool != "" {
		out.touched(e, "mcp.tool", out.short(tool))
		out.touched(e, "aws.agentcore.target", out.short(target))
	}
	out.touched(e, agentcoreType(arn[5]), r.ARN)
	r.walk(e, request, out)
}

// what is the action of a line: that of a runtime's operation, or a gateway's tool.
func (s *agentcoreScratch) what(tool string) (string, correlate.Class) {
	switch op := s.agentcoreLine.Operation; {
	case tool != "":
		return "mcp.tools/call", correlate.Tool
	case op != "":
		class := correlate.Tool
		if strings.HasPrefix(op, "InvokeAgentRuntime") {
			class = correlate.Model
		}
		return s.actions.of(op, func(op string) string { return "bedrock-agentcore:" + op }), class
	}
	return "bedrock-agentcore:log", correlate.Tool
}

// agentcoreTool reads "Processing request for tool T from target X": a gateway says
// nowhere else what was called.
func agentcoreTool(log scan.Raw, out *Batch) (tool, target string) {
	const head = `"Processing request for tool `
	if len(log) < len(head) || string(log[:len(head)]) != head {
		return "", ""
	}
	text, _ := log.Text(&out.text)
	rest := text[len(head)-1:]
	tool, target, _ = strings.Cut(rest, " from target ")
	if strings.ContainsAny(tool, " \n\t{") {
		return "", ""
	}
	if strings.ContainsAny(target, " \n\t{") {
		target = ""
	}
	return tool, target
}

func agentcoreType(path string) string {
	switch kind, _, _ := strings.Cut(path, "/"); kind {
	case "gateway":
		return "aws.agentcore.gateway"
	case "runtime":
		return "aws.agentcore.runtime"
	case "memory":
		return "aws.agentcore.memory"
	}
	return "aws.agentcore.resource"
}

// walk says who asked: whoever made the request, by CloudTrail, and the session and the
// trace that the caller gave. The gateway or the runtime only did what was asked.
func (r *agentcoreLine) walk(e *correlate.Event, request string, out *Batch) {
	e.Actor = correlate.Principal{Type: correlate.Workload, ID: r.ARN, Issuer: "aws"}
	if path, ok := cloudtrailPath(r.ARN); ok {
		e.Actor.Name = path
	}
	e.Actor = out.named(e.Actor, out.text.Join("aws:", r.ARN))
	out.acted(e, awsRequest(e.Context.Account, e.Context.Region, request, out), "aws.agentcore.request_id")
	claim := correlate.Link{Role: correlate.Requestor, Proof: correlate.Claimed, Method: "aws.agentcore.session_id"}
	if claim.Key = agentSession(cmp.Or(r.SessionID, r.Attributes.SessionID)); !claim.Key.IsZero() {
		e.Uses = out.links.Append(e.Uses, claim)
	}
	if t := e.Context.Trace; len(t) == 32 {
		claim.Key, claim.Method = correlate.Key{Kind: Trace, Value: t}, "aws.agentcore.trace_id"
		e.Uses = out.links.Append(e.Uses, claim)
	}
}
