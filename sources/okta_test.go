package sources

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/sources/scan"
)

// outcomes are what a record became: events by their action, rejects by reason.
func outcomes(source, raw string) (got []string) {
	s, _ := Find(source)
	var out Batch
	s.Decode(Input{Raw: []byte(raw)}, &out)
	for i := range out.Events {
		got = append(got, out.Events[i].Action)
	}
	for _, r := range out.Rejects {
		got = append(got, r.Reason)
	}
	return got
}

// deep nests lists beyond what is decoded.
func deep() string {
	return strings.Repeat("[", scan.MaxDepth+1) + strings.Repeat("]", scan.MaxDepth+1)
}

func TestOktaRefuses(t *testing.T) {
	const event = `{"uuid":"u1","published":"2026-03-02T08:00:05Z","eventType":"zone.update","actor":{"id":"00u1","type":"User"}}`
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"an event", event, []string{"zone.update"}},
		{"nothing", `null`, []string{correlate.RejectSource}},
		{"no event", `{"hello":"world"}`, []string{correlate.RejectSource}},
		{"no object", `5`, []string{correlate.RejectInvalid}},
		{"id that is no text", strings.Replace(event, `"u1"`, `7`, 1), []string{correlate.RejectInvalid}},
		{"type that is no text", strings.Replace(event, `"zone.update"`, `["x"]`, 1), []string{correlate.RejectInvalid}},
		{"id that is null", strings.Replace(event, `"u1"`, `null`, 1), []string{"zone.update"}},
		{"list of anything", `[` + event + `,null,5,"x",` + event + `]`,
			[]string{"zone.update", "zone.update", correlate.RejectSource, correlate.RejectInvalid, correlate.RejectInvalid}},
		{"broken", event[:40], []string{correlate.RejectNotJSON}},
		{"broken list", `[` + event + `,`, []string{correlate.RejectNotJSON}},
		{"broken where nobody looks", strings.Replace(event, `{"uuid"`, `{"device":{"a":tru},"uuid"`, 1), []string{correlate.RejectNotJSON}},
		{"envelope with a broken event", `{"events":[` + event + `,{"device":tru}]}`, []string{correlate.RejectNotJSON}},
		{"envelopes in one another", `[[[[[` + event + `]]]]]`, []string{correlate.RejectTooDeep}},
		{"as many envelopes as are opened", `[[[[` + event + `]]]]`, []string{"zone.update"}},
		{"deep list", deep(), []string{correlate.RejectTooDeep}},
		{"deep member", strings.Replace(event, `{"uuid"`, `{"device":`+deep()+`,"uuid"`, 1), []string{correlate.RejectTooDeep}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, outcomes("okta.system_log", tt.in)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestOktaTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-03-02T08:00:05.843Z":       "2026-03-02T08:00:05.843Z",
		"2026-03-02T08:00:05-07:00":      "2026-03-02T15:00:05Z",
		"2026-03-02T08:00:05.5+0200":     "2026-03-02T06:00:05.5Z",
		"2026-03-02T08:00:05-0730":       "2026-03-02T15:30:05Z",
		"2026-03-02 08:00:05.123":        "2026-03-02T08:00:05.123Z",
		"2026-03-02 8:00:05":             "2026-03-02T08:00:05Z",
		"2026-03-02T8:00:05Z":            "2026-03-02T08:00:05Z",
		"2026-03-02 08:00:05Z":           "",
		"2026-03-02T08:00:05":            "",
		"2026-03-02":                     "",
		"":                               "",
		"-":                              "",
		"9999-12-31T23:59:59-12:00":      "",
		"soon, or later, or whenever it": "",
	} {
		got, ok := oktaTime(in)
		if text := got.Format("2006-01-02T15:04:05.999Z07:00"); ok != (want != "") || ok && text != want {
			t.Errorf("%q: got %s %v, want %q", in, text, ok, want)
		}
	}
}
