package sources

import (
	"regexp"
	"strings"
	"time"

	"whence/correlate"
)

// What AWS writes into times, addresses, names and ARNs.

// cloudtrailTimes are the forms seen in event times and expirations. STS writes
// those of the Java runtime it runs on.
var cloudtrailTimes = [...]string{
	time.RFC3339, "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05Z07:00", "20060102T150405Z", "2006-01-02T15:04:05",
	"Jan 2, 2006, 3:04:05 PM", "Jan 2, 2006 3:04:05 PM",
}

// cloudtrailTime reads a time in any of the known forms, or gives the zero time.
func cloudtrailTime(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	s = strings.ReplaceAll(s, "\u202f", " ") // newer Java runtimes put a narrow space before AM and PM
	for _, layout := range cloudtrailTimes {
		if t, err := time.Parse(layout, s); err == nil && placeable(t) {
			return t.UTC()
		}
	}
	return time.Time{}
}

// cloudtrailService is an event source without its domain.
func cloudtrailService(source string) string {
	return strings.TrimSuffix(strings.TrimSuffix(source, ".cn"), ".amazonaws.com")
}

func cloudtrailIsAccount(s string) bool { return len(s) == 12 && cloudtrailDigits(s) }

func cloudtrailDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// cloudtrailIP keeps addresses, odd and impossible ones too, and leaves out the
// names of services and the words that stand in for an address.
func cloudtrailIP(s string) string {
	if strings.Trim(s, "0123456789abcdefABCDEF.:*%/") != "" || !strings.ContainsAny(s, ".:") {
		return ""
	}
	return s
}

// cloudtrailKey is an access key, or the zero key for a missing or masked id.
func cloudtrailKey(id string) correlate.Key {
	for i := 0; i < len(id); i++ {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_' {
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
	return s == "HIDDEN_DUE_TO_SECURITY_REASONS" || strings.EqualFold(s, "redacted") || strings.EqualFold(s, "hidden")
}

var cloudtrailEmailForm = regexp.MustCompile(`^[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+([A-Za-z]{2,24})$`)

// cloudtrailEmail returns s in lower case if it is an e-mail address of a person
// by its form; host names and the addresses of service accounts are not.
func cloudtrailEmail(s string) (string, bool) {
	if len(s) > 254 || !strings.Contains(s, "@") {
		return "", false
	}
	m := cloudtrailEmailForm.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	s = strings.ToLower(s)
	switch strings.ToLower(m[1]) {
	case "internal", "local", "localdomain", "localhost", "lan", "invalid":
		return "", false
	}
	return s, !strings.HasSuffix(s, ".gserviceaccount.com")
}

// cloudtrailARN splits an ARN into its six parts; all empty if it is none.
func cloudtrailARN(s string) (p [6]string) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) == 6 && parts[0] == "arn" {
		copy(p[:], parts)
	}
	return p
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
	for _, kind := range []string{"foundation-model/", "inference-profile/"} {
		if p := cloudtrailARN(id); strings.HasPrefix(p[5], kind) {
			return p[5][len(kind):]
		}
	}
	return id
}

// sessionName is the name of a role session, or of a federated user's.
func (u *cloudtrailIdentity) sessionName() string {
	if k := u.kind(); k != "AssumedRole" && k != "AWSAccount" && k != "FederatedUser" {
		return ""
	}
	if _, name, ok := strings.Cut(u.PrincipalID, ":"); ok {
		return name
	}
	if p := cloudtrailARN(u.ARN); p[5] != "" {
		return p[5][strings.LastIndexByte(p[5], '/')+1:]
	}
	return ""
}

// kind is the identity's type, or what its ARN says if the type is missing.
func (u *cloudtrailIdentity) kind() string {
	if u.Type != "" {
		return u.Type
	}
	resource, _, _ := strings.Cut(cloudtrailARN(u.ARN)[5], "/")
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
