package sources

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/sources/scan"
)

func TestLiteLLMRefuses(t *testing.T) {
	const row = `{"request_id":"q1","call_type":"acompletion","startTime":"2026-03-02 08:00:05","metadata":{}}`
	const call = "litellm.acompletion"
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"a row", row, []string{call}},
		{"a list", `[` + row + `,null,` + row + `]`, []string{call, call, correlate.RejectSource}},
		{"a page", `{"data":[` + row + `,5]}`, []string{call, correlate.RejectSource}},
		{"a row with data", strings.Replace(row, `{}`, `{},"data":[1]`, 1), []string{call}},
		{"a page in a list", `[{"data":[` + row + `]}]`, []string{correlate.RejectSource}},
		{"no call type, though it has the member", `{"call_type":null,"data":[` + row + `]}`, []string{correlate.RejectSource}},
		{"no id", strings.Replace(row, `"q1"`, `{}`, 1), []string{correlate.RejectNoID}},
		{"an id that is a number", strings.Replace(row, `"q1"`, `12`, 1), []string{call}},
		{"no time", strings.Replace(row, `"2026-03-02 08:00:05"`, `"soon"`, 1), []string{correlate.RejectNoTime}},
		{"no object", `"x"`, []string{correlate.RejectSource}},
		{"broken", row[:50], []string{correlate.RejectNotJSON}},
		{"broken list", `[` + row, []string{correlate.RejectNotJSON}},
		{"deep", strings.Replace(row, `{}`, deep(), 1), []string{correlate.RejectTooDeep}},
		{"deep list", deep(), []string{correlate.RejectTooDeep}},
		{"metadata that are no JSON", strings.Replace(row, `{}`, `"{"`, 1), []string{call}},
		{"metadata that are deep, in a string", strings.Replace(row, `{}`, `"{\"a\":`+deep()+`}"`, 1), []string{call}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, outcomes(litellmSpend, tt.in)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// TestLiteLLMMetadata: what comes before the place where metadata break is kept,
// of metadata that nest too deep nothing.
func TestLiteLLMMetadata(t *testing.T) {
	var out Batch
	var r litellmRow
	for in, want := range map[string]string{
		`{"user_api_key_alias":"bot"}`:                           "bot",
		`"{\"user_api_key_alias\":\"b\\u00f6t\"}"`:               "b\u00f6t",
		`"{\"user_api_key_alias\":\"bot\",\"user_agent\":\""`:    "bot",
		`"{\"user_api_key_alias\":\"bot\",\"a\":` + deep() + `"`: "",
		`"[]"`: "", `"\"x\""`: "", `null`: "", `7`: "",
	} {
		if !r.read([]byte(`{"metadata":`+in+`}`), &out) || r.Metadata.KeyAlias != want {
			t.Errorf("%.60s: got %q, want %q", in, r.Metadata.KeyAlias, want)
		}
	}
}

func TestLiteLLMTime(t *testing.T) {
	for in, want := range map[string]string{
		`"2026-03-02 08:00:05.123456"`: "2026-03-02T08:00:05.123456Z",
		`"2026-03-02  8:00:05"`:        "2026-03-02T08:00:05Z",
		`"2026-03-02 08:00:05+05:30"`:  "2026-03-02T02:30:05Z",
		`" 2026-03-02T08:00:05.000Z "`: "2026-03-02T08:00:05Z",
		`"2026-03-02T08:00:05-07:00"`:  "2026-03-02T15:00:05Z",
		`"2026-03-02T08:00:05"`:        "2026-03-02T08:00:05Z",
		`1772442000`:                   "2026-03-02T09:00:00Z",
		`1772442000.123456`:            "2026-03-02T09:00:00.123456Z",
		`"1772442000.1234567891"`:      "2026-03-02T09:00:00.123456789Z",
		`1772442000123`:                "2026-03-02T09:00:00.123Z",
		`"2026-03-02x08:00:05"`:        "",
		`"2026-03-02 "`:                "",
		`"2026-03-02T"`:                "",
		`"2026-03-02"`:                 "",
		`"9999-12-31T23:59:59-12:00"`:  "",
		`"1772442000.-5"`:              "",
		`"soon"`:                       "",
		`-5`:                           "",
		`null`:                         "",
		``:                             "",
		`{"a":"2026-03-02T08:00:05"}`:  "",
	} {
		got := litellmTime(scan.Raw(in))
		if text := got.Format("2006-01-02T15:04:05.999999999Z07:00"); got.IsZero() != (want == "") || want != "" && text != want {
			t.Errorf("%s: got %s, want %q", in, text, want)
		}
	}
}
