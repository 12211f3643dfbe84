package sources

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"whence/correlate"
	"whence/correlate/arena"
)

// TestIAMSecrets: nothing marked as a secret in the fixtures gets out.
func TestIAMSecrets(t *testing.T) {
	for name, least := range map[string]int{"okta.system_log": 20, "vault.audit": 100} {
		s, _ := Find(name)
		in := 0
		for _, f := range fixtures(t, name) {
			var out Batch
			for _, raw := range f.inputs {
				in += bytes.Count(raw.Raw, []byte("SECRET-MARKER"))
				s.DecodeRecord(raw, &out)
			}
			for i := range out.Rejects {
				out.Rejects[i].Raw = nil // goes to the rejects topic as it came
			}
			if bytes.Contains(render(t, &out), []byte("SECRET-MARKER")) {
				t.Errorf("%s: a secret got out", f.path)
			}
		}
		if in < least {
			t.Errorf("%s: only %d secrets in the fixtures", name, in)
		}
	}
}

func TestOktaClass(t *testing.T) {
	for eventType, want := range map[string]correlate.Class{
		"user.session.start":                  correlate.Auth,
		"user.authentication.auth_via_mfa":    correlate.Auth,
		"user.session.impersonation.grant":    correlate.Admin,
		"user.account.privilege.grant":        correlate.Admin,
		"user.account.reset_password":         correlate.Write,
		"user.lifecycle.create":               correlate.Write,
		"policy.evaluate_sign_on":             correlate.Auth,
		"policy.rule.update":                  correlate.Admin,
		"zone.create":                         correlate.Admin,
		"system.api_token.create":             correlate.Admin,
		"group.privilege.grant":               correlate.Admin,
		"group.user_membership.add":           correlate.Write,
		"application.lifecycle.delete":        correlate.Admin,
		"application.user_membership.add":     correlate.Write,
		"app.oauth2.as.token.grant":           correlate.Auth,
		"app.oauth2.client.lifecycle.create":  correlate.Admin,
		"iam.resourceset.create":              correlate.Admin,
		"app.access_request.request":          correlate.Write,
		"app.accessed":                        correlate.Read,
		"system.log_stream.read":              correlate.Read,
		"something.new":                       correlate.Write,
		"security.threat.detected":            correlate.Auth,
		"security.authenticator.lifecycle.up": correlate.Admin,
	} {
		if got := oktaClass(eventType); got != want {
			t.Errorf("%s: got %s, want %s", eventType, got, want)
		}
	}
}

func TestOktaSnake(t *testing.T) {
	for in, want := range map[string]string{
		"User": "user", "AppInstance": "app_instance", "AIAgent": "ai_agent", "OAuth2Client": "o_auth2_client", "": "unknown", "AUTH SERVER": "auth_server",
	} {
		if got := oktaSnake(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestVaultClass(t *testing.T) {
	tests := []struct {
		op, kind, path string
		action         string
		class          correlate.Class
	}{
		{"update", "userpass", "auth/userpass/login/carol", "vault.login", correlate.Auth},
		{"update", "oidc", "auth/corp/oidc/auth_url", "vault.update", correlate.Auth},
		{"update", "token", "auth/token/create-orphan", "vault.token_create", correlate.Auth},
		{"update", "token", "auth/token/revoke-self", "vault.token_revoke", correlate.Auth},
		{"read", "token", "auth/token/lookup-self", "vault.token_lookup", correlate.Read},
		{"update", "token", "auth/token/roles/ci", "vault.update", correlate.Admin},
		{"update", "kubernetes", "auth/kubernetes/role/checkout", "vault.update", correlate.Admin},
		{"update", "approle", "auth/approle/role/x/secret-id", "vault.secret_id_create", correlate.Secret},
		{"read", "approle", "auth/approle/role/x/role-id", "vault.read", correlate.Secret},
		{"read", "approle", "auth/approle/role/x", "vault.read", correlate.Read},
		{"update", "system", "sys/wrapping/unwrap", "vault.unwrap", correlate.Auth},
		{"update", "system", "sys/capabilities-self", "vault.update", correlate.Read},
		{"update", "system", "sys/mounts/aws", "vault.update", correlate.Admin},
		{"delete", "system", "sys/audit/file", "vault.delete", correlate.Admin},
		{"update", "system", "sys/seal", "vault.update", correlate.Admin},
		{"read", "system", "sys/policies/acl/dev", "vault.read", correlate.Read},
		{"update", "system", "sys/leases/renew", "vault.lease_renew", correlate.Auth},
		{"update", "system", "sys/leases/revoke-prefix/aws/creds", "vault.lease_revoke", correlate.Admin},
		{"read", "kv", "secret/data/a", "vault.read", correlate.Secret},
		{"read", "kv", "secret/metadata/a", "vault.read", correlate.Read},
		{"list", "kv", "secret/metadata/", "vault.list", correlate.Read},
		{"patch", "kv", "secret/data/a", "vault.patch", correlate.Write},
		{"delete", "kv", "secret/data/a", "vault.delete", correlate.Write},
		{"read", "", "secret/a", "vault.read", correlate.Secret},
		{"read", "cubbyhole", "cubbyhole/a", "vault.read", correlate.Secret},
		{"read", "aws", "aws/creds/deploy", "vault.read", correlate.Secret},
		{"update", "aws", "aws/roles/deploy", "vault.update", correlate.Admin},
		{"read", "database", "database/static-creds/app", "vault.read", correlate.Secret},
		{"update", "pki", "pki/issue/web", "vault.update", correlate.Secret},
		{"update", "ssh", "ssh/sign/dev", "vault.update", correlate.Secret},
		{"update", "transit", "transit/decrypt/k", "vault.update", correlate.Secret},
		{"update", "transit", "transit/encrypt/k", "vault.update", correlate.Read},
		{"update", "transit", "transit/keys/k", "vault.update", correlate.Admin},
		{"update", "gcp", "gcp/roleset/r/token", "vault.update", correlate.Secret},
		{"update", "gcp", "gcp/roleset/r", "vault.update", correlate.Admin},
		{"read", "identity", "identity/oidc/token/r", "vault.read", correlate.Secret},
		{"update", "identity", "identity/entity", "vault.update", correlate.Admin},
		{"help", "pki", "ca/roles/example", "vault.help", correlate.Read},
	}
	for _, tt := range tests {
		var out Batch
		vaultDecode(Input{Raw: fmt.Appendf(nil, `{"type":"response","time":"2026-03-02T08:00:00Z","request":{"operation":%q,"mount_type":%q,"path":%q}}`,
			tt.op, tt.kind, tt.path)}, &out)
		if e := out.Events[0]; e.Action != tt.action || e.Class != tt.class {
			t.Errorf("%s %s: got %s %s, want %s %s", tt.op, tt.path, e.Action, e.Class, tt.action, tt.class)
		}
	}
}

func TestVaultSafePath(t *testing.T) {
	for in, want := range map[string]string{
		"auth/token/lookup/4d2c1f00-aaaa-bbbb":               "auth/token/lookup/redacted",
		"auth/token/lookup-self":                             "auth/token/lookup-self",
		"auth/token/revoke-orphan/4d2c1f00":                  "auth/token/revoke-orphan/redacted",
		"cubbyhole/hvs.CAESIJlWhhhhhhhhhhhhhhhhhhhhhhhhhhhh": "cubbyhole/redacted",
		"auth/approle/role/x/secret-id/84896a0c":             "auth/approle/role/x/secret-id/redacted",
		"auth/approle/role/x/secret-id/lookup":               "auth/approle/role/x/secret-id/lookup",
		"secret/data/s.config":                               "secret/data/s.config",
		"":                                                   "",
	} {
		if got := vaultSafePath(in, new(arena.Text)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// iamIndex is an Index of the facts of a few fixtures.
type iamIndex map[correlate.Key]correlate.Session

func (x iamIndex) Lookup(_ context.Context, k correlate.Key, _ time.Time) (correlate.Session, error) {
	return x[k], nil
}

// iamResolve decodes fixtures and walks their events; it returns chains by event id.
func iamResolve(t *testing.T, extra []correlate.Fact, source string, names ...string) map[string]correlate.Chain {
	t.Helper()
	s, _ := Find(source)
	var out Batch
	for _, f := range fixtures(t, source) {
		for _, n := range names {
			if f.path == "testdata/"+source+"/"+n+".txtar" {
				for _, in := range f.inputs {
					s.DecodeRecord(in, &out)
				}
			}
		}
	}
	x := iamIndex{}
	for _, e := range out.Events {
		extra = append(extra, e.Mints...)
	}
	for _, f := range extra {
		x[f.Key] = x[f.Key].Merge(correlate.NewSession(f.Key, f))
	}
	kinds := Kinds(s)
	kinds[GitHubRun] = correlate.KindInfo{Kind: GitHubRun, Best: correlate.Issued}
	r := correlate.Resolver{Index: x, Kinds: kinds}
	chains := map[string]correlate.Chain{}
	for _, e := range out.Events {
		c, err := r.Resolve(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		chains[e.EventID] = c
	}
	return chains
}

// iamWant is how a chain should end.
type iamWant struct {
	event     string
	status    correlate.Status
	requestor string
	proof     correlate.Proof // zero for any
}

func iamCheck(t *testing.T, chains map[string]correlate.Chain, wants []iamWant) {
	t.Helper()
	for _, w := range wants {
		c, ok := chains[w.event]
		if !ok || c.Status != w.status || c.Requestor.ID != w.requestor || w.proof != 0 && c.Proof != w.proof {
			t.Errorf("%s: got %s %s %s (%s), want %+v", w.event, c.Status, c.Requestor.ID, c.Proof, c.Reason, w)
		}
	}
}

func TestOktaChains(t *testing.T) {
	const id = "f7a000%-4f67-11ef-abd3-1f5d113f2546"
	at := func(n string) string { return string(bytes.ReplaceAll([]byte(id), []byte("%"), []byte(n))) }
	const alice, bob, support = "alice@example.com", "bob@example.com", "support.engineer@okta.com"
	chains := iamResolve(t, nil, "okta.system_log", "session", "api_token", "impersonation", "signin_failed")
	iamCheck(t, chains, []iamWant{
		{at("01"), correlate.Attributed, alice, correlate.Attested},
		{at("03"), correlate.Attributed, alice, correlate.Issued},
		{at("04"), correlate.Attributed, alice, correlate.Issued},
		{at("05"), correlate.Attributed, alice, correlate.Issued},
		{at("22"), correlate.Attributed, bob, correlate.Issued},
		{at("23"), correlate.Attributed, alice, correlate.Issued},
		{at("32"), correlate.Attributed, support, correlate.Attested},
		{at("33"), correlate.Attributed, support, correlate.Attested},
		{at("11"), correlate.Attributed, alice, correlate.Claimed},
	})
	if c := chains[at("12")]; c.Status == correlate.Attributed {
		t.Errorf("a login that does not exist was attributed to %s", c.Requestor.ID)
	}
}

func TestVaultChains(t *testing.T) {
	run := correlate.Key{Kind: GitHubRun, Value: "acme/payments/9876543210/2"}
	at := time.Date(2026, 3, 2, 9, 59, 0, 0, time.UTC)
	dev := correlate.Principal{Type: correlate.Human, ID: "dana@example.com", Issuer: "github"}
	started := correlate.Fact{
		Kind: correlate.Account, Key: run, Origin: correlate.NewID("run"), Source: "github.webhook", EventID: "run", Time: at, Start: at,
		Proof: correlate.Issued, Method: "github.workflow_run", Principal: correlate.Principal{Type: correlate.CIRun, ID: run.Value, Issuer: "github"},
		Parents: []correlate.Link{{Role: correlate.Requestor, Principal: dev, Proof: correlate.Issued, Method: "github.triggering_actor"}},
	}
	id := func(group, n string) string {
		return group + "000001-0000-4000-8000-0000000000" + n + "/response"
	}
	iamCheck(t, iamResolve(t, nil, "vault.audit", "person"), []iamWant{
		{id("aa", "01"), correlate.Attributed, "alice@example.com", correlate.Issued},
		{id("aa", "02"), correlate.Attributed, "alice@example.com", correlate.Issued},
		{id("aa", "06"), correlate.Attributed, "alice@example.com", correlate.Issued},
	})
	iamCheck(t, iamResolve(t, []correlate.Fact{started}, "vault.audit", "ci_to_aws"), []iamWant{
		{id("bb", "01"), correlate.Attributed, dev.ID, correlate.Attested},
		{id("bb", "02"), correlate.Attributed, dev.ID, correlate.Attested},
		{id("bb", "07"), correlate.Partial, "", 0},
	})
	// The child's metadata names somebody else; the token that made it counts.
	// The wrapped token is another's once it is unwrapped.
	tokens := iamResolve(t, nil, "vault.audit", "tokens")
	iamCheck(t, tokens, []iamWant{
		{id("dd", "01"), correlate.Attributed, "alice@example.com", correlate.Issued},
		{id("dd", "02"), correlate.Attributed, "alice@example.com", correlate.Issued},
		{id("dd", "0a"), correlate.Attributed, "alice@example.com", correlate.Issued},
	})
	iamCheck(t, iamResolve(t, nil, "vault.audit", "workloads"), []iamWant{
		{id("cc", "08"), correlate.Attributed, "corp-ldap:bob", correlate.Issued},
		{id("cc", "09"), correlate.Attributed, "corp-ldap:bob", correlate.Issued},
	})
}
