package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

var _ = register(Source{
	Name:     azureActivityName,
	Lateness: 20 * time.Minute, // by Microsoft's word 3 to 20 minutes
	Detect:   azureDetect(azureActivityName),
	Decode:   azureActivityFormat.decode,
})

var azureActivityFormat = &format[azureActivity]{
	table: scan.Of[azureActivity](), inner: (*azureActivity).inner, line: azureActivityLine,
}

// azureActivity is one line in any of its shapes: of the activity log, with the
// caller in identity (an object, or a name that says nothing), or as the API gives
// it, with claims at the top; and of the log of a single resource, such as storage.
type azureActivity struct {
	Order scan.Order
	azureLine
	EventDataID string     `json:"eventDataId"`
	Caller      string     `json:"caller"`
	Status      azureName  `json:"status"`
	SubStatus   azureName  `json:"subStatus"`
	StatusCode  azureLoose `json:"statusCode"`
	StatusText  string     `json:"statusText"`
	HTTP        struct {
		IP string `json:"clientIpAddress"`
	} `json:"httpRequest"`
	Claims        azureClaims `json:"claims"`
	Authorization struct {
		Scope string `json:"scope"`
	} `json:"authorization"`
	Identity struct {
		Claims        azureClaims `json:"claims"`
		Authorization struct {
			Scope    string `json:"scope"`
			Evidence struct {
				Principal string `json:"principalId"`
				Type      string `json:"principalType"`
			} `json:"evidence"`
		} `json:"authorization"`
		Type      string      `json:"type"` // of storage: OAuth, AccountKey, SAS, Anonymous
		TokenHash string      `json:"tokenHash"`
		Requester azureAsking `json:"requester"`
	} `json:"identity" scan:"quoted"`
	Properties struct {
		Account   string     `json:"accountName"`
		Object    string     `json:"objectKey"`
		UserAgent string     `json:"userAgentHeader"`
		Status    azureLoose `json:"statusCode"`
		Activity  string     `json:"activityDisplayName"` // of Entra's audit log
	} `json:"properties" scan:"quoted"`

	classes words[correlate.Class]
	types   azureTypes
}

// azureAsking is who made a request to storage with a token.
type azureAsking struct {
	AppID  string `json:"appId"`
	Object string `json:"objectId"`
	UPN    string `json:"upn"`
	Issuer string `json:"tokenIssuer"` // https://sts.windows.net/<tenant>/
	Token  string `json:"uniqueTokenId"`
}

func azureActivityLine(in Input, raw []byte, s *azureActivity, out *Batch) {
	if s.Operation.text == "" || s.Properties.Account == "" && s.ResourceID == "" {
		out.reject(raw, correlate.RejectSource, "no operation on a resource of Azure")
		return
	}
	if s.elsewhere() {
		out.reject(raw, correlate.RejectSource, "another log of Azure Monitor, which has a source of its own")
		return
	}
	at, timed := s.at(out)
	if !timed {
		at = in.arrival()
	}
	tenant := s.tenant(out)
	outcome, phase, reason := s.outcome()
	e := azureEvent(in, azureActivityName, tenant, s.EventDataID, raw, out)
	e.Time, e.Primary = at, phase == azureEnd
	e.Action, e.Class = s.Operation.text, s.classes.of(s.Operation.text, azureClass)
	e.Outcome, e.Error = outcome, reason
	e.Resources = s.resources(out)
	e.Context.IP, e.Context.Agent = azureIP(cmp.Or(s.CallerIP, s.HTTP.IP, s.Identity.Claims.IP, s.Claims.IP)), s.Properties.UserAgent
	e.Context.Account, e.Context.Region = cmp.Or(s.subscription(out), tenant), s.Location.text
	if s.Correlation != "" && s.StatusCode.text == "" {
		// The start of an operation and its end are two lines of one deed.
		e.ActionID = out.sums.ID(azureActivityName, s.Correlation, s.Operation.text, s.ResourceID)
	}
	s.who(out, e, cmp.Or(tenant, in.Scope))
	e.Context.App = cmp.Or(s.Identity.Claims.AppID, s.Claims.AppID, s.Identity.Requester.AppID)
}

// resources are what the line names, lent by out.
func (s *azureActivity) resources(out *Batch) []correlate.Resource {
	var rs []correlate.Resource
	if s.ResourceID != "" {
		rs = out.resources.Append(rs, correlate.Resource{Type: s.types.of(s.ResourceID, out), ID: s.ResourceID})
	}
	if o := s.Properties.Object; o != "" {
		rs = out.resources.Append(rs, correlate.Resource{Type: "azure.storage_object", ID: o})
	}
	return rs
}

// who reads the caller, in whichever place it is told.
func (s *azureActivity) who(out *Batch, e *correlate.Event, tenant string) {
	id := &s.Identity
	switch none := (azureClaims{}); {
	case id.Claims != none:
		id.Claims.uses(out, e, tenant)
	case s.Claims != none:
		s.Claims.uses(out, e, tenant)
	case id.Requester != azureAsking{}:
		r := &id.Requester
		c := azureClaims{UPN: r.UPN, Object: r.Object, AppID: r.AppID, Token: r.Token, Tenant: azureLast(strings.TrimSuffix(r.Issuer, "/"))}
		c.uses(out, e, tenant)
	case id.Authorization.Evidence.Principal != "" && id.Authorization.Evidence.Type == "User":
		c := azureClaims{Object: id.Authorization.Evidence.Principal, IDType: "user"}
		c.uses(out, e, tenant)
	case id.Authorization.Evidence.Type == "ServicePrincipal": // with a group it would be the group's role
		c := azureClaims{Object: id.Authorization.Evidence.Principal}
		c.uses(out, e, tenant)
	case strings.Contains(s.Caller, "@"):
		c := azureClaims{UPN: s.Caller}
		c.uses(out, e, tenant)
	case isGUID(s.Caller):
		c := azureClaims{Object: s.Caller}
		c.uses(out, e, tenant)
	case id.Type == "AccountKey" || id.Type == "SAS":
		s.key(out, e)
	default:
		e.Actor = entraApp(out, correlate.Unknown, "", "", "")
	}
	if e.Actor.ID == "unknown" && id.Claims.Name != "" {
		e.Actor.Name = id.Claims.Name
	}
}

// key names the key of a storage account that signed, or that a signature is made
// with, by what the log says of it: which one, and its hash.
func (s *azureActivity) key(out *Batch, e *correlate.Event) {
	e.Actor = correlate.Principal{
		Type: correlate.APIKey, ID: out.text.Join(s.Properties.Account, "/", cmp.Or(s.Identity.TokenHash, s.Identity.Type)), Issuer: "azure",
		Name: s.Identity.Type,
	}
	e.Uses = out.links.Append(nil, correlate.Link{
		Role: correlate.Requestor, Principal: e.Actor, Proof: correlate.Attested, Method: "azure.storage_key",
	})
}
