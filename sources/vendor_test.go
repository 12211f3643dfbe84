package sources

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"whence/correlate"
)

// vendorSources are the sources that have no test of their own beyond fixtures,
// samples and what is here.
var vendorSources = []string{
	teleportAudit, auth0Log, onePassword, cdEvents, circleCIWebhook, circleCIAudit, bitbucketAudit, argoCDServer, jenkinsBuild, terraformAudit, terraformRuns, vaultAuditHash,
	pingOneAudit, snykAudit, tinesAudit, bitwardenEvents, lastPassReport,
}

func BenchmarkDecodeVendors(b *testing.B) {
	for _, s := range vendorSources {
		b.Run(s, func(b *testing.B) { benchDecode(b, s, eventLines(b, s)) })
	}
}

func TestVendorsAllocateNothing(t *testing.T) {
	for _, s := range vendorSources {
		t.Run(s, func(t *testing.T) {
			lines := eventLines(t, s)
			if len(lines) == 0 {
				t.Fatal("no lines")
			}
			allocatesNothing(t, s, lines)
		})
	}
}

// No secret of the fixtures comes out of any source.
func TestSecretsStayIn(t *testing.T) {
	for _, s := range All() {
		for _, f := range fixtures(t, s.Name) {
			var out Batch
			for _, in := range f.inputs {
				s.DecodeRecord(in, &out)
			}
			out.Rejects = slices.Clip(out.Rejects[:0]) // those have the bytes, for whoever may read them
			if strings.Contains(string(render(t, &out)), "SECRET-MARKER") {
				t.Errorf("%s: a secret of the log comes out", f.path)
			}
		}
	}
}

// after is an action without what is put before it here.
func after(prefix string) func(*correlate.Event) string {
	return func(e *correlate.Event) string { return strings.TrimPrefix(e.Action, prefix) }
}

func TestVendorECS(t *testing.T) {
	for _, tt := range []struct {
		source, dir string
		opts        ecsOptions
	}{
		{teleportAudit, "iam/teleport", ecsOptions{}},
		{auth0Log, "iam/auth0", ecsOptions{action: after("auth0.")}},
		{onePassword, "vault/onepassword", ecsOptions{action: func(e *correlate.Event) string {
			return e.Action[strings.LastIndexByte(e.Action, '.')+1:]
		}}},
		{bitbucketAudit, "cicd/bitbucket_audit", ecsOptions{}},
		{pingOneAudit, "iam/pingone", ecsOptions{action: after("pingone.")}},
		{snykAudit, "cicd/snyk_audit", ecsOptions{action: after("snyk.")}},
		{tinesAudit, "cicd/tines_audit", ecsOptions{action: after("tines.")}},
		{lastPassReport, "vault/lastpass", ecsOptions{action: after("lastpass.")}},
	} {
		t.Run(tt.source, func(t *testing.T) { checkECS(t, tt.source, tt.dir, tt.opts) })
	}
}

// The last value of Bitwarden's sample is an empty page, of which there is no event.
func TestBitwardenECS(t *testing.T) {
	path := filepath.Join(iamSamples(t), "vault", "bitwarden", "elastic-test-event.log")
	raw, err := os.ReadFile(path + "-expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct{ Expected []map[string]any }
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	got := decodeFile(t, bitwardenEvents, path, nil)
	if len(got.Events) != 4 || len(got.Rejects) != 1 {
		t.Fatalf("got %d events and %d rejects, want 4 and the empty page", len(got.Events), len(got.Rejects))
	}
	c := ecsCheck{t: t, told: map[string]bool{}, opts: ecsOptions{differs: map[string]string{
		"bitwarden 1 actor": "ECS has the member that the event is about, and not the user who acted",
	}}}
	for i := range got.Events {
		c.event("bitwarden", i+1, &got.Events[i], want.Expected[i])
	}
}
