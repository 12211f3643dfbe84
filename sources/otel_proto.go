package sources

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"whence/correlate"
	"whence/correlate/arena"
)

// OTLP in protobuf, read off the wire: ExportTraceServiceRequest and
// ExportLogsServiceRequest, and the data of either without the request, which look the
// same. Numbers of fields are those of opentelemetry-proto, which never change.

// proto reads a request. What was read before a message breaks stays.
func (s *otelScratch) proto(raw []byte) {
	whole := protoEach(raw, func(num protowire.Number, v []byte, _ uint64) bool {
		return num != 1 || s.protoResource(v) // resource_spans, resource_logs
	})
	if !whole {
		s.out.reject(raw, correlate.RejectInvalid, "neither JSON nor a whole message of OTLP in protobuf")
	}
}

func (s *otelScratch) protoResource(b []byte) bool {
	s.resource.reset()
	ok := protoEach(b, func(num protowire.Number, v []byte, _ uint64) bool {
		return num != 1 || protoEach(v, func(num protowire.Number, v []byte, _ uint64) bool {
			return num != 1 || protoAttribute(v, &s.resource, &s.out.text)
		})
	})
	return ok && protoEach(b, func(num protowire.Number, v []byte, _ uint64) bool { // scope_spans, scope_logs
		return num != 2 || protoEach(v, func(num protowire.Number, v []byte, _ uint64) bool {
			return num != 2 || s.protoRecord(v)
		})
	})
}

// protoRecord reads a span, whose first field is an id, or a log record, whose first
// field is a time.
func (s *otelScratch) protoRecord(b []byte) bool {
	s.labels.copy(&s.resource)
	s.rec = otelRecord{}
	r, mem := &s.rec, &s.out.text
	_, typ, n := protowire.ConsumeTag(b)
	r.isLog = n > 0 && typ == protowire.Fixed64Type
	var observed int64
	event, body := "", ""
	ok := protoEach(b, func(num protowire.Number, v []byte, x uint64) bool {
		switch {
		case r.isLog && num == 1, !r.isLog && num == 7:
			r.nanos = int64(min(x, math.MaxInt64))
		case r.isLog && num == 11:
			observed = int64(min(x, math.MaxInt64))
		case r.isLog && num == 12:
			event = protoText(v)
		case r.isLog && num == 5:
			return protoEach(v, func(num protowire.Number, v []byte, _ uint64) bool {
				if num == 1 {
					body = protoText(v)
				}
				return true
			})
		case !r.isLog && num == 1, r.isLog && num == 9:
			r.trace = protoID(v, mem)
		case !r.isLog && num == 2, r.isLog && num == 10:
			r.span = protoID(v, mem)
		case !r.isLog && num == 4:
			r.parent = protoID(v, mem)
		case !r.isLog && num == 5:
			r.name = protoText(v)
		case !r.isLog && num == 9, r.isLog && num == 6:
			return protoAttribute(v, &s.labels, mem)
		case !r.isLog && num == 15:
			return protoEach(v, func(num protowire.Number, _ []byte, x uint64) bool {
				r.failed = r.failed || num == 3 && x == 2
				return true
			})
		}
		return true
	})
	if !ok {
		return false
	}
	if r.nanos == 0 {
		r.nanos = observed
	}
	if r.isLog {
		s.event(event, body)
	}
	s.record(b)
	return true
}

// protoAttribute reads a KeyValue.
func protoAttribute(b []byte, l *labels, mem *arena.Text) bool {
	var key, text string
	var number float64
	ok := protoEach(b, func(num protowire.Number, v []byte, _ uint64) bool {
		if num == 1 {
			key = protoText(v)
		}
		return num != 2 || protoEach(v, func(num protowire.Number, v []byte, x uint64) bool {
			switch num {
			case 1:
				text = protoText(v)
			case 2:
				if text = "false"; x != 0 {
					text = "true"
				}
			case 3:
				number, text = float64(int64(x)), protoDecimal(int64(x), mem)
			case 4:
				number = math.Float64frombits(x)
			}
			return true
		})
	})
	if ok && !math.IsNaN(number) && !math.IsInf(number, 0) {
		l.set(key, text, number)
	}
	return ok
}

// protoEach calls visit for each field of a message: with the content of a field that
// has a length, and the number of any other. It reports whether all of b is a message
// and visit was content.
func protoEach(b []byte, visit func(num protowire.Number, v []byte, x uint64) bool) bool {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		var v []byte
		var x uint64
		switch typ {
		case protowire.BytesType:
			v, n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			x, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			x, n = protowire.ConsumeFixed64(b)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 || !visit(num, v, x) {
			return false
		}
		b = b[n:]
	}
	return true
}

// protoWhole reports whether b is a message throughout, as far as its outermost fields
// tell.
func protoWhole(b []byte) bool {
	return protoEach(b, func(protowire.Number, []byte, uint64) bool { return true })
}

func protoText(v []byte) string {
	if !utf8.Valid(v) {
		return strings.ToValidUTF8(string(v), "\uFFFD") // against the standard, so it may allocate
	}
	return arena.View(v)
}

// protoID is an id of bytes in hex; one of zeros is none.
func protoID(v []byte, mem *arena.Text) string {
	for _, c := range v {
		if c != 0 && len(v) <= 32 {
			return mem.Hex(v)
		}
	}
	return ""
}

func protoDecimal(n int64, mem *arena.Text) string {
	var room [20]byte
	return mem.Join(arena.View(strconv.AppendInt(room[:0], n, 10)))
}
