package sources

import (
	"strings"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sources/scan"
)

var (
	kubernetesTable        = scan.Of[kubernetesRecord]()
	kubernetesWrappedTable = scan.Of[kubernetesWrapped]()
)

// kubernetesRecord is a line of the audit log, or what it comes in: an EventList of
// the webhook backend, a record of Azure's diagnostics with the line in a string, a
// list of those, or a message of a CloudWatch Logs subscription.
type kubernetesRecord struct {
	Order scan.Order
	kubernetesLine
	Items      scan.Raw `json:"items"`
	Records    scan.Raw `json:"records"`
	LogEvents  scan.Raw `json:"logEvents"`
	LogGroup   string   `json:"logGroup"`
	Owner      string   `json:"owner"` // of the log group: an AWS account
	ResourceID string   `json:"resourceId"`
	Time       string   `json:"time"`
	Properties struct {
		Log kubernetesLine `json:"log" scan:"quoted"`
	} `json:"properties"`
}

type kubernetesWrapped struct {
	Order   scan.Order
	Message kubernetesLine `json:"message" scan:"quoted"`
}

// kubernetesLine is what is read of an audit event. Of what was sent and returned
// only the few members of a request for a token are, and never the token.
type kubernetesLine struct {
	Kind      string         `json:"kind"`
	AuditID   string         `json:"auditID"`
	Stage     string         `json:"stage"`
	URI       string         `json:"requestURI"`
	Verb      string         `json:"verb"`
	User      kubernetesUser `json:"user"`
	As        kubernetesUser `json:"impersonatedUser"`
	SourceIPs []string       `json:"sourceIPs"`
	Agent     string         `json:"userAgent"`
	Object    struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
		Group       string `json:"apiGroup"`
	} `json:"objectRef"`
	Status struct {
		Code   int64  `json:"code"`
		Reason string `json:"reason"`
	} `json:"responseStatus"`
	Received  string `json:"requestReceivedTimestamp"`
	StageTime string `json:"stageTimestamp"`
	Timestamp string `json:"timestamp"` // until v1beta1
	Metadata  struct {
		Created string `json:"creationTimestamp"`
	} `json:"metadata"`
	Annotations struct {
		Decision string `json:"authorization.k8s.io/decision"`
		Issued   string `json:"authentication.kubernetes.io/issued-credential-id"`
	} `json:"annotations"`
	Request struct {
		Spec struct {
			Bound struct {
				Kind string `json:"kind"`
				Name string `json:"name"`
			} `json:"boundObjectRef"`
		} `json:"spec"`
	} `json:"requestObject"`
	Response struct {
		Status kubernetesIssued `json:"status"`
	} `json:"responseObject"`
}

// kubernetesIssued is read of the status of a request for a token. What other
// objects have there is of no concern.
type kubernetesIssued struct {
	Expires string `json:"expirationTimestamp"`
}

type kubernetesUser struct {
	Username string          `json:"username"`
	UID      string          `json:"uid"`
	Extra    kubernetesExtra `json:"extra"`
}

// kubernetesExtra is what the authenticator adds: the API server's own, that of EKS
// and that of AKS.
type kubernetesExtra struct {
	Credential []string `json:"authentication.kubernetes.io/credential-id"`
	Pod        []string `json:"authentication.kubernetes.io/pod-name"`
	AccessKey  []string `json:"accessKeyId"`
	ARN        []string `json:"arn"`
	RoleARN    []string `json:"canonicalArn"`
	Session    []string `json:"sessionName"`
	EntraID    []string `json:"oid"`
}

// what names the kind of thing that was asked for: pods, pods/exec.
func (l *kubernetesLine) what(mem *arena.Text) string {
	switch o := &l.Object; {
	case o.Resource == "":
		return "path"
	case o.Subresource != "":
		return mem.Join(o.Resource, "/", o.Subresource)
	default:
		return o.Resource
	}
}

// ip is where the request came from, by what the nearest proxy says: the first
// address. What is none is passed over.
func (l *kubernetesLine) ip() string {
	for _, ip := range l.SourceIPs {
		if strings.Count(ip, ".") == 3 || strings.Contains(ip, ":") {
			return ip
		}
	}
	return ""
}

// outcome is how the request ended, as far as the stage knows.
func (l *kubernetesLine) outcome() (correlate.Outcome, string) {
	reason := oktaShort(l.Status.Reason)
	switch code := l.Status.Code; {
	case l.Annotations.Decision == "forbid", code == 401, code == 403:
		if reason == "" {
			reason = "Forbidden"
		}
		return correlate.Denied, reason
	case l.Stage == "Panic":
		return correlate.Failure, "Panic"
	case code >= 400:
		return correlate.Failure, httpReason(code, reason)
	case code > 0:
		return correlate.Success, ""
	}
	return correlate.UnknownOutcome, ""
}

// httpReason is the reason of a failure, or its status code where there is none.
func httpReason(code int64, reason string) string {
	if reason != "" || code < 100 || code > 599 {
		return reason
	}
	return httpCodes[(code-100)*3 : (code-100)*3+3]
}

// httpCodes are 100 to 599, so that writing one needs no memory.
var httpCodes = func() string {
	var b strings.Builder
	for code := 100; code < 600; code++ {
		b.Write([]byte{byte('0' + code/100), byte('0' + code/10%10), byte('0' + code%10)})
	}
	return b.String()
}()

// last is the last of the values that a list has, nearly always the only one.
func last(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}
