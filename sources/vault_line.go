package sources

import (
	"cmp"
	"encoding/json"
	"strings"

	"whence/correlate"
)

// vaultLine is what is read of a line of an audit device, of Vault and OpenBao
// alike. Tokens and the values of secrets are not read at all.
type vaultLine struct {
	Time     string                  `json:"time"`
	Type     string                  `json:"type"`
	Error    string                  `json:"error"`
	Auth     tolerant[vaultAuth]     `json:"auth"`
	Request  tolerant[vaultRequest]  `json:"request"`
	Response tolerant[vaultResponse] `json:"response"`
}

type vaultAuth struct {
	Accessor    string            `json:"accessor"`
	DisplayName string            `json:"display_name"`
	EntityID    string            `json:"entity_id"`
	Policies    []string          `json:"policies"`
	Metadata    map[string]string `json:"metadata"`
	TTL         int64             `json:"token_ttl"` // seconds
	IssueTime   string            `json:"token_issue_time"`
}

type vaultRequest struct {
	ID         string `json:"id"`
	Operation  string `json:"operation"`
	Path       string `json:"path"`
	MountPoint string `json:"mount_point"`
	MountType  string `json:"mount_type"`
	Accessor   string `json:"client_token_accessor"`
	Address    string `json:"remote_address"`
	Namespace  struct {
		Path string `json:"path"`
	} `json:"namespace"`
	Headers tolerant[struct {
		Agent []string `json:"user-agent"`
	}] `json:"headers"`
	Data tolerant[struct {
		Accessor string  `json:"accessor"`
		Token    present `json:"token"`
	}] `json:"data"`
}

type vaultResponse struct {
	Auth   tolerant[vaultAuth] `json:"auth"`
	Secret struct {
		LeaseID string `json:"lease_id"`
	} `json:"secret"`
	Wrap struct {
		TTL      int64  `json:"ttl"` // seconds
		Accessor string `json:"accessor"`
		Path     string `json:"creation_path"`
		Wrapped  string `json:"wrapped_accessor"`
	} `json:"wrap_info"`
	Data json.RawMessage `json:"data"` // looked into by failed and awsKey only
}

// vaultScope is where a line comes from. Accessors are unique in a cluster when
// they are logged in plain, and per audit device when they are HMACed with its salt.
type vaultScope struct{ cluster, device string }

// newVaultScope reads a configured scope: "cluster" or "cluster/device".
func newVaultScope(s string) vaultScope {
	cluster, device, _ := strings.Cut(s, "/")
	return vaultScope{cmp.Or(cluster, "default"), cmp.Or(device, "default")}
}

const vaultHMAC = "hmac-sha256:"

// key scopes an accessor or a lease id; an empty one has no key.
func (s vaultScope) key(kind correlate.Kind, value string) correlate.Key {
	switch {
	case value == "":
		return correlate.Key{}
	case strings.HasPrefix(value, vaultHMAC):
		return correlate.Key{Kind: kind, Value: s.cluster + "/" + s.device + "/" + value}
	}
	return correlate.Key{Kind: kind, Value: s.cluster + "/" + value}
}
