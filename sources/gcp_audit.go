package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// gcpName is Google Cloud's audit logs: admin activity, data access, policy denied,
// GKE's and Vertex AI's among them.
const gcpName = "gcp.audit"

var _ = register(Source{
	Name: gcpName,
	Kinds: []correlate.KindInfo{{
		Kind: GCPServiceAccountKey, Best: correlate.Issued,
		Hint: "was the service account's key made before the audit log was collected (CreateServiceAccountKey)? list the account in the directory with its owner",
	}},
	Lateness: 5 * time.Minute,
	Detect:   func(v Value) bool { return within(v, gcpIs) },
	Decode:   gcpFormat.decode,
})

var gcpFormat = &format[gcpEntry]{table: scan.Of[gcpEntry](), inner: (*gcpEntry).inner, line: gcpLine}

func gcpIs(v Value) bool {
	for _, name := range []string{"protoPayload", "protopayload_auditlog"} {
		p := v.Member(name)
		if p.Has("methodName") || p.Has("serviceName") || p.Has("authenticationInfo") || p.Has("authorizationInfo") {
			return true
		}
	}
	return false
}

// gcpEntry is one entry of Cloud Logging, as sinks deliver it, or as the tables of a
// BigQuery sink have it.
type gcpEntry struct {
	Order     scan.Order
	InsertID  string `json:"insertId"`
	LogName   string `json:"logName"`
	Timestamp string `json:"timestamp"`
	Received  string `json:"receiveTimestamp"`
	Operation struct {
		ID    string `json:"id"`
		First bool   `json:"first"`
		Last  bool   `json:"last"`
	} `json:"operation"`
	Resource struct {
		Type   string `json:"type"`
		Labels struct {
			Project  string `json:"project_id"`
			Location string `json:"location"`
			Zone     string `json:"zone"`
			Region   string `json:"region"`
			Cluster  string `json:"cluster_name"`
		} `json:"labels"`
	} `json:"resource"`
	Trace   string     `json:"trace"`
	Payload gcpPayload `json:"protoPayload"`
	Table   gcpPayload `json:"protopayload_auditlog"`
	wraps

	calls words[gcpCall]
	types words[string]
}

type gcpPayload struct {
	Service  string     `json:"serviceName"`
	Method   string     `json:"methodName"`
	Resource string     `json:"resourceName"`
	Auth     gcpCaller  `json:"authenticationInfo"`
	Access   []gcpGrant `json:"authorizationInfo"`
	Meta     struct {
		IP    string `json:"callerIp"`
		Agent string `json:"callerSuppliedUserAgent"`
	} `json:"requestMetadata"`
	Status   gcpStatus `json:"status"`
	Location struct {
		Current []string `json:"currentLocations"`
	} `json:"resourceLocation"`
	Request struct {
		Name string `json:"name"`
	} `json:"request"`
	Response struct {
		Name string `json:"name"`
	} `json:"response"`
	Metadata struct {
		Mapped string `json:"mapped_principal"` // of a token exchange
	} `json:"metadata"`
}

type gcpGrant struct {
	Permission string     `json:"permission"`
	Kind       string     `json:"permissionType"`
	Granted    azureLoose `json:"granted"` // a truth value, or one in text
}

// gcpStatus is how a call ended. It is not there, or empty, or has a code: no code
// means that it went well.
type gcpStatus struct {
	Code    azureLoose `json:"code"`
	Message string     `json:"message"`
}

func gcpLine(in Input, raw []byte, s *gcpEntry, out *Batch) {
	p := &s.Payload
	if p.Service == "" && p.Method == "" && len(p.Access) == 0 {
		p = &s.Table
	}
	if p.Service == "" && p.Method == "" && len(p.Access) == 0 && s.Payload.Auth.Email == "" {
		out.reject(raw, correlate.RejectSource, "no entry of Google Cloud's audit logs")
		return
	}
	// An insert id is unique in its log and at its time only.
	e := out.begin(gcpName, out.text.Join(cmp.Or(s.LogName, in.Scope), " ", s.Timestamp), s.InsertID, raw)
	at, ok := utcTime(s.Timestamp)
	if !ok {
		at, ok = azureTime(strings.TrimSuffix(cmp.Or(s.Timestamp, s.Received), " UTC"), out) // as BigQuery writes it
	}
	timed := in.dated(e, eventTime{at, ok})
	call := s.call(p)
	e.Action, e.Class = call.action, call.class
	e.Outcome, e.Error = s.outcome(p)
	s.deed(e, out)
	if p.Resource != "" {
		out.touched(e, s.types.of(s.Resource.Type, gcpType), p.Resource)
	}
	if call.class == correlate.Model {
		e.Usage.Model = gcpModel(p.Resource)
	}
	labels, region := &s.Resource.Labels, ""
	if len(p.Location.Current) > 0 {
		region = p.Location.Current[0]
	}
	e.Context = correlate.Context{
		IP: gcpIP(p.Meta.IP), Agent: p.Meta.Agent, Account: cmp.Or(labels.Project, gcpOwner(s.LogName)),
		Region: cmp.Or(labels.Location, labels.Region, labels.Zone, region), App: p.Auth.OAuth.Client,
	}
	w := gcpWho{p: p, e: e, out: out}
	w.uses()
	if timed { // when it arrived is no time to date a fact by
		w.mints()
	}
}

func gcpType(s string) string { return "gcp." + cmp.Or(s, "resource") }

// deed joins the two entries of an operation that takes its time. The last one tells
// how it ended.
func (s *gcpEntry) deed(e *correlate.Event, out *Batch) {
	if o := &s.Operation; o.ID != "" && o.First != o.Last {
		e.ActionID, e.Primary = out.sums.ID(gcpName, "operation", o.ID), o.Last
	}
}

// outcome: codes are those of gRPC.
func (s *gcpEntry) outcome(p *gcpPayload) (correlate.Outcome, string) {
	switch code := p.Status.Code.text; {
	case code == "7" || code == "16":
		return correlate.Denied, short(cmp.Or(p.Status.Message, code))
	case code != "" && code != "0":
		return correlate.Failure, short(cmp.Or(p.Status.Message, code))
	}
	for i := range p.Access {
		if g := p.Access[i].Granted.text; g == "false" {
			return correlate.Denied, "not granted"
		}
	}
	if o := &s.Operation; o.ID != "" && o.First && !o.Last && len(p.Access) == 0 {
		return correlate.UnknownOutcome, "" // only begun
	}
	return correlate.Success, ""
}

// gcpOwner is the project, folder or organisation whose log it is.
func gcpOwner(logName string) string {
	owner, _, ok := strings.Cut(logName, "/logs/")
	if !ok {
		return ""
	}
	return strings.TrimPrefix(owner, "projects/")
}

// gcpIP drops the words that stand for "inside of Google".
func gcpIP(s string) string {
	if s == "private" || strings.HasPrefix(s, "gce-internal") {
		return ""
	}
	return s
}

// gcpModel is the model, or the endpoint, of publishers/google/models/gemini-2.0.
func gcpModel(resource string) string {
	if _, model, ok := strings.Cut(resource, "/models/"); ok {
		return model
	}
	if _, endpoint, ok := strings.Cut(resource, "/endpoints/"); ok {
		return endpoint
	}
	return ""
}
