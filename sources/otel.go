package sources

import (
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// otelName is what programs that call models and tools tell of it by OpenTelemetry:
// spans of the GenAI and MCP conventions and of the libraries that came before them,
// and the log events of coding agents, as a Collector's Kafka exporter writes them
// (otlp_json or otlp_proto). Everything in it is the program's own word, so no link is
// more than a claim.
// https://opentelemetry.io/docs/specs/semconv/gen-ai/
const otelName = "otel.genai"

var _ = register(Source{
	Name: otelName,
	Kinds: []correlate.KindInfo{
		{
			Kind: Trace, Best: correlate.Claimed, Life: 24 * time.Hour,
			Hint: "does the trace's first span, of whoever took the request, reach the same Collector with user.id or session.id on it?",
		},
		{
			Kind: AgentSession, Best: correlate.Claimed, Life: 7 * 24 * time.Hour,
			Hint: "do the agent's spans carry user.id or user.email beside session.id, or are its transcripts collected?",
		},
	},
	Lateness: 5 * time.Minute,
	Detect:   func(v Value) bool { return v.Has("resourceSpans") || v.Has("resourceLogs") },
	Decode:   otelDecode,
	Binary:   true,
})

// otelScratch is what the decoder uses again.
type otelScratch struct {
	request  otelRequest
	asTold   otelAsTold // how far the request is read
	apart    otelApart
	line     otelLine
	value    otelValue // of an attribute that is not written as most are
	resource labels
	labels   labels
	rec      otelRecord
	user     correlate.Principal // whom the labels name
	agent    correlate.Principal
	claims   []correlate.Link // to both, and to the session
	actions  words[string]
	kinds    words[otelKind]
	in       Input
	out      *Batch
}

func otelDecode(in Input, out *Batch) {
	s := scratch[otelScratch](out)
	s.in, s.out = in, out
	before, rejected := len(out.Events), len(out.Rejects)
	if raw, ok := otelText(in.Raw); ok {
		s.json(raw, 0)
	} else {
		s.proto(in.Raw)
	}
	if len(out.Events) == before && len(out.Rejects) == rejected {
		out.reject(in.Raw, correlate.RejectSource, "no span or event of a model, a tool or an agent: let the Collector filter the rest out")
	}
	s.in, s.out = Input{}, nil // the record is the caller's again
	s.user, s.agent, s.claims = correlate.Principal{}, correlate.Principal{}, nil
}

// otelRecord is a span or a log event, whatever it was written in. Its attributes are
// in the labels.
type otelRecord struct {
	trace, span, parent string // hex
	name                string
	nanos               int64 // when it began
	failed              bool
	isLog               bool
}

// record appends the event of what has been read into rec and labels, if it tells of
// a model, a tool or an agent. raw is its own bytes.
func (s *otelScratch) record(raw []byte) {
	r, l, out := &s.rec, &s.labels, s.out
	kind, action := s.what()
	if kind == otelOther {
		return
	}
	id := r.span
	if r.isLog || id == "" {
		id = "" // several events may be of one span: they go by their bytes
	} else {
		id = out.text.Join(r.trace, "/", id)
	}
	e := out.begin(otelName, s.in.Scope, id, raw)
	timed := s.in.dated(e, otelTime(r.nanos))
	e.Action, e.Class = action, kind.class()
	if e.Outcome = correlate.Success; r.failed || l.text(labelError) != "" || l.text(labelSuccess) == "false" {
		e.Outcome, e.Error = correlate.Failure, plainCode(l.text(labelError))
	}
	s.user, s.agent = l.user("otel", out), l.agent("otel", out)
	e.Context.Trace = r.trace
	l.describe(&e.Context, out)
	s.touch(e, kind)
	s.walk(e)
	if timed {
		s.mint(e, kind)
	}
}

func otelTime(nanos int64) eventTime {
	t := time.Unix(0, nanos).UTC()
	return eventTime{t, nanos > 0 && placeable(t)}
}

// otelText is the record as JSON, if it is that. A message of protobuf begins with a
// line feed, which is also what JSON may have before it.
func otelText(raw []byte) (scan.Raw, bool) {
	i := 0
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\r' || raw[i] == '\t') {
		i++
	}
	if i == len(raw) || raw[i] != '{' && raw[i] != '[' || i > 0 && protoWhole(raw) {
		return nil, false
	}
	return raw[i:], true
}
