package sources

import (
	"cmp"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The LiteLLM gateway's SpendLogs rows, and the StandardLoggingPayload that its
// callbacks send: https://docs.litellm.ai/docs/proxy/logging_spec. One line is
// one model or tool call. Lines only say which key was used, never that it was
// made, so this log mints nothing.
const litellmSpend = "litellm.spend"

var _ = register(Source{
	Name:     litellmSpend,
	Lateness: 2 * time.Minute,
	Detect:   litellmDetect,
	Decode:   litellmDecode,
})

func litellmDetect(v Value) bool {
	if data := v.Member("data"); !v.Has("call_type") && data.Has("call_type") {
		v = data
	}
	return v.Has("call_type", "startTime") && (v.Has("request_id") || v.Has("id"))
}

func litellmDecode(in Input, out *Batch) {
	raw := scan.Raw(in.Raw)
	if raw.IsList() { // as the generic callback sends them
		if err := scan.Valid(raw); err != nil {
			out.refuse(raw, err)
			return
		}
		litellmEach(in, raw, out)
		return
	}
	r := scratch[litellmRow](out)
	switch ok := r.read(raw, out); {
	case !ok:
	case r.CallType == nil && r.Data.IsList(): // a page that the spend API answered with
		litellmEach(in, r.Data, out)
	default:
		litellmAppend(in, raw, r, out)
	}
}

func litellmEach(in Input, list scan.Raw, out *Batch) {
	r := scratch[litellmRow](out)
	for raw := range list.Elements() {
		if r.read(raw, out) {
			litellmAppend(in, raw, r, out)
		}
	}
}

func litellmAppend(in Input, raw []byte, r *litellmRow, out *Batch) {
	start := litellmTime(r.StartTime)
	at := start
	if at.IsZero() {
		at = litellmTime(r.EndTime)
	}
	r.settle(out)
	switch {
	case r.callType == "" && start.IsZero():
		out.reject(raw, correlate.RejectSource, "not a LiteLLM spend row: it has neither call_type nor startTime")
		return
	case r.id == "":
		out.reject(raw, correlate.RejectNoID, "the row has no request_id")
		return
	case at.IsZero():
		out.reject(raw, correlate.RejectNoTime, "the row has no startTime that can be read")
		return
	}
	m := &r.Metadata
	out.Events = append(out.Events, correlate.Event{
		ID:       out.sums.ID(litellmSpend, in.Scope, r.id),
		EventID:  r.id,
		Time:     at,
		Primary:  true,
		Action:   out.text.Join("litellm.", cmp.Or(r.callType, "call")),
		Class:    correlate.Model,
		Evidence: correlate.Evidence{SHA256: out.hash(raw)},
		Context: correlate.Context{
			IP: r.IP, Agent: m.UserAgent, Session: r.SessionID.Loose(&out.text), Trace: r.TraceID.Loose(&out.text),
			App: cmp.Or(m.KeyAlias, m.TeamAlias), Unit: cmp.Or(m.TeamAlias, m.OrgAlias, r.TeamID, r.OrganizationID),
		},
	})
	e := &out.Events[len(out.Events)-1]
	e.ActionID = e.ID
	e.Outcome, e.Error = r.outcome(out)
	r.touch(e, out)
	r.walk(e, in.Scope, out)
}
