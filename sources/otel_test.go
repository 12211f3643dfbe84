package sources

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"whence/correlate"
	"whence/sources/prices"
)

// TestOTelProtobuf: what is told in protobuf is what is told in JSON, but for the
// bytes it was told in.
func TestOTelProtobuf(t *testing.T) {
	s, _ := Find(otelName)
	n := 0
	for _, f := range fixtures(t, otelName) {
		for _, in := range f.inputs {
			raw, ok := otelEncode(t, in.Raw)
			if !ok {
				continue
			}
			var a, b Batch
			s.DecodeRecord(in, &a)
			s.DecodeRecord(Input{Raw: raw}, &b)
			for i := range a.Events {
				n++
				if i < len(b.Events) && len(a.Events[i].EventID) == 64 { // by its bytes
					x, y := &a.Events[i], &b.Events[i]
					y.EventID, y.ID, y.ActionID = x.EventID, x.ID, x.ActionID
					for j := range y.Mints {
						y.Mints[j].EventID, y.Mints[j].Origin = x.EventID, x.ID
					}
				}
			}
			for _, out := range []*Batch{&a, &b} {
				for i := range out.Events {
					out.Events[i].Evidence = correlate.Evidence{}
				}
				out.Rejects = nil
			}
			if d := cmp.Diff(string(render(t, &a)), string(render(t, &b))); d != "" {
				t.Errorf("-json +protobuf:\n%s", d)
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d events", n)
	}
}

func TestOTelBinary(t *testing.T) {
	s, _ := Find(otelName)
	for _, tt := range []struct {
		name, in, want string
	}{
		{"nothing", "", correlate.RejectEmpty},
		{"no message", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", correlate.RejectInvalid},
		{"a message of something else", "\x0a\x02hi", correlate.RejectSource},
		{"an empty message", "\x0a\x00", correlate.RejectSource},
		{"text", "hello", correlate.RejectInvalid},
		{"JSON after a line feed", "\n{\"resourceSpans\":[{}]}", correlate.RejectSource},
		{"broken JSON", "{", correlate.RejectNotJSON},
	} {
		var out Batch
		s.DecodeRecord(Input{Raw: []byte(tt.in)}, &out)
		if len(out.Rejects) != 1 || out.Rejects[0].Reason != tt.want || string(out.Rejects[0].Raw) != tt.in {
			t.Errorf("%s: got %+v, want %s", tt.name, out.Rejects, tt.want)
		}
	}
}

// TestOTelTokens: tokens of caches are counted once, whichever way a library counts.
func TestOTelTokens(t *testing.T) {
	for _, tt := range []struct {
		set  map[string]float64
		want prices.Tokens
	}{
		{map[string]float64{"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.cache_read.input_tokens": 600, "gen_ai.usage.output_tokens": 5}, prices.Tokens{Input: 400, CacheRead: 600, Output: 5}},
		{map[string]float64{"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read_input_tokens": 600}, prices.Tokens{Input: 10, CacheRead: 600}},
		{map[string]float64{"input_tokens": 1000, "cache_read_tokens": 600}, prices.Tokens{Input: 1000, CacheRead: 600}},
	} {
		var s otelScratch
		for k, v := range tt.set {
			s.labels.set(k, "", v)
		}
		if got := s.tokens(); got != tt.want {
			t.Errorf("%v: got %+v, want %+v", tt.set, got, tt.want)
		}
	}
}

// TestOTelOrder: in whichever order a request is written, what is told of it is what is
// told of it read apart.
func TestOTelOrder(t *testing.T) {
	const (
		resource = `"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"desk"}}]}`
		another  = `"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]}`
		spans    = `"scopeSpans":[{"spans":[{"spanId":"0123456789abcdef","traceId":"1","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}}]}]}]`
		two      = `"scopeSpans":[{"spans":[{"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}}]},{"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"execute_tool"}}]}]}]`
		bad      = `"scopeSpans":[{"spans":[{"name":"\x","attributes":[]},{"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}}]},5]}]`
		badText  = `"scopeSpans":[{"spans":[{"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"\x"}}]},{"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}}]}]}]`
		logs     = `"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"claude_code.api_request","timeUnixNano":"1772442000000000000"}]}]}]`
	)
	for _, tt := range []struct {
		name, in        string
		events, rejects int
	}{
		{"as Collectors write", `{"resourceSpans":[{` + resource + `,` + two + `},{` + spans + `}],` + logs + `}`, 4, 0},
		{"resource last", `{"resourceSpans":[{` + spans + `,` + resource + `}]}`, 1, 0},
		{"two resources", `{"resourceSpans":[{` + resource + `,` + another + `,` + spans + `}]}`, 1, 0},
		{"spans twice", `{"resourceSpans":[{` + resource + `,` + spans + `,` + two + `}]}`, 2, 0},
		{"requests twice", `{"resourceSpans":[{` + spans + `}],"resourceSpans":[{` + two + `}]}`, 2, 0},
		{"log records first", `{` + logs + `,"resourceSpans":[{` + two + `}]}`, 3, 0},
		{"a broken span", `{"resourceSpans":[{` + resource + `,` + bad + `}]}`, 1, 2},
		{"broken text", `{"resourceSpans":[{` + resource + `,` + badText + `}]}`, 1, 1},
		{"broken at the end", `{"resourceSpans":[{` + resource + `,` + spans + `}]`, 0, 1},
		{"no objects", `{"resourceSpans":[5,{` + spans + `}]}`, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := Find(otelName)
			var got, want Batch
			got.Poison()
			s.DecodeRecord(Input{Raw: []byte(tt.in)}, &got)
			apart := &otelScratch{out: &want}
			apart.jsonApart([]byte(tt.in))
			for _, b := range []*Batch{&got, &want} {
				for i := range b.Rejects {
					b.Rejects[i].Source = ""
				}
				for i := range b.Events {
					b.Events[i].Source = otelName
				}
			}
			if d := cmp.Diff(string(render(t, &want)), string(render(t, &got))); d != "" {
				t.Errorf("-apart +told:\n%s", d)
			}
			if len(got.Events) != tt.events || len(got.Rejects) != tt.rejects {
				t.Errorf("%d events and %d rejects, want %d and %d", len(got.Events), len(got.Rejects), tt.events, tt.rejects)
			}
		})
	}
}

// TestOTelHostile: a request of very many spans and attributes takes no memory for them.
func TestOTelHostile(t *testing.T) {
	many := strings.Repeat("{},", 1<<20)
	s, _ := Find(otelName)
	var out Batch
	in := Input{Raw: []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[` + many +
		`{"attributes":[` + many + `{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}}]}]}]}]}`)}
	n := testing.AllocsPerRun(1, func() {
		out.Reset()
		s.DecodeRecord(in, &out)
	})
	if n > 0 || len(out.Events) != 1 || len(out.Rejects) > 0 {
		t.Errorf("%v allocations, %d events, %+v", n, len(out.Events), out.Rejects)
	}
}

func BenchmarkDecodeOTel(b *testing.B) {
	lines, binary := otelLines(b)
	b.Run("json", func(b *testing.B) { benchDecode(b, otelName, lines) })
	b.Run("protobuf", func(b *testing.B) { benchDecode(b, otelName, binary) })
}

func TestOTelAllocatesNothing(t *testing.T) {
	lines, binary := otelLines(t)
	allocatesNothing(t, otelName, lines)
	allocatesNothing(t, otelName, binary)
}

// otelLines are the fixtures' requests, in JSON and in protobuf, but for those that are
// odd: such may go to the heap.
func otelLines(t testing.TB) (lines, binary []Input) {
	for _, f := range fixtures(t, otelName) {
		if strings.HasSuffix(f.path, "odd.txtar") {
			continue
		}
		for _, in := range f.inputs {
			if raw, ok := otelEncode(t, in.Raw); ok {
				lines, binary = append(lines, in), append(binary, Input{Raw: raw})
			}
		}
	}
	return lines, binary
}

// otelEncode writes a request in JSON as protobuf, if it is one.
func otelEncode(t testing.TB, raw []byte) ([]byte, bool) {
	t.Helper()
	var doc struct {
		Spans, Logs []map[string]any
		S           []map[string]any `json:"resourceSpans"`
		L           []map[string]any `json:"resourceLogs"`
	}
	if json.Unmarshal(raw, &doc) != nil || len(doc.S)+len(doc.L) == 0 {
		return nil, false
	}
	var out []byte
	for _, r := range append(doc.S, doc.L...) {
		var b []byte
		if res, ok := r["resource"].(map[string]any); ok {
			b = message(b, 1, attributes(nil, 1, res["attributes"]))
		}
		for _, list := range []string{"scopeSpans", "scopeLogs"} {
			scopes, _ := r[list].([]any)
			for _, sc := range scopes {
				var inner []byte
				spans, _ := sc.(map[string]any)["spans"].([]any)
				records, _ := sc.(map[string]any)["logRecords"].([]any)
				for _, sp := range append(spans, records...) {
					if m, ok := sp.(map[string]any); ok {
						inner = message(inner, 2, record(m, list == "scopeLogs"))
					}
				}
				b = message(b, 2, inner)
			}
		}
		out = message(out, 1, b)
	}
	return out, true
}

func message(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func record(m map[string]any, isLog bool) []byte {
	id := func(name string) []byte { b, _ := hex.DecodeString(text(m[name])); return b }
	fixed := func(b []byte, num protowire.Number, name string) []byte {
		n, _ := strconv.ParseUint(text(m[name]), 10, 64)
		return protowire.AppendFixed64(protowire.AppendTag(b, num, protowire.Fixed64Type), n)
	}
	var b []byte
	if isLog {
		b = fixed(b, 1, "timeUnixNano")
		if body, ok := m["body"].(map[string]any); ok {
			b = message(b, 5, message(nil, 1, []byte(text(body["stringValue"]))))
		}
		b = attributes(b, 6, m["attributes"])
		b = message(message(b, 9, id("traceId")), 10, id("spanId"))
		b = fixed(b, 11, "observedTimeUnixNano")
		return message(b, 12, []byte(text(m["eventName"])))
	}
	b = message(message(message(b, 1, id("traceId")), 2, id("spanId")), 4, id("parentSpanId"))
	b = fixed(message(b, 5, []byte(text(m["name"]))), 7, "startTimeUnixNano")
	b = attributes(b, 9, m["attributes"])
	if st, ok := m["status"].(map[string]any); ok {
		code := uint64(0)
		if c := text(st["code"]); c == "2" || c == "STATUS_CODE_ERROR" {
			code = 2
		}
		b = message(b, 15, protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), code))
	}
	return b
}

func attributes(b []byte, num protowire.Number, list any) []byte {
	l, _ := list.([]any)
	for _, a := range l {
		a := a.(map[string]any)
		var v []byte
		for name, value := range a["value"].(map[string]any) {
			switch name {
			case "stringValue":
				v = message(v, 1, []byte(text(value)))
			case "intValue":
				n, _ := strconv.ParseInt(text(value), 10, 64)
				v = protowire.AppendVarint(protowire.AppendTag(v, 3, protowire.VarintType), uint64(n))
			case "doubleValue":
				v = protowire.AppendFixed64(protowire.AppendTag(v, 4, protowire.Fixed64Type), math.Float64bits(value.(float64)))
			}
		}
		b = message(b, num, message(message(nil, 1, []byte(text(a["key"]))), 2, v))
	}
	return b
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// TestOTelShortEvents: as Claude Code writes them.
func TestOTelShortEvents(t *testing.T) {
	s, _ := Find(otelName)
	line := []byte(`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"claude-code"}}]},"scopeLogs":[{"logRecords":[` +
		`{"timeUnixNano":"1772442000000000000","body":{"stringValue":"claude_code.api_request"},"attributes":[{"key":"event.name","value":{"stringValue":"api_request"}},{"key":"model","value":{"stringValue":"claude-sonnet-4-5"}},{"key":"user.email","value":{"stringValue":"lena.bauer@example.com"}}]},` +
		`{"timeUnixNano":"1772442001000000000","body":{"stringValue":"of another program"},"attributes":[{"key":"event.name","value":{"stringValue":"api_request"}}]}]}]}]}`)
	proto, _ := otelEncode(t, line)
	for _, raw := range [][]byte{line, proto} {
		var out Batch
		s.DecodeRecord(Input{Raw: raw}, &out)
		if len(out.Events) != 1 || out.Events[0].Usage.Model != "claude-sonnet-4-5" || out.Events[0].Class != correlate.Model {
			t.Errorf("got %d events, want the first: %+v", len(out.Events), out.Rejects)
		}
	}
}
