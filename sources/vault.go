package sources

import (
	"bytes"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// vaultMaxTTL is Vault's default for the longest life of a token or lease
// (max_lease_ttl). Periodic tokens outlive it by renewing, which mints again.
const vaultMaxTTL = 768 * time.Hour

const vaultAudit = "vault.audit"

var _ = register(Source{
	Name: vaultAudit,
	Kinds: []correlate.KindInfo{
		{
			Kind: VaultAccessor, Life: vaultMaxTTL, Best: correlate.Issued,
			Hint: "is the vault audit device enabled, and the same one (cluster/device scope) that logged the login?",
		},
		{
			Kind: VaultLease, Life: vaultMaxTTL, Best: correlate.Issued,
			Hint: "is the vault audit device enabled where the lease was issued?",
		},
		{
			Kind: AWSAccessKey, Life: vaultMaxTTL, Best: correlate.Issued,
			Hint: "does Vault's AWS mount log access keys in plain (vault secrets tune -audit-non-hmac-response-keys=access_key)?",
		},
		{
			Kind: VaultHash, Life: vaultMaxTTL, Best: correlate.Issued,
			Hint: "is the vault audit device enabled, and the same one (cluster/device scope) that the hash was made for?",
		},
		{
			// The binding is as short as the request. Whoever joins on the name
			// asks for the moment that is written in it.
			Kind: VaultAWSName, Alias: true, Life: time.Hour, Best: correlate.Inferred,
			Hint: "is the vault audit device enabled, and does the AWS mount keep the default username_template?",
		},
	},
	Lateness: 2 * time.Minute,
	Detect: func(v Value) bool {
		t := v.Text("type")
		return (t == "request" || t == "response") && v.Has("time") && (v.Has("auth") || v.Has("request")) && !v.Has("kind")
	},
	Decode: vaultDecode,
})

// vaultState is what is used again for every line.
type vaultState struct {
	line vaultLine
	deed vaultDeed
}

func vaultDecode(in Input, out *Batch) {
	scope := newVaultScope(in.Scope)
	if !bytes.HasPrefix(in.Raw, []byte("[")) {
		vaultAppend(in.Raw, scope, out)
		return
	}
	if err := scan.Valid(in.Raw); err != nil {
		out.refuse(in.Raw, err)
		return
	}
	for raw := range scan.Raw(in.Raw).Elements() {
		vaultAppend(raw, scope, out)
	}
}

func vaultAppend(raw []byte, scope vaultScope, out *Batch) {
	const noType = "type is neither request nor response"
	if string(raw) == "null" {
		out.reject(raw, correlate.RejectSource, noType)
		return
	}
	s := scratch[vaultState](out)
	l := &s.line
	if !read(out, vaultTable, raw, l) {
		return
	}
	written, kind, failure, ok := l.texts(&out.text)
	if !ok {
		out.refuse(raw, scan.ErrObject)
		return
	}
	if kind != "request" && kind != "response" {
		out.reject(raw, correlate.RejectSource, noType)
		return
	}
	at, ok := rfc3339(written)
	if !ok {
		out.reject(raw, correlate.RejectNoTime, "time is missing or is no time")
		return
	}
	hash := out.hash(raw)
	// Vault leaves the id out where there was no HTTP request. Such a line goes
	// by the hash of its bytes and cannot be paired with its other half.
	requestID := l.Request.ID
	if requestID == "" {
		requestID = out.text.Join("sha256:", hash)
	}
	out.Events = append(out.Events, correlate.Event{})
	e := &out.Events[len(out.Events)-1]
	// Every device of a cluster writes the same request: it counts once.
	e.EventID = out.text.Join(requestID, "/", kind)
	e.ID = out.sums.ID(vaultAudit, scope.cluster, e.EventID)
	e.ActionID = out.sums.ID(vaultAudit, scope.cluster, requestID)
	e.Primary = kind == "response" // only that line knows how it ended
	e.Time, e.Evidence.SHA256 = at, hash

	d := &s.deed
	d.vaultLine, d.req, d.out, d.e, d.scope, d.failure = l, &l.Request, out, e, scope, failure
	d.read()
	d.tell()
}
