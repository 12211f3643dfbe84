package sources

import (
	"strings"
	"time"

	"whence/correlate"
)

// How far around the request line the time lies that Vault writes into the name
// of an AWS user or session. Vault makes the name up before it calls AWS, in
// whole seconds.
const (
	vaultNameBefore = 2 * time.Second
	vaultNameAfter  = 5 * time.Second
)

// vaultNameLength is what the default username_template keeps of display name
// and role; "vault-" before it, the time and a random end are on top.
const vaultNameLength = 42

// awsRole is the role that AWS credentials were asked for, or "".
func (d *vaultDeed) awsRole() string {
	verb, role, _ := strings.Cut(d.rest, "/")
	if d.kind != "aws" || verb != "creds" && verb != "sts" || d.req.Operation != "read" && d.req.Operation != "update" {
		return ""
	}
	return role
}

// awsName binds the name that Vault's default template gives to what it makes in
// AWS: vault-<display name>-<role>-<unix time>-<random>. Federation tokens carry
// no name, and a template of one's own another; then nobody asks for this one.
func (d *vaultDeed) awsName(f correlate.Fact) []correlate.Fact {
	role, caller := d.awsRole(), d.caller()
	if role == "" || caller.IsZero() || d.Auth.V.DisplayName == "" {
		return nil
	}
	name := vaultAWSSafe(d.Auth.V.DisplayName) + "-" + vaultAWSSafe(role)
	if len(name) > vaultNameLength {
		name = name[:vaultNameLength]
	}
	f.Kind, f.Key, f.Target = correlate.Binding, correlate.Key{Kind: VaultAWSName, Value: "vault-" + name}, caller
	f.Start, f.End = f.Time.Add(-vaultNameBefore), f.Time.Add(vaultNameAfter)
	f.Proof, f.Method = correlate.Inferred, "vault.aws_name"
	return []correlate.Fact{f}
}

// vaultAWSSafe replaces what AWS does not allow in names, as Vault does. The
// result is ASCII.
func vaultAWSSafe(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("+=,.@_-", r):
			return r
		}
		return '_'
	}, s)
}

// vaultAWSData is what is read of the response to a request for AWS credentials.
type vaultAWSData struct {
	AccessKey string `json:"access_key"`
	ARN       string `json:"arn"`
	TTL       int64  `json:"ttl"` // seconds
}

// awsKey tells of an access key that the log shows in plain. HMACed ones can be
// compared with nothing.
func (d *vaultDeed) awsKey(f correlate.Fact) []correlate.Fact {
	role := d.awsRole()
	if role == "" || len(d.Response.V.Data) == 0 {
		return nil
	}
	var t tolerant[vaultAWSData]
	_ = t.UnmarshalJSON(d.Response.V.Data) // never fails
	data := t.V
	if !strings.HasPrefix(data.AccessKey, "AKIA") && !strings.HasPrefix(data.AccessKey, "ASIA") {
		return nil
	}
	f.Key = correlate.Key{Kind: AWSAccessKey, Value: data.AccessKey}
	f.Method = "vault.aws_creds"
	f.Principal = correlate.Principal{Type: correlate.RoleType, ID: d.mount + "roles/" + role, Name: role, Issuer: "vault"}
	if strings.HasPrefix(data.ARN, "arn:") {
		f.Principal.ID, f.Principal.Issuer = data.ARN, "aws"
	}
	f.Parents = d.parent(correlate.Holder, f.Method)
	if len(f.Parents) == 0 {
		return nil
	}
	if data.TTL > 0 {
		f.End = f.Time.Add(vaultSeconds(data.TTL))
	}
	return []correlate.Fact{f}
}
