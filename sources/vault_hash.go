package sources

import (
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// A list of access keys with what sys/audit-hash of an audit device makes of them.
// It joins CloudTrail to Vault where the mount does not log access keys in plain:
// whoever runs Vault asks it for the hash of every key that CloudTrail shows, and
// writes a line for each to a topic whose scope is <cluster>/<device>:
//
//	{"access_key_id":"AKIA...","hash":"hmac-sha256:...","seen_at":"2026-03-02T09:00:00Z"}
//
// seen_at is when CloudTrail shows the key first. That the hashes are equal is exact;
// that the list was made by asking Vault is the operator's word, so it is attested.
const vaultAuditHash = "vault.audit_hash"

var _ = register(Source{
	Name: vaultAuditHash,
	Kinds: []correlate.KindInfo{{
		Kind: AWSAccessKey, Life: vaultMaxTTL, Best: correlate.Attested,
	}},
	Lateness: time.Hour, // somebody has to make the list
	Detect: func(v Value) bool {
		return v.Only("access_key_id", "hash", "seen_at") && strings.HasPrefix(v.Text("hash"), vaultHMAC)
	},
	Decode: vaultHashFormat.decode,
})

var vaultHashFormat = format[vaultHashLine]{
	table: scan.Of[vaultHashLine](),
	inner: func(*vaultHashLine) scan.Raw { return nil },
	line:  vaultHashDecode,
}

type vaultHashLine struct {
	Order     scan.Order
	AccessKey string `json:"access_key_id"`
	Hash      string `json:"hash"`
	SeenAt    string `json:"seen_at"`
}

func vaultHashDecode(in Input, raw []byte, l *vaultHashLine, out *Batch) {
	seen := firstTime(l.SeenAt)
	if !seen.ok || !strings.HasPrefix(l.Hash, vaultHMAC) || !strings.HasPrefix(l.AccessKey, "AKIA") && !strings.HasPrefix(l.AccessKey, "ASIA") {
		out.reject(raw, correlate.RejectSource, "not a line of a list of hashes: want access_key_id, hash and seen_at")
		return
	}
	scope := newVaultScope(in.Scope)
	e := out.begin(vaultAuditHash, or(in.Scope, "default"), out.text.Join(l.AccessKey, "/", l.Hash), raw)
	in.dated(e, seen)
	e.Action, e.Class, e.Outcome = "vault.audit_hash", correlate.Read, correlate.Success
	e.Context.Account = scope.cluster
	e.Actor.Type, e.Actor.ID, e.Actor.Issuer = correlate.ServiceAccount, "audit-hash", "vault"
	const method = "vault.audit_hash"
	out.asked(e, &e.Actor, correlate.Attested, method)
	out.touched(e, "aws.access_key", l.AccessKey)
	f := out.fact(e, correlate.Account, correlate.Key{Kind: AWSAccessKey, Value: l.AccessKey}, correlate.Attested, method)
	f.Principal.Type, f.Principal.ID, f.Principal.Issuer = correlate.RoleType, l.AccessKey, "aws"
	var parent *correlate.Link
	f.Parents, parent = out.links.Grow(nil)
	parent.Role, parent.Key, parent.Proof, parent.Method = correlate.Requestor, scope.key(VaultHash, l.Hash, &out.text), correlate.Attested, method
}
