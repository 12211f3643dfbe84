package sources

import (
	"strings"

	"whence/correlate"
)

// What AWS writes into addresses, names and ARNs.

func cloudtrailIsAccount(s string) bool { return len(s) == 12 && cloudtrailDigits(s) }

func cloudtrailDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return s != ""
}

// cloudtrailIP keeps addresses, odd and impossible ones too, and leaves out the
// names of services and the words that stand in for an address.
func cloudtrailIP(s string) string {
	separated := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.' || c == ':':
			separated = true
		case !cloudtrailHex(c) && c != '*' && c != '%' && c != '/':
			return ""
		}
	}
	if !separated {
		return ""
	}
	return s
}

func cloudtrailHex(c byte) bool { return c-'0' < 10 || c|0x20 >= 'a' && c|0x20 <= 'f' }

func cloudtrailLowerHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i]-'0' > 9 && s[i]-'a' > 5 {
			return false
		}
	}
	return true
}

func cloudtrailLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func cloudtrailAlnum(c byte) bool { return c-'0' < 10 || cloudtrailLetter(c) }

// cloudtrailKey is an access key, or the zero key for a missing or masked id.
func cloudtrailKey(id string) correlate.Key {
	for i := 0; i < len(id); i++ {
		if !cloudtrailKeyBytes[id[i]] {
			return correlate.Key{}
		}
	}
	if id == "" || len(id) > 128 || cloudtrailMasked(id) {
		return correlate.Key{}
	}
	return correlate.Key{Kind: AWSAccessKey, Value: id}
}

// cloudtrailKeyBytes are the bytes of access keys.
var cloudtrailKeyBytes = func() (t [256]bool) {
	for c := range t {
		t[c] = cloudtrailAlnum(byte(c)) || c == '_'
	}
	return t
}()

// cloudtrailMasked reports whether a value was blacked out: by AWS, which hides
// the names of failed sign-ins, or by whoever passed the log on.
func cloudtrailMasked(s string) bool {
	switch len(s) {
	case len("HIDDEN_DUE_TO_SECURITY_REASONS"):
		return s == "HIDDEN_DUE_TO_SECURITY_REASONS"
	case len("redacted"):
		return strings.EqualFold(s, "redacted")
	case len("hidden"):
		return strings.EqualFold(s, "hidden")
	}
	return false
}

// cloudtrailARN splits an ARN into its six parts; all empty if it is none.
func cloudtrailARN(s string) (p [6]string) {
	rest, ok := strings.CutPrefix(s, "arn:")
	for i := 1; ok && i < 5; i++ {
		p[i], rest, ok = strings.Cut(rest, ":")
	}
	if !ok {
		return [6]string{}
	}
	p[0], p[5] = "arn", rest
	return p
}

// cloudtrailPath is the last part of an ARN, or empty if s is none.
func cloudtrailPath(s string) (path string, ok bool) {
	if !strings.HasPrefix(s, "arn:") {
		return "", false
	}
	parts := 0
	for i := len("arn:"); i < len(s); i++ { // they are shorter than calls are worth
		if s[i] != ':' {
			continue
		}
		if parts++; parts == 4 {
			return s[i+1:], true
		}
	}
	return "", false
}

// cloudtrailPartition is the ARN partition of a region.
func cloudtrailPartition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// cloudtrailModel is a model's id, out of an ARN too.
func cloudtrailModel(id string) string {
	path, _ := cloudtrailPath(id)
	kind, name, ok := strings.Cut(path, "/")
	if ok && (kind == "foundation-model" || kind == "inference-profile") {
		return name
	}
	return id
}

// sessionName is the name of a role session, or of a federated user's.
func (u *cloudtrailIdentity) sessionName(kind string) string {
	if kind != "AssumedRole" && kind != "AWSAccount" && kind != "FederatedUser" {
		return ""
	}
	if _, name, ok := strings.Cut(u.PrincipalID, ":"); ok {
		return name
	}
	path, _ := cloudtrailPath(u.ARN)
	return path[strings.LastIndexByte(path, '/')+1:]
}

// kind is the identity's type, or what its ARN says if the type is missing.
func (u *cloudtrailIdentity) kind() string {
	if u.Type != "" {
		return u.Type
	}
	path, _ := cloudtrailPath(u.ARN)
	resource, _, _ := strings.Cut(path, "/")
	switch resource {
	case "assumed-role":
		return "AssumedRole"
	case "user":
		return "IAMUser"
	case "root":
		return "Root"
	case "federated-user":
		return "FederatedUser"
	}
	if u.InvokedBy != "" {
		return "AWSService"
	}
	return ""
}
