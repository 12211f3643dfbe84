package sources

import (
	"slices"
	"strings"
	"testing"

	"whence/correlate"
)

// vendorSources are the sources that have no test of their own beyond fixtures,
// samples and what is here.
var vendorSources = []string{
	teleportAudit, auth0Log, onePassword, cdEvents, circleCIWebhook, circleCIAudit, bitbucketAudit, argoCDServer, jenkinsBuild, terraformAudit, terraformRuns, vaultAuditHash,
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
	} {
		t.Run(tt.source, func(t *testing.T) { checkECS(t, tt.source, tt.dir, tt.opts) })
	}
}
