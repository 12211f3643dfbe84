package sources

import (
	"cmp"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

var _ = register(Source{
	Name: entraAuditName,
	Kinds: []correlate.KindInfo{
		{
			Kind: EntraCredential, Best: correlate.Issued,
			Hint: "was the secret or certificate added before Entra's audit log was collected? list the application in the directory with its owner",
		},
		{
			Kind: EntraActivation, Best: correlate.Issued, Life: 30 * 24 * time.Hour, // a request waits as long for its approval
			Hint: "was the role asked for before Entra's audit log was collected?",
		},
	},
	Lateness: 15 * time.Minute,
	Detect:   azureDetect(entraAuditName),
	Decode:   entraAuditFormat.decode,
})

var entraAuditFormat = &format[entraAudit]{
	table: scan.Of[entraAudit](), inner: (*entraAudit).inner, line: entraAuditLine,
}

// entraAudit is one line of the audit log: in properties as Azure Monitor gives it,
// or all of it at the top, as Microsoft Graph does.
type entraAudit struct {
	Order scan.Order
	azureLine
	OtherIP          string `json:"ipAddress"`
	entraAuditDetail        // of Graph
	Properties       struct {
		entraAuditDetail
		Category    string `json:"category"`
		Correlation string `json:"correlationId"`
	} `json:"properties" scan:"quoted"`

	classes words[correlate.Class]
	types   words[string]
}

type entraAuditDetail struct {
	ID        string `json:"id"`
	Activity  string `json:"activityDisplayName"`
	Time      string `json:"activityDateTime"`
	Result    string `json:"result"`
	Reason    string `json:"resultReason"`
	Service   string `json:"loggedByService"`
	OpType    string `json:"operationType"`
	UserAgent string `json:"userAgent"`
	By        struct {
		User struct {
			ID   string `json:"id"`
			Name string `json:"displayName"`
			UPN  string `json:"userPrincipalName"`
			IP   string `json:"ipAddress"`
		} `json:"user"`
		App struct {
			AppID     string `json:"appId"`
			Name      string `json:"displayName"`
			Principal string `json:"servicePrincipalId"`
		} `json:"app"`
		Linkable struct {
			Session string `json:"sessionId"`
			Token   struct {
				ID string `json:"uniqueTokenIdentifier"`
			} `json:"tokenDetails"`
		} `json:"linkableIdentifiers"`
		Name string `json:"Name"` // of provisioning
	} `json:"initiatedBy"`
	Targets []entraTarget `json:"targetResources"`
	Details []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"additionalDetails"`
	entraProvisioning
}

type entraTarget struct {
	ID      string `json:"id"`
	Name    string `json:"displayName"`
	Type    string `json:"type"`
	UPN     string `json:"userPrincipalName"`
	Changed []struct {
		Name string `json:"displayName"`
		Old  string `json:"oldValue"`
		New  string `json:"newValue"`
	} `json:"modifiedProperties"`
}

// entraProvisioning is what lines of the provisioning log have besides: accounts
// that Entra makes elsewhere.
type entraProvisioning struct {
	Action string `json:"provisioningAction"`
	Status struct {
		Status string `json:"Status"`
	} `json:"provisioningStatusInfo"`
	App struct {
		ID   string `json:"Id"`
		Name string `json:"Name"`
	} `json:"servicePrincipal"`
	Account struct {
		ID string `json:"Id"`
	} `json:"sourceIdentity"`
}

func (s *entraAudit) detail() *entraAuditDetail {
	if s.entraAuditDetail.Activity != "" {
		return &s.entraAuditDetail
	}
	return &s.Properties.entraAuditDetail
}

func entraAuditLine(in Input, raw []byte, s *entraAudit, out *Batch) {
	d := s.detail()
	if d.Activity == "" && d.Action == "" {
		out.reject(raw, correlate.RejectSource, "not an audit event of Entra: another log of Azure Monitor?")
		return
	}
	at, timed := s.at(out, d.Time)
	if !timed {
		at = in.arrival()
	}
	tenant := s.tenant(out)
	outcome, reason := s.outcome(d)
	e := azureEvent(in, entraAuditName, tenant, d.ID, raw, out)
	e.Time = at
	e.Action, e.Class = cmp.Or(s.Operation.text, d.Activity, d.Action), s.class(d)
	e.Outcome, e.Error = outcome, reason
	e.Resources = s.resources(d, out)
	e.Context.IP, e.Context.Agent = azureIP(cmp.Or(s.CallerIP, d.By.User.IP, s.OtherIP, d.more("ipaddr"))), cmp.Or(d.UserAgent, d.more("User-Agent"))
	e.Context.Account, e.Context.Session = tenant, d.By.Linkable.Session
	e.Context.Ticket, e.Context.App = d.more("TicketNumber"), d.App.Name
	w := entraAuditWho{d: d, e: e, out: out, scope: cmp.Or(tenant, in.Scope), request: s.request(d)}
	w.actor()
	w.uses()
	if timed { // when it arrived is no time to date a fact by
		w.mints()
	}
}

// more is what the line says besides under a name.
func (d *entraAuditDetail) more(key string) string {
	for i := range d.Details {
		if d.Details[i].Key == key {
			return d.Details[i].Value
		}
	}
	return ""
}
