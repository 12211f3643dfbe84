package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// mintWrapped tells of a wrapping token, and of the token that was wrapped.
func (d *vaultDeed) mintWrapped() {
	const method = "vault.wrap"
	w := &d.Response.Wrap
	if w.Wrapped == "" && w.Accessor == "" {
		return
	}
	parents := d.parents(correlate.Requestor, method)
	if len(parents) == 0 {
		return
	}
	if k := d.key(VaultAccessor, w.Wrapped); !k.IsZero() && !(d.login && k == d.caller) {
		f := d.fact(correlate.Account, method)
		f.Key, f.Principal, f.Parents = k, vaultToken(""), parents
	}
	if k := d.key(VaultAccessor, w.Accessor); !k.IsZero() {
		f := d.fact(correlate.Account, method)
		f.Key, f.Parents = k, parents
		f.Principal = correlate.Principal{Type: correlate.Unknown, ID: cmp.Or(w.Path, d.path, "wrapping"), Name: "wrapping token", Issuer: "vault"}
		if w.TTL > 0 {
			f.End = f.Time.Add(vaultSeconds(w.TTL))
		}
	}
}

// mintLease tells of a lease that was issued, or revoked by its path. The log does
// not say how long a lease runs. A renewal names the lease too, but whoever
// renews it is not who asked for it.
func (d *vaultDeed) mintLease() {
	if id := d.revokedLease(); id != "" {
		f := d.fact(correlate.Ending, "vault.lease_revoke")
		f.Key, f.Reason = d.key(VaultLease, id), "revoked"
		return
	}
	const method = "vault.lease"
	lease, unwrap := d.Response.Secret.LeaseID, d.path == "sys/wrapping/unwrap"
	if lease == "" || strings.HasPrefix(d.path, "sys/") && !unwrap {
		return
	}
	role := correlate.Requestor
	if unwrap && d.req.tokenGiven() {
		role = correlate.Holder
	}
	parents := d.parents(role, method)
	if len(parents) == 0 {
		return
	}
	f := d.fact(correlate.Account, method)
	f.Key, f.Parents = d.key(VaultLease, lease), parents
	// A lease id is the path it was issued for, and a random end.
	id := lease
	if i := strings.LastIndexByte(lease, '/'); i >= 0 {
		id = lease[:i]
	}
	f.Principal = correlate.Principal{Type: correlate.Unknown, ID: cmp.Or(id, d.path, "lease"), Name: "lease", Issuer: "vault"}
}

// revokedLease is the lease that the path says is revoked, or "".
func (d *vaultDeed) revokedLease() string {
	for _, prefix := range [...]string{"sys/leases/revoke/", "sys/revoke/"} {
		if id, ok := strings.CutPrefix(d.path, prefix); ok {
			return id
		}
	}
	return ""
}
