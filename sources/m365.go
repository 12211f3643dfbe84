package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// m365Name is the unified audit log of Microsoft 365: Exchange, SharePoint, Teams,
// Power BI, and what Entra does for them.
const m365Name = "m365.audit"

var _ = register(Source{
	Name: m365Name,
	Kinds: []correlate.KindInfo{{ // a sign-in that Entra's own log tells too
		Kind: EntraToken, Life: 28 * time.Hour, Best: correlate.Issued,
	}},
	Lateness: 90 * time.Minute, // by Microsoft's word, for most workloads
	Detect:   func(v Value) bool { return within(v, m365Is) },
	Decode:   m365Format.decode,
})

var m365Format = &format[m365Line]{table: scan.Of[m365Line](), inner: (*m365Line).inner, line: m365Event}

func m365Is(v Value) bool {
	return v.Has("CreationTime", "Operation") && (v.Has("RecordType") || v.Has("OrganizationId") || v.Has("Workload"))
}

// m365Line is one audit record, of any workload.
type m365Line struct {
	Order        scan.Order
	Time         string     `json:"CreationTime"`
	ID           string     `json:"Id"`
	Operation    string     `json:"Operation"`
	Organization string     `json:"OrganizationId"`
	RecordType   azureLoose `json:"RecordType"` // a number, or its name
	Result       string     `json:"ResultStatus"`
	UserType     azureLoose `json:"UserType"`
	UserKey      string     `json:"UserKey"`
	UserID       string     `json:"UserId"`
	ClientIP     string     `json:"ClientIP"`
	ClientIPs    string     `json:"ClientIPAddress"`
	ActorIP      string     `json:"ActorIpAddress"`
	Object       string     `json:"ObjectId"`
	Workload     string     `json:"Workload"`
	AppID        string     `json:"AppId"`
	ClientApp    string     `json:"ClientAppId"`
	Application  string     `json:"ApplicationId"`
	UserAgent    string     `json:"UserAgent"`
	Request      string     `json:"IntraSystemId"` // of a sign-in: the id that Entra's log has
	Session      string     `json:"SessionId"`
	LogonError   string     `json:"LogonError"`
	Access       struct {
		Session string `json:"AADSessionId"`
		Token   string `json:"UniqueTokenId"`
	} `json:"AppAccessContext" scan:"quoted"`
	Actor []struct {
		ID   string     `json:"ID"`
		Type azureLoose `json:"Type"`
	} `json:"Actor"`
	Extended []m365Pair `json:"ExtendedProperties"`
	Device   []m365Pair `json:"DeviceProperties"`
	Events   scan.Raw   `json:"events"`
	wraps

	classes words[correlate.Class]
	types   words[string]
}

func (s *m365Line) inner() scan.Raw {
	if s.Events.IsList() {
		return s.Events
	}
	return s.wraps.inner()
}

// m365Pair is one of a list of names and values.
type m365Pair struct {
	Name  string `json:"Name"`
	Value string `json:"Value"`
}

func m365Value(pairs []m365Pair, name string) string {
	for i := range pairs {
		if pairs[i].Name == name {
			return pairs[i].Value
		}
	}
	return ""
}

func m365Event(in Input, raw []byte, s *m365Line, out *Batch) {
	if s.Operation == "" {
		out.reject(raw, correlate.RejectSource, "no audit record of Microsoft 365")
		return
	}
	tenant := cmp.Or(out.fold(s.Organization), in.Scope)
	e := out.begin(m365Name, tenant, s.ID, raw)
	at, ok := azureTime(s.Time, out)
	timed := in.dated(e, eventTime{at, ok})
	e.Action, e.Class = s.Operation, s.classes.of(s.Operation, m365Class)
	e.Outcome, e.Error = s.outcome()
	if s.Object != "" {
		out.touched(e, s.types.of(s.Workload, m365Type), s.Object)
	}
	e.Context = correlate.Context{
		IP: azureIP(cmp.Or(s.ClientIP, s.ActorIP, s.ClientIPs)), Agent: cmp.Or(m365Value(s.Extended, "UserAgent"), s.UserAgent),
		Account: tenant, App: cmp.Or(s.Application, s.ClientApp, s.AppID), Session: s.session(),
	}
	w := m365Who{s: s, e: e, out: out, tenant: tenant}
	w.uses()
	if timed { // when it arrived is no time to date a fact by
		w.mints()
	}
}

func m365Type(workload string) string {
	switch workload {
	case "AzureActiveDirectory":
		return "entra.object"
	case "":
		return "m365.object"
	}
	return "m365." + oktaSnake(workload)
}

func (s *m365Line) session() string {
	return cmp.Or(s.Access.Session, m365Value(s.Device, "SessionId"), s.Session)
}

// outcome: what is written down has happened, where nothing is said.
func (s *m365Line) outcome() (correlate.Outcome, string) {
	switch s.Result {
	case "Success", "Succeeded", "True":
		return correlate.Success, ""
	}
	why := short(cmp.Or(s.LogonError, m365Value(s.Extended, "ResultStatusDetail"), s.Result))
	switch {
	case s.Operation == "UserLoginFailed", azureIs(s.Result, "Failed", "Failure", "False"):
		return correlate.Failure, why
	case azureIs(s.Result, "Denied", "Blocked"):
		return correlate.Denied, why
	}
	return correlate.Success, ""
}

// m365Class goes by the operation: Set-Mailbox, FileAccessed, Add member to role.
func m365Class(operation string) correlate.Class {
	op := strings.ToLower(operation)
	verb, _, cmdlet := strings.Cut(op, "-")
	ends := func(words ...string) bool {
		for _, w := range words {
			if strings.HasSuffix(op, w) {
				return true
			}
		}
		return false
	}
	contains := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(op, w) {
				return true
			}
		}
		return false
	}
	switch {
	case contains("loggedin", "loginfailed", "loggedoff", "signedin", "signinevent", "mailboxlogin", "teamssessionstarted"):
		return correlate.Auth
	case cmdlet && (verb == "get" || verb == "search" || verb == "test" || verb == "export"):
		return correlate.Read
	case cmdlet && !strings.Contains(verb, " "):
		return correlate.Admin // of Exchange's and others' PowerShell
	case ends("accessed", "viewed", "downloaded", "previewed", "accessedextended", "itemsaccessed", "searchqueryperformed", "queried", "listed"),
		strings.HasPrefix(op, "view"), strings.HasPrefix(op, "get"), strings.HasPrefix(op, "search"), strings.HasPrefix(op, "export"):
		return correlate.Read
	case contains("role", "consent", "service principal", "application", "policy", "permission", "delegat", "domain", "federation", "sharingpolicy",
		"siteadmin", "sitecollectionadmin", "admin", "audit", "dlp", "credential"):
		return correlate.Admin
	}
	return correlate.Write
}
