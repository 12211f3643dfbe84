package sources

import (
	"strings"
	"time"

	"whence/correlate"
	"whence/correlate/arena"
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
	if d.kind != "aws" || d.req.Operation != "read" && d.req.Operation != "update" {
		return ""
	}
	verb, role, _ := strings.Cut(d.rest, "/")
	if verb != "creds" && verb != "sts" {
		return ""
	}
	return role
}

// mintAWSName binds the name that Vault's default template gives to what it makes
// in AWS: vault-<display name>-<role>-<unix time>-<random>. Federation tokens carry
// no name, and a template of one's own another; then nobody asks for this one.
func (d *vaultDeed) mintAWSName() {
	role := d.awsRole()
	if role == "" || d.caller.IsZero() || d.Auth.DisplayName == "" {
		return
	}
	f := d.fact(correlate.Binding, "vault.aws_name")
	f.Key = correlate.Key{Kind: VaultAWSName, Value: vaultAWSName(d.Auth.DisplayName, role, &d.out.text)}
	f.Target, f.Proof = d.caller, correlate.Inferred
	f.Start, f.End = f.Time.Add(-vaultNameBefore), f.Time.Add(vaultNameAfter)
}

// vaultAWSName writes a name as Vault does: what AWS does not allow is replaced, a
// letter at a time, and what is too long is cut. The result is ASCII.
func vaultAWSName(display, role string, mem *arena.Text) string {
	const start = "vault-"
	name := append(mem.Bytes(len(start) + vaultNameLength)[:0], start...)
	for _, part := range [...]string{display, "-", role} {
		for _, r := range part {
			if len(name) == cap(name) {
				break
			}
			if !vaultAWSAllows(r) {
				r = '_'
			}
			name = append(name, byte(r))
		}
	}
	return arena.View(name)
}

func vaultAWSAllows(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("+=,.@_-", r):
		return true
	}
	return false
}

// vaultAWSData is what is read of the response to a request for AWS credentials.
type vaultAWSData struct {
	AccessKey string `json:"access_key"`
	ARN       string `json:"arn"`
	TTL       int64  `json:"ttl"` // seconds
}

// mintAWSKey tells of an access key: by itself where the log shows it in plain, else
// by its HMAC, which a list of vault.audit_hash can lead to.
func (d *vaultDeed) mintAWSKey() {
	role, data := d.awsRole(), &d.aws
	if role == "" || !d.Response.Data.IsObject() || vaultAWSTable.Read(d.Response.Data, data, &d.out.text) != nil {
		return
	}
	k := correlate.Key{Kind: AWSAccessKey, Value: data.AccessKey}
	switch {
	case strings.HasPrefix(data.AccessKey, vaultHMAC):
		k = d.key(VaultHash, data.AccessKey)
	case !strings.HasPrefix(data.AccessKey, "AKIA") && !strings.HasPrefix(data.AccessKey, "ASIA"):
		return
	}
	const method = "vault.aws_creds"
	parents := d.parents(correlate.Holder, method)
	if len(parents) == 0 {
		return
	}
	f := d.fact(correlate.Account, method)
	f.Key, f.Parents = k, parents
	f.Principal = correlate.Principal{Type: correlate.RoleType, Name: role}
	if strings.HasPrefix(data.ARN, "arn:") {
		f.Principal.ID, f.Principal.Issuer = data.ARN, "aws"
	} else {
		f.Principal.ID, f.Principal.Issuer = d.out.text.Join(d.mount, "roles/", role), "vault"
	}
	if data.TTL > 0 {
		f.End = f.Time.Add(vaultSeconds(data.TTL))
	}
}
