package sources

import (
	"strings"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sources/scan"
)

var (
	vaultTable    = scan.Of[vaultLine]()
	vaultAWSTable = scan.Of[vaultAWSData]()
)

// vaultLine is what is read of a line of an audit device, of Vault and OpenBao
// alike. Tokens and the values of secrets are not read at all.
type vaultLine struct {
	Order scan.Order
	// These are text or the line is no event: an error of another type must not
	// pass for none.
	Time  scan.Raw `json:"time"`
	Type  scan.Raw `json:"type"`
	Error scan.Raw `json:"error"`

	Auth     vaultAuth     `json:"auth"`
	Request  vaultRequest  `json:"request"`
	Response vaultResponse `json:"response"`
}

// texts returns them. It reports false if one is there and no text.
func (l *vaultLine) texts(mem *arena.Text) (time, kind, failure string, ok bool) {
	out := [...]string{"", "", ""}
	for i, raw := range [...]scan.Raw{l.Time, l.Type, l.Error} {
		if len(raw) == 0 || string(raw) == "null" {
			continue
		}
		if out[i], ok = raw.Text(mem); !ok {
			return "", "", "", false
		}
	}
	return out[0], out[1], out[2], true
}

type vaultAuth struct {
	Accessor    string        `json:"accessor"`
	DisplayName string        `json:"display_name"`
	EntityID    string        `json:"entity_id"`
	Policies    []string      `json:"policies"`
	Metadata    vaultMetadata `json:"metadata"`
	TTL         int64         `json:"token_ttl"` // seconds
	IssueTime   string        `json:"token_issue_time"`
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
	Headers struct {
		Agent []string `json:"user-agent"`
	} `json:"headers"`
	Data struct {
		Accessor string   `json:"accessor"`
		Token    scan.Raw `json:"token"` // only whether there is one
	} `json:"data"`
}

// tokenGiven reports whether the request's data has a token.
func (r *vaultRequest) tokenGiven() bool {
	return len(r.Data.Token) > 0 && string(r.Data.Token) != "null"
}

type vaultResponse struct {
	Auth   vaultAuth `json:"auth"`
	Secret struct {
		LeaseID string `json:"lease_id"`
	} `json:"secret"`
	Wrap struct {
		TTL      int64  `json:"ttl"` // seconds
		Accessor string `json:"accessor"`
		Path     string `json:"creation_path"`
		Wrapped  string `json:"wrapped_accessor"`
	} `json:"wrap_info"`
	Data scan.Raw `json:"data"` // looked into by failed and awsKey only
}

// vaultScope is where a line comes from. Accessors are unique in a cluster when
// they are logged in plain, and per audit device when they are HMACed with its salt.
type vaultScope struct{ cluster, device string }

// newVaultScope reads a configured scope: "cluster" or "cluster/device".
func newVaultScope(s string) vaultScope {
	cluster, device, _ := strings.Cut(s, "/")
	return vaultScope{or(cluster, "default"), or(device, "default")}
}

const vaultHMAC = "hmac-sha256:"

// key scopes an accessor or a lease id; an empty one has no key.
func (s vaultScope) key(kind correlate.Kind, value string, mem *arena.Text) correlate.Key {
	switch {
	case value == "":
		return correlate.Key{}
	case strings.HasPrefix(value, vaultHMAC):
		return correlate.Key{Kind: kind, Value: mem.Join(s.cluster, "/", s.device, "/", value)}
	}
	return correlate.Key{Kind: kind, Value: mem.Join(s.cluster, "/", value)}
}
