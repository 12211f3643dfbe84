package sources

import (
	"strconv"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sources/scan"
)

// OTLP in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Ids are
// hex, 64-bit numbers are text.

// otelRequest is one request to a Collector. Spans are read one by one, because each is
// the evidence of its own event.
type otelRequest struct {
	Order scan.Order
	Spans []struct {
		Resource otelResource `json:"resource"`
		Scopes   []struct {
			Spans []scan.Raw `json:"spans"`
		} `json:"scopeSpans"`
	} `json:"resourceSpans"`
	Logs []struct {
		Resource otelResource `json:"resource"`
		Scopes   []struct {
			Records []scan.Raw `json:"logRecords"`
		} `json:"scopeLogs"`
	} `json:"resourceLogs"`
}

type otelResource struct {
	Attributes []otelAttribute `json:"attributes"`
}

type otelAttribute struct {
	Key   string `json:"key"`
	Value struct {
		Text   string   `json:"stringValue"`
		Int    scan.Raw `json:"intValue"`
		Double float64  `json:"doubleValue"`
		Bool   scan.Raw `json:"boolValue"`
	} `json:"value"`
}

// otelSpan is a span, or a log record.
type otelSpan struct {
	Order    scan.Order
	TraceID  string   `json:"traceId"`
	SpanID   string   `json:"spanId"`
	Parent   string   `json:"parentSpanId"`
	Name     string   `json:"name"`
	Event    string   `json:"eventName"`
	Start    scan.Raw `json:"startTimeUnixNano"`
	Time     scan.Raw `json:"timeUnixNano"`
	Observed scan.Raw `json:"observedTimeUnixNano"`
	Status   struct {
		Code scan.Raw `json:"code"`
	} `json:"status"`
	Attributes []otelAttribute `json:"attributes"`
}

var (
	otelRequests = scan.Of[otelRequest]()
	otelSpans    = scan.Of[otelSpan]()
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
	if !read(s.out, otelRequests, raw, &s.request) {
		return
	}
	if len(s.request.Spans)+len(s.request.Logs) == 0 {
		s.out.reject(raw, correlate.RejectSource, "neither resourceSpans nor resourceLogs: not OTLP")
		return
	}
	for i := range s.request.Spans {
		r := &s.request.Spans[i]
		s.resourceOf(r.Resource.Attributes)
		for j := range r.Scopes {
			for _, span := range r.Scopes[j].Spans {
				s.jsonRecord(span, false)
			}
		}
	}
	for i := range s.request.Logs {
		r := &s.request.Logs[i]
		s.resourceOf(r.Resource.Attributes)
		for j := range r.Scopes {
			for _, record := range r.Scopes[j].Records {
				s.jsonRecord(record, true)
			}
		}
	}
}

func (s *otelScratch) resourceOf(attributes []otelAttribute) {
	s.resource.reset()
	for i := range attributes {
		attributes[i].set(&s.resource, &s.out.text)
	}
}

func (s *otelScratch) jsonRecord(raw scan.Raw, isLog bool) {
	p := &s.span
	if !read(s.out, otelSpans, raw, p) {
		return
	}
	s.labels = s.resource
	for i := range p.Attributes {
		p.Attributes[i].set(&s.labels, &s.out.text)
	}
	code := p.Status.Code.Loose(&s.out.text)
	s.rec = otelRecord{
		trace: otelID(p.TraceID), span: otelID(p.SpanID), parent: otelID(p.Parent), name: p.Name,
		failed: code == "2" || code == "STATUS_CODE_ERROR", isLog: isLog,
	}
	for _, raw := range [...]scan.Raw{p.Start, p.Time, p.Observed} {
		if n := otelInt(raw); n != 0 && s.rec.nanos == 0 {
			s.rec.nanos = n
		}
	}
	if isLog && p.Event != "" {
		s.labels.set("event.name", p.Event, 0)
	}
	s.record(raw)
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

// otelInt reads a number, or text with one in it.
func otelInt(raw scan.Raw) int64 {
	s := litellmBare(raw)
	if !cloudtrailDigits(s) || len(s) > 19 {
		return 0
	}
	n, _ := strconv.ParseInt(s, 10, 64) // too large a number is no time and no count
	return n
}

func (a *otelAttribute) set(l *labels, mem *arena.Text) {
	v := &a.Value
	switch {
	case v.Text != "":
		l.set(a.Key, v.Text, 0)
	case len(v.Int) > 0:
		l.set(a.Key, v.Int.Loose(mem), float64(otelInt(v.Int)))
	case v.Double != 0:
		l.set(a.Key, "", v.Double)
	case len(v.Bool) > 0:
		l.set(a.Key, v.Bool.Loose(mem), 0)
	}
}
