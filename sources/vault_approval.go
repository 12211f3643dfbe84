package sources

import "whence/correlate"

// mintApproval tells who let a request through that a control group guards. The
// answer to such a request is wrapped, and the approvers name the wrapping token by
// its accessor: whoever unwraps it shows that accessor too. Request data is always
// HMACed, so it names an accessor where those are HMACed as well.
func (d *vaultDeed) mintApproval() {
	if d.path != "sys/control-group/authorize" {
		return
	}
	k := d.accessorInData()
	if k.IsZero() || d.who.principal.IsZero() || d.who.principal.Type == correlate.Unknown {
		return
	}
	f := d.fact(correlate.Approval, "vault.control_group")
	f.Key, f.Principal = k, d.who.principal
}
