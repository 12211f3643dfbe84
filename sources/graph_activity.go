package sources

import (
	"cmp"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

var _ = register(Source{
	Name:     graphName,
	Lateness: 30 * time.Minute, // by Microsoft's word, for most
	Detect:   azureDetect(graphName),
	Decode:   graphFormat.decode,
})

var graphFormat = &format[graphCall]{table: scan.Of[graphCall](), inner: (*graphCall).inner, line: graphLine}

// graphCall is one request to Microsoft Graph.
type graphCall struct {
	Order scan.Order
	azureLine
	Properties struct {
		RequestID string     `json:"requestId"`
		Generated string     `json:"timeGenerated"`
		TenantID  string     `json:"tenantId"`
		UserID    string     `json:"userId"`
		AppID     string     `json:"appId"`
		Principal string     `json:"servicePrincipalId"`
		SignIn    string     `json:"signInActivityId"`
		Method    string     `json:"requestMethod"`
		URI       string     `json:"requestUri"`
		Status    azureLoose `json:"responseStatusCode"`
		IP        string     `json:"ipAddress"`
		UserAgent string     `json:"userAgent"`
		Location  string     `json:"location"`
		ClientReq string     `json:"clientRequestId"`
	} `json:"properties" scan:"quoted"`

	types words[string]
}

func graphLine(in Input, raw []byte, s *graphCall, out *Batch) {
	p := &s.Properties
	if p.URI == "" && p.RequestID == "" || s.Category.text != "" && s.Category.text != graphCategory {
		out.reject(raw, correlate.RejectSource, "not a call to Microsoft Graph: another log of Azure Monitor?")
		return
	}
	at, timed := s.at(out, p.Generated)
	if !timed {
		at = in.arrival()
	}
	tenant := cmp.Or(s.tenant(out), out.fold(p.TenantID))
	path := graphPath(p.URI)
	outcome := azureHTTPOutcome(cmp.Or(p.Status.text, s.Signature.text))
	e := azureEvent(in, graphName, tenant, cmp.Or(p.RequestID, s.Correlation), raw, out)
	e.Time = at
	e.Action, e.Class = graphAction(p.Method, path, out), graphClass(p.Method, path)
	e.Outcome = outcome
	e.Resources = s.resources(path, out)
	e.Context.IP, e.Context.Agent = azureIP(cmp.Or(p.IP, s.CallerIP)), p.UserAgent
	e.Context.Account, e.Context.Region = tenant, cmp.Or(s.Location.text, p.Location)
	e.Context.App = p.AppID
	if outcome != correlate.Success {
		e.Error = cmp.Or(p.Status.text, s.Signature.text)
	}
	if p.UserID != "" {
		e.Actor = entraUser(out, p.UserID, "", "")
	} else {
		e.Actor = entraApp(out, correlate.ServiceAccount, p.Principal, p.AppID, "")
	}
	if k := entraToken(cmp.Or(tenant, in.Scope), p.SignIn, out); !k.IsZero() {
		e.Uses = out.links.Append(e.Uses, correlate.Link{
			Role: correlate.Acting, Key: k, Proof: correlate.Attested, Method: "entra.sign_in_activity_id",
		})
	}
	if e.Actor.Type != correlate.Unknown {
		e.Uses = out.links.Append(e.Uses, correlate.Link{
			Role: correlate.Requestor, Principal: e.Actor, Proof: correlate.Attested, Method: "entra.graph_caller",
		})
	}
}

// resources are what the path names, lent by out.
func (s *graphCall) resources(path string, out *Batch) []correlate.Resource {
	if path == "" {
		return nil
	}
	return out.resources.Append(nil, correlate.Resource{Type: s.types.of(graphFirst(path), graphType), ID: path})
}

func graphType(first string) string { return "msgraph." + oktaSnake(first) }

// azureHTTPOutcome reads a status.
func azureHTTPOutcome(status string) correlate.Outcome {
	switch {
	case len(status) != 3:
		return correlate.UnknownOutcome
	case status == "401" || status == "403":
		return correlate.Denied
	case status[0] == '2' || status[0] == '3' || status[0] == '1':
		return correlate.Success
	}
	return correlate.Failure
}
