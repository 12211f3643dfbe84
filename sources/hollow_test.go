package sources

import (
	"testing"

	"whence/correlate"
)

// TestHollow: a page without lines is rejected as what it is, whoever asked for it, and
// what is no page of the log as before.
func TestHollow(t *testing.T) {
	for _, tt := range []struct{ source, raw, reason string }{
		{"bitwarden.events", `{"object":"list","data":[],"continuationToken":null}`, correlate.RejectEmpty},
		{"aws.cloudtrail", `{"Records":[]}`, correlate.RejectEmpty},
		{"aws.cloudtrail", ` { "Records" : [ ] } `, correlate.RejectEmpty},
		{"azure.activity", `{"records":[]}`, correlate.RejectEmpty},
		{"google_workspace", `{"kind":"admin#reports#activities","etag":"x","items":[]}`, correlate.RejectEmpty},
		{"google_workspace", `{"kind":"admin#reports#activities","etag":"x"}`, correlate.RejectEmpty},
		{"onepassword.events", `{"cursor":"x","has_more":false,"items":[]}`, correlate.RejectEmpty},
		{"openai.audit", `{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}`, correlate.RejectEmpty},
		{"entra.signin", `{"@odata.context":"x","value":[]}`, correlate.RejectEmpty},
		{"pingone.audit", `{"_links":{"self":{"href":"x"}},"_embedded":{"activities":[]},"count":0,"size":0}`, correlate.RejectEmpty},
		{"tines.audit", `{"audit_logs":[],"meta":{"count":0}}`, correlate.RejectEmpty},
		{"lastpass.report", `{"status":"OK","next":null,"data":{}}`, correlate.RejectEmpty},
		{"snyk.audit", `{"data":{"items":[]},"links":{}}`, correlate.RejectEmpty},
		{"kubernetes.audit", `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[]}`, correlate.RejectEmpty},
		{"okta.system_log", `[]`, correlate.RejectEmpty},
		{"otel.genai", `{"resourceSpans":[]}`, correlate.RejectEmpty},
		{"gcp.audit", `{"entries":[]}`, correlate.RejectEmpty},

		{"aws.cloudtrail", `{"Records":[{}]}`, correlate.RejectSource},
		{"aws.cloudtrail", `{"Records":[],"records":[{}]}`, correlate.RejectSource},
		{"okta.system_log", `{"user":"x","tags":[]}`, correlate.RejectSource},
		{"okta.system_log", `{"data":{"user":"x"}}`, correlate.RejectSource},
		{"okta.system_log", `[{}]`, correlate.RejectSource},
		{"okta.system_log", `{}`, correlate.RejectSource},
		{"okta.system_log", `{"items":[]`, correlate.RejectNotJSON},
	} {
		s, ok := Find(tt.source)
		if !ok {
			t.Fatal(tt.source)
		}
		var out Batch
		s.DecodeRecord(Input{Raw: []byte(tt.raw)}, &out)
		if len(out.Events) > 0 || len(out.Rejects) != 1 || out.Rejects[0].Reason != tt.reason {
			t.Errorf("%s %s: got %d events and %+v, want one reject, %s", tt.source, tt.raw, len(out.Events), out.Rejects, tt.reason)
		}
	}
}
