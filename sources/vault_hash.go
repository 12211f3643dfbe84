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
// writes a line for each to a topic whose scope is <cluster>/<device>, with all that
// Vault answered, by its API or by vault write -format=json, or with the hash alone:
//
//	{"access_key_id":"AKIA...","seen_at":"2026-03-02T09:00:00Z","response":{"request_id":"...","data":{"hash":"hmac-sha256:..."},...}}
//	{"access_key_id":"AKIA...","hash":"hmac-sha256:...","seen_at":"2026-03-02T09:00:00Z"}
//
// seen_at is when CloudTrail shows the key first. That the hashes are equal is exact;
// that the list was made by asking Vault is the operator's word, so it is attested.
// Whoever doubts it looks up the id of the request in Vault's own log: it is that of
// the event, where there is one.
const vaultAuditHash = "vault.audit_hash"

var _ = register(Source{
	Name: vaultAuditHash,
	Kinds: []correlate.KindInfo{{
		Kind: AWSAccessKey, Life: vaultMaxTTL, Best: correlate.Attested,
	}},
	Lateness: time.Hour, // somebody has to make the list
	Detect: func(v Value) bool {
		return v.Only("access_key_id", "hash", "seen_at") && strings.HasPrefix(v.Text("hash"), vaultHMAC) ||
			v.Has("access_key_id", "response", "seen_at") && v.Only("access_key_id", "hash", "response", "seen_at")
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
	scopes    words[vaultHashScope]
	AccessKey string `json:"access_key_id"`
	Hash      string `json:"hash"`
	SeenAt    string `json:"seen_at"`
	Response  struct {
		RequestID string `json:"request_id"`
		Data      struct {
			Hash string `json:"hash"`
		} `json:"data"`
	} `json:"response"`
}

func vaultHashDecode(in Input, raw []byte, l *vaultHashLine, out *Batch) {
	seen, hash := firstTime(l.SeenAt), or(l.Response.Data.Hash, l.Hash)
	switch {
	case !seen.ok, !strings.HasPrefix(hash, vaultHMAC), !strings.HasPrefix(l.AccessKey, "AKIA") && !strings.HasPrefix(l.AccessKey, "ASIA"):
		out.reject(raw, correlate.RejectSource, "not a line of a list of hashes: want access_key_id, seen_at, and hash or Vault's response with one")
		return
	case l.Hash != "" && l.Hash != hash:
		out.reject(raw, correlate.RejectInvalid, "hash is another than that of Vault's response")
		return
	}
	id := l.Response.RequestID
	if id == "" || l.Response.Data.Hash == "" {
		id = out.text.Join(l.AccessKey, "/", hash)
	}
	scope := l.scopes.of(in.Scope, vaultHashScopeOf)
	e := out.begin(vaultAuditHash, scope.whole, id, raw)
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
	parent.Role, parent.Key, parent.Proof, parent.Method = correlate.Requestor, correlate.Key{Kind: VaultHash, Value: out.text.Join(scope.device, hash)}, correlate.Attested, method
}

// vaultHashScope is what follows from a configured scope, the same for all lines of a list.
type vaultHashScope struct {
	whole   string // as configured
	cluster string
	device  string // what a hash of the device has before it in a key
}

func vaultHashScopeOf(configured string) vaultHashScope {
	s := newVaultScope(strings.Clone(configured))
	return vaultHashScope{or(strings.Clone(configured), "default"), s.cluster, s.cluster + "/" + s.device + "/"}
}
