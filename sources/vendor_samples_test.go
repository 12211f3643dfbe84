package sources

import (
	"path/filepath"
	"testing"
)

// vendorSamples are folders of real logs. Every value in them is one record and is
// detected as what it is; all of them are decoded, but for those listed.
var vendorSamples = []struct {
	source, dir string
	events      int
	// undetected are files whose values have too little left to tell what they are.
	undetected map[string]bool
	// rejects are the values that are not this log, by file and number from 0.
	rejects map[string]string
}{
	{source: kubernetesAudit, dir: "k8s/kubernetes_audit", events: 110},
	{source: gitlabLog, dir: "cicd/gitlab", events: 49},
	{source: teleportAudit, dir: "iam/teleport", events: 143},
	{source: auth0Log, dir: "iam/auth0", events: 52},
	{source: onePassword, dir: "vault/onepassword", events: 10},
	{source: cdEvents, dir: "cicd/cdevents", events: 3},
	{source: circleCIWebhook, dir: "cicd/circleci_webhooks", events: 2},
	{source: bitbucketAudit, dir: "cicd/bitbucket_audit", events: 89},
	{source: pingOneAudit, dir: "iam/pingone", events: 48},
	{source: snykAudit, dir: "cicd/snyk_audit", events: 4},
	{source: tinesAudit, dir: "cicd/tines_audit", events: 14},
	{
		source: bitwardenEvents, dir: "vault/bitwarden", events: 4,
		undetected: map[string]bool{"elastic-test-event.log": true},
		rejects:    map[string]string{"elastic-test-event.log": "the last value is a page without events"},
	},
	{source: lastPassReport, dir: "vault/lastpass", events: 48},
}

func TestVendorSamples(t *testing.T) {
	root := iamSamples(t)
	for _, tc := range vendorSamples {
		t.Run(tc.source+"/"+filepath.Base(tc.dir), func(t *testing.T) {
			s, ok := Find(tc.source)
			if !ok {
				t.Fatal("no such source")
			}
			var out Batch
			for _, path := range sampleFiles(t, filepath.Join(root, tc.dir)) {
				name := filepath.Base(path)
				for i, raw := range iamValues(t, path) {
					if found, _ := Detect(raw); found.Name != s.Name && !tc.undetected[name] {
						t.Errorf("%s value %d is detected as %q: %.160s", name, i, found.Name, raw)
					}
					before := len(out.Rejects)
					s.DecodeRecord(Input{Raw: raw, Scope: "prod"}, &out)
					if len(out.Rejects) > before && tc.rejects[name] == "" {
						t.Errorf("%s value %d: %+v", name, i, out.Rejects[before].Detail)
					}
				}
			}
			for i := range out.Events {
				checkEvent(t, s, &out.Events[i])
			}
			if len(out.Events) != tc.events {
				t.Errorf("got %d events, want %d", len(out.Events), tc.events)
			}
		})
	}
}

// sampleFiles are the logs of a folder, without what stands beside them.
func sampleFiles(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"*.log", "*.ndjson", "*.json", "*.jsonl"} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			if ok, _ := filepath.Match("*-expected.json", filepath.Base(p)); !ok {
				out = append(out, p)
			}
		}
	}
	if len(out) == 0 {
		t.Fatalf("no logs in %s", dir)
	}
	return out
}
