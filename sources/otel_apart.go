package sources

import (
	"whence/correlate"
	"whence/sources/scan"
)

// A request whose members stand in an odd order, or that is broken somewhere, is read in
// two passes: what is in it, and then each span by itself. A broken span costs no other.

// otelApart is a request, and the bytes of its spans.
type otelApart struct {
	Spans []struct {
		Resource otelResourceApart `json:"resource"`
		Scopes   []struct {
			Spans []scan.Raw `json:"spans"`
		} `json:"scopeSpans"`
	} `json:"resourceSpans"`
	Logs []struct {
		Resource otelResourceApart `json:"resource"`
		Scopes   []struct {
			Records []scan.Raw `json:"logRecords"`
		} `json:"scopeLogs"`
	} `json:"resourceLogs"`
}

type otelResourceApart struct {
	Attributes []otelAttribute `json:"attributes"`
}

// otelLine is a span by itself.
type otelLine struct {
	Order scan.Order
	otelHead
	Attributes []otelAttribute `json:"attributes"`
}

var (
	otelsApart     = scan.Of[otelApart]()
	otelLinesApart = scan.Of[otelLine]()
)

func (s *otelScratch) jsonApart(raw scan.Raw) {
	r := &s.apart
	if !read(s.out, otelsApart, raw, r) {
		return
	}
	if len(r.Spans)+len(r.Logs) == 0 {
		s.out.reject(raw, correlate.RejectSource, "neither resourceSpans nor resourceLogs: not OTLP")
		return
	}
	for i := range r.Spans {
		s.resourceOf(r.Spans[i].Resource.Attributes)
		for j := range r.Spans[i].Scopes {
			for _, span := range r.Spans[i].Scopes[j].Spans {
				s.recordApart(span, false)
			}
		}
	}
	for i := range r.Logs {
		s.resourceOf(r.Logs[i].Resource.Attributes)
		for j := range r.Logs[i].Scopes {
			for _, record := range r.Logs[i].Scopes[j].Records {
				s.recordApart(record, true)
			}
		}
	}
}

func (s *otelScratch) resourceOf(attributes []otelAttribute) {
	s.resource.reset()
	for i := range attributes {
		attributes[i].set(&s.resource, &s.value, &s.out.text)
	}
}

func (s *otelScratch) recordApart(raw scan.Raw, isLog bool) {
	p := &s.line
	if !read(s.out, otelLinesApart, raw, p) {
		return
	}
	s.labels.copy(&s.resource)
	for i := range p.Attributes {
		if !p.Attributes[i].set(&s.labels, &s.value, &s.out.text) {
			s.out.refuse(raw, scan.ErrSyntax)
			return
		}
	}
	s.jsonRecord(&p.otelHead, raw, isLog)
}
