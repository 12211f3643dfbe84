package sources

import (
	"math"

	"whence/correlate/arena"
	"whence/sources/scan"
)

// OTLP in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Ids are
// hex, 64-bit numbers are text.

// otelRequest is one request to a Collector. Its spans are told as they are read, each
// in the memory of the one before: a request may have millions.
type otelRequest struct {
	Order scan.Order
	Spans scan.Each[struct {
		Resource otelResource `json:"resource"`
		Scopes   scan.Each[struct {
			Spans scan.Each[otelSpan] `json:"spans"`
		}] `json:"scopeSpans"`
	}] `json:"resourceSpans"`
	Logs scan.Each[struct {
		Resource otelResource `json:"resource"`
		Scopes   scan.Each[struct {
			Records scan.Each[otelSpan] `json:"logRecords"`
		}] `json:"scopeLogs"`
	}] `json:"resourceLogs"`
}

type otelResource struct {
	Attributes scan.Each[otelAttribute] `json:"attributes"`
}

// otelAttribute is read no further than is wanted of most: what it is called.
type otelAttribute struct {
	Key   string   `json:"key"`
	Value scan.Raw `json:"value"`
}

type otelValue struct {
	Order  scan.Order
	Text   scan.Raw `json:"stringValue"`
	Int    scan.Raw `json:"intValue"`
	Double float64  `json:"doubleValue"`
	Bool   scan.Raw `json:"boolValue"`
}

// otelSpan is a span, or a log record.
type otelSpan struct {
	otelHead
	Attributes scan.Each[otelAttribute] `json:"attributes"`
}

// otelHead is a span without its attributes.
type otelHead struct {
	TraceID  string   `json:"traceId"`
	SpanID   string   `json:"spanId"`
	Parent   string   `json:"parentSpanId"`
	Name     string   `json:"name"`
	Event    string   `json:"eventName"`
	Body     scan.Raw `json:"body"`
	Start    scan.Raw `json:"startTimeUnixNano"`
	Time     scan.Raw `json:"timeUnixNano"`
	Observed scan.Raw `json:"observedTimeUnixNano"`
	Status   struct {
		Code scan.Raw `json:"code"`
	} `json:"status"`
}

var (
	otelRequests = scan.Of[otelRequest]()
	otelValues   = scan.Of[otelValue]()
)

func (s *otelScratch) json(raw scan.Raw, depth int) {
	if raw.IsList() && depth == 0 {
		if err := scan.Valid(raw); err != nil {
			s.out.refuse(raw, err)
			return
		}
		for one := range raw.Elements() {
			s.json(one, depth+1)
		}
		return
	}
	if !s.told(raw) {
		s.jsonApart(raw)
	}
}

// otelAsTold is how far a request is read.
type otelAsTold struct {
	ready   bool // the request tells s what is read
	parts   int  // resources that are over
	records int  // spans and log records of this resource
	begun   bool // labels are those of this span
	logs    bool // there are log records
}

// told tells of the request as it is read. It reports false, and has told nothing, if
// that is no JSON, or in another order than Collectors write: resources stand before
// their spans, and spans before log records.
func (s *otelScratch) told(raw scan.Raw) bool {
	s.listen()
	s.asTold = otelAsTold{ready: true}
	s.resource.reset()
	events := len(s.out.Events)
	if err := otelRequests.Read(raw, &s.request, &s.out.text); err != nil || s.asTold.parts == 0 {
		s.out.Events = s.out.Events[:events]
		return false
	}
	return true
}

// listen has s told what is read of a request.
func (s *otelScratch) listen() {
	if s.asTold.ready {
		return
	}
	spans, logs := &s.request.Spans, &s.request.Logs
	span, record := &spans.Item.Scopes.Item.Spans, &logs.Item.Scopes.Item.Records
	s.listenTo(&spans.Item.Resource, span, false)
	s.listenTo(&logs.Item.Resource, record, true)
	over := func(scan.Raw) bool {
		s.asTold.parts, s.asTold.records = s.asTold.parts+1, 0
		s.resource.reset()
		return true
	}
	spans.Visit(over)
	logs.Visit(over)
}

func (s *otelScratch) listenTo(resource *otelResource, spans *scan.Each[otelSpan], logs bool) {
	resource.Attributes.Visit(func(scan.Raw) bool {
		return s.asTold.records == 0 && resource.Attributes.Item.set(&s.resource, &s.value, &s.out.text)
	})
	span := &spans.Item
	span.Attributes.Visit(func(scan.Raw) bool {
		s.begin()
		return span.Attributes.Item.set(&s.labels, &s.value, &s.out.text)
	})
	spans.Visit(func(raw scan.Raw) bool {
		s.begin()
		s.asTold.begun = false
		s.asTold.records++
		s.asTold.logs = s.asTold.logs || logs
		s.jsonRecord(&span.otelHead, raw, logs)
		return logs || !s.asTold.logs
	})
}

// begin gives the labels of a span those of its resource, before its own.
func (s *otelScratch) begin() {
	if !s.asTold.begun {
		s.labels.copy(&s.resource)
		s.asTold.begun = true
	}
}

// jsonRecord tells of a span or a log record, whose labels are read.
func (s *otelScratch) jsonRecord(p *otelHead, raw scan.Raw, isLog bool) {
	code := p.Status.Code.Loose(&s.out.text)
	s.rec = otelRecord{
		trace: otelID(p.TraceID), span: otelID(p.SpanID), parent: otelID(p.Parent), name: p.Name,
		failed: code == "2" || code == "STATUS_CODE_ERROR", isLog: isLog,
	}
	for _, raw := range [...]scan.Raw{p.Start, p.Time, p.Observed} {
		if n := otelInt(raw); n != 0 {
			s.rec.nanos = n
			break
		}
	}
	if isLog {
		body, _ := p.Body.Sole(`{"stringValue":"`)
		s.event(p.Event, body)
	}
	s.record(raw)
}

// event gives a log record the name of its event: in a field of its own by newer
// conventions, in an attribute by older ones. Claude Code's attribute is short, and its
// body the whole name: api_request and claude_code.api_request.
func (s *otelScratch) event(name, body string) {
	if name != "" {
		s.labels.set("event.name", name, 0)
	}
	short := s.labels.text(labelEvent)
	if n := len(body) - len(short); short != "" && n > 0 && body[n-1] == '.' && body[n:] == short {
		s.labels.values[labelEvent].text = body
	}
}

// otelID is an id in hex; one of zeros is none.
func otelID(id string) string {
	for i := 0; i < len(id); i++ {
		if id[i] != '0' && len(id) <= 64 {
			return id
		}
	}
	return ""
}

// otelInt reads a number, or text with one in it. Too large a number is no time and no
// count.
func otelInt(raw scan.Raw) int64 { return otelDigits(litellmBare(raw)) }

func otelDigits(s string) int64 {
	if len(s) > 19 {
		return 0
	}
	n := uint64(0)
	for i := range len(s) {
		digit := s[i] - '0'
		if digit > 9 {
			return 0
		}
		n = n*10 + uint64(digit)
	}
	return int64(min(n, math.MaxInt64))
}

// set gives l what the attribute says, if that is wanted: prompts and answers, which are
// attributes too, stay where they are. It reports false if what is wanted is no text.
func (a *otelAttribute) set(l *labels, v *otelValue, mem *arena.Text) bool {
	s := l.spelling(a.Key)
	if s.rank == 0 {
		return true
	}
	if text, ok := a.Value.Sole(`{"stringValue":"`); ok { // as nearly all are written
		l.put(s, text, 0)
		return true
	}
	if text, ok := a.Value.Sole(`{"intValue":"`); ok && cloudtrailDigits(text) {
		l.put(s, text, float64(otelDigits(text)))
		return true
	}
	if !a.Value.IsObject() {
		return true // it says nothing
	}
	if otelValues.Read(a.Value, v, mem) != nil {
		return false
	}
	text, ok := v.Text.Text(mem)
	switch {
	case !ok && len(v.Text) > 0 && v.Text[0] == '"':
		return false
	case text != "":
		l.put(s, text, 0)
	case len(v.Int) > 0:
		l.put(s, v.Int.Loose(mem), float64(otelInt(v.Int)))
	case v.Double != 0:
		l.put(s, "", v.Double)
	case len(v.Bool) > 0:
		l.put(s, v.Bool.Loose(mem), 0)
	}
	return true
}
