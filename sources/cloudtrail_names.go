package sources

import (
	"strings"

	"whence/correlate"
	"whence/correlate/arena"
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
		if c := id[i]; !cloudtrailAlnum(c) && c != '_' {
			return correlate.Key{}
		}
	}
	if id == "" || len(id) > 128 || cloudtrailMasked(id) {
		return correlate.Key{}
	}
	return correlate.Key{Kind: AWSAccessKey, Value: id}
}

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

// cloudtrailEmail returns s in lower case if it is an e-mail address of a person
// by its form; host names and the addresses of service accounts are not.
func cloudtrailEmail(s string, mem *arena.Text) (string, bool) {
	at := strings.IndexByte(s, '@')
	if at < 1 || len(s) > 254 || !cloudtrailLabel(s[:at], "._%+-") {
		return "", false
	}
	dot := strings.LastIndexByte(s, '.')
	if dot < at {
		return "", false
	}
	top := s[dot+1:]
	if len(top) < 2 || len(top) > 24 || !cloudtrailLetters(top) || !cloudtrailHost(s[at+1:dot]) {
		return "", false
	}
	s = cloudtrailLower(s, mem)
	switch s[dot+1:] {
	case "internal", "local", "localdomain", "localhost", "lan", "invalid":
		return "", false
	}
	return s, !strings.HasSuffix(s, ".gserviceaccount.com")
}

// cloudtrailHost reports whether s is made of labels and dots between them.
func cloudtrailHost(s string) bool {
	for {
		label, rest, more := strings.Cut(s, ".")
		if !cloudtrailLabel(label, "-") {
			return false
		}
		if !more {
			return true
		}
		s = rest
	}
}

// cloudtrailLabel reports whether s has letters, digits and the given marks only.
func cloudtrailLabel(s, marks string) bool {
	for i := 0; i < len(s); i++ {
		if !cloudtrailAlnum(s[i]) && strings.IndexByte(marks, s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

func cloudtrailLetters(s string) bool {
	for i := 0; i < len(s); i++ {
		if !cloudtrailLetter(s[i]) {
			return false
		}
	}
	return true
}

// cloudtrailLower is ASCII text in lower case.
func cloudtrailLower(s string, mem *arena.Text) string {
	i := 0
	for i < len(s) && s[i]-'A' >= 26 {
		i++
	}
	if i == len(s) {
		return s
	}
	b := mem.Bytes(len(s))
	for i := range b {
		if b[i] = s[i]; s[i]-'A' < 26 {
			b[i] |= 0x20
		}
	}
	return arena.View(b)
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
	at := len("arn:")
	for range 4 {
		i := strings.IndexByte(s[at:], ':')
		if i < 0 {
			return "", false
		}
		at += i + 1
	}
	return s[at:], true
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
