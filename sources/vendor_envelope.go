package sources

import "whence/sources/scan"

// vendorEnvelope is what the lines of vendors' APIs come in: a list of them under a common
// name, or one of them in a member or a string, as collectors send them. It is
// embedded in the struct that such a format reads lines into.
type vendorEnvelope struct {
	InEvents  scan.Raw `json:"events"`
	InItems   scan.Raw `json:"items"`
	InMessage scan.Raw `json:"message"`
	InJSON    scan.Raw `json:"json"`
}

// inner is what the envelope holds, or nil.
func (v *vendorEnvelope) inner() scan.Raw {
	for _, raw := range [...]scan.Raw{v.InEvents, v.InItems, v.InJSON} {
		if raw.IsList() || raw.IsObject() {
			return raw
		}
	}
	if m := v.InMessage; len(m) > 2 && m[0] == '"' && m[1] == '{' {
		return m
	}
	return nil
}

// inVendorEnvelope reports whether is recognises a value, or the first in an envelope.
func inVendorEnvelope(v Value, is func(Value) bool) bool {
	return within(v, func(v Value) bool { return is(v) || is(v.Member("json")) })
}
