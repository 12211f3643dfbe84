package sources

import (
	"bytes"
	"testing"
)

// eventLines are the lines of a source's fixtures that are one event.
func eventLines(t testing.TB, source string) []Input {
	s, _ := Find(source)
	var lines []Input
	for _, f := range fixtures(t, source) {
		for _, in := range f.inputs {
			in.Raw, in.Header = bytes.TrimSpace(in.Raw), nil // fixtures look up headers on the heap
			var out Batch
			if s.DecodeRecord(in, &out); len(out.Events) == 1 && len(out.Rejects) == 0 {
				lines = append(lines, in)
			}
		}
	}
	return lines
}

// vaultFullLines are a request and its response with all that Vault writes.
func vaultFullLines() []Input {
	const (
		hmac = "hmac-sha256:67abe3db2bd7760de58ed2f4d7d7414e028979a61579c69886feb037fb2bdce6"
		auth = `"auth":{"accessor":"` + hmac + `","client_token":"` + hmac + `","display_name":"oidc-alice","entity_id":"e4f5c67a-6f7e-789d-ae56-a1fe3ae23046",` +
			`"metadata":{"email":"alice@example.com","role":"staff"},"policies":["default","dev"],"policy_results":{"allowed":true,"granting_policies":` +
			`[{"type":""},{"name":"dev","namespace_id":"root","type":"acl"}]},"token_policies":["default","dev"],"token_issue_time":"2026-03-02T08:00:00Z","token_ttl":3600,"token_type":"service"}`
		request = `"request":{"client_id":"e4f5c67a-6f7e-789d-ae56-a1fe3ae23046","client_token":"` + hmac + `","client_token_accessor":"` + hmac + `","headers":{"user-agent":["Vault/1.19 (linux)"]},` +
			`"id":"aa000001-0000-4000-8000-000000000002","mount_accessor":"kv_12ab34cd","mount_class":"secret","mount_point":"secret/","mount_running_version":"v0.21.0+builtin","mount_type":"kv",` +
			`"namespace":{"id":"root"},"operation":"read","path":"secret/data/payments/db","remote_address":"198.51.100.20","remote_port":41234}`
		response = `"response":{"data":{"data":{"password":"` + hmac + `","username":"` + hmac + `"},"metadata":{"created_time":"` + hmac + `","custom_metadata":null,"deletion_time":"","destroyed":false,"version":1}},` +
			`"mount_accessor":"kv_12ab34cd","mount_class":"secret","mount_point":"secret/","mount_running_plugin_version":"v0.21.0+builtin","mount_type":"kv"}`
	)
	return []Input{
		{Scope: "prod/file", Raw: []byte(`{` + auth + `,` + request + `,"time":"2026-03-02T08:01:00.104516702Z","type":"request"}`)},
		{Scope: "prod/file", Raw: []byte(`{` + auth + `,` + request + `,` + response + `,"time":"2026-03-02T08:01:00.112098441Z","type":"response"}`)},
	}
}

func BenchmarkDecodeVault(b *testing.B) {
	b.Run("fixtures", func(b *testing.B) { benchDecode(b, vaultAudit, eventLines(b, vaultAudit)) })
	b.Run("full", func(b *testing.B) { benchDecode(b, vaultAudit, vaultFullLines()) })
}

// vaultHashLines are of a list of hashes: the hash alone, and all that Vault answered.
func vaultHashLines() (short, whole []Input) {
	line := func(s string) []Input { return []Input{{Scope: "prod/file", Raw: []byte(s)}} }
	return line(`{"access_key_id":"AKIAEXAMPLE0VAULT0001","hash":"hmac-sha256:637a79cb9555893e7fcf957aa02527a2b3aab829d8f1fcfab32f55976be69f3d","seen_at":"2026-03-02T09:20:00Z"}`),
		line(`{"access_key_id":"AKIAEXAMPLE0VAULT0001","seen_at":"2026-03-02T09:20:00Z","response":{"request_id":"8a6f2a3e-51c4-9c0b-2d5c-3a1f0c7be913","lease_id":"","lease_duration":0,"renewable":false,` +
			`"data":{"hash":"hmac-sha256:637a79cb9555893e7fcf957aa02527a2b3aab829d8f1fcfab32f55976be69f3d"},"warnings":null,"mount_type":"system"}}`)
}

func BenchmarkDecodeVaultHash(b *testing.B) {
	short, whole := vaultHashLines()
	b.Run("short", func(b *testing.B) { benchDecode(b, vaultAuditHash, short) })
	b.Run("whole", func(b *testing.B) { benchDecode(b, vaultAuditHash, whole) })
}

func TestVaultAllocatesNothing(t *testing.T) {
	lines := eventLines(t, vaultAudit)
	if len(lines) < 70 {
		t.Fatalf("only %d lines", len(lines))
	}
	allocatesNothing(t, vaultAudit, append(lines, vaultFullLines()...))
}

func TestVaultHashAllocatesNothing(t *testing.T) {
	lines := eventLines(t, vaultAuditHash)
	if len(lines) < 10 {
		t.Fatalf("only %d lines", len(lines))
	}
	allocatesNothing(t, vaultAuditHash, lines)
}
