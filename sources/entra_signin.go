package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

var _ = register(Source{
	Name: entraSigninName,
	Kinds: []correlate.KindInfo{
		{
			// Tokens live for an hour, for 24 with managed identities, and for up to
			// 28 with continuous access evaluation.
			Kind: EntraToken, Life: 28 * time.Hour, Best: correlate.Issued,
			Hint: "are all four sign-in logs of Entra collected (interactive, non-interactive, service principal, managed identity)?",
		},
		{
			// Browsers stay signed in for 90 days at most without policy.
			Kind: EntraSession, Life: 90 * 24 * time.Hour, Best: correlate.Issued,
			Hint: "did the session begin before the sign-in logs of Entra were collected?",
		},
	},
	Lateness: 15 * time.Minute,
	Detect:   azureDetect(entraSigninName),
	Decode:   entraSigninFormat.decode,
})

var entraSigninFormat = &format[entraSignin]{
	table: scan.Of[entraSignin](), inner: (*entraSignin).inner, line: entraSigninLine,
}

// entraSignin is one sign-in: in properties as Azure Monitor gives it, or all of it
// at the top, as Microsoft Graph does.
type entraSignin struct {
	Order scan.Order
	azureLine
	entraSigninDetail // of Graph
	Properties        struct {
		entraSigninDetail
		Target string `json:"resourceId"` // what was signed in to
	} `json:"properties" scan:"quoted"`
}

type entraSigninDetail struct {
	ID            string `json:"id"`
	Created       string `json:"createdDateTime"`
	Token         string `json:"uniqueTokenIdentifier"`
	Session       string `json:"sessionId"`
	UserID        string `json:"userId"`
	UPN           string `json:"userPrincipalName"`
	DisplayName   string `json:"userDisplayName"`
	AppID         string `json:"appId"`
	AppName       string `json:"appDisplayName"`
	Principal     string `json:"servicePrincipalId"`
	PrincipalName string `json:"servicePrincipalName"`
	Credential    string `json:"servicePrincipalCredentialKeyId"`
	TargetName    string `json:"resourceDisplayName"`
	TargetTenant  string `json:"resourceTenantId"`
	IP            string `json:"ipAddress"`
	UserAgent     string `json:"userAgent"`
	Interactive   bool   `json:"isInteractive"`
	Status        struct {
		Code   azureLoose `json:"errorCode"`
		Reason string     `json:"failureReason"`
	} `json:"status"`
	Agent struct {
		Type string `json:"agentType"`
	} `json:"agent"`
	ManagedIdentity struct {
		Type string `json:"msiType"`
	} `json:"managedServiceIdentity"`
}

// detail is what tells of the sign-in, and what was signed in to.
func (s *entraSignin) detail() (*entraSigninDetail, string) {
	if s.Properties.Created != "" || s.Category.text != "" {
		return &s.Properties.entraSigninDetail, entraSet(s.Properties.Target)
	}
	return &s.entraSigninDetail, entraSet(s.ResourceID)
}

func entraSigninLine(in Input, raw []byte, s *entraSignin, out *Batch) {
	d, target := s.detail()
	if d.Created == "" && !strings.HasSuffix(s.Category.text, "SignInLogs") {
		out.reject(raw, correlate.RejectSource, "not a sign-in of Entra: another log of Azure Monitor?")
		return
	}
	at, timed := s.at(out, d.Created)
	if !timed {
		at = in.arrival()
	}
	tenant := s.tenant(out)
	outcome, reason := s.outcome(d, out)
	e := azureEvent(in, entraSigninName, tenant, d.ID, raw, out)
	e.Time = at
	e.Action, e.Class = cmp.Or(s.Operation.text, "Sign-in activity"), correlate.Auth
	e.Outcome, e.Error = outcome, reason
	e.Context.IP, e.Context.Agent = azureIP(cmp.Or(d.IP, s.CallerIP)), d.UserAgent
	e.Context.Account, e.Context.Session = tenant, d.Session
	e.Context.App = cmp.Or(d.AppName, d.AppID)
	if target != "" {
		e.Resources = out.resources.Append(nil, correlate.Resource{Type: "entra.service_principal", ID: target})
	} else if d.TargetName != "" {
		e.Resources = out.resources.Append(nil, correlate.Resource{Type: "entra.application", ID: d.TargetName})
	}
	w := entraSigninWho{d: d, e: e, out: out, scope: cmp.Or(out.fold(entraSet(d.TargetTenant)), tenant, in.Scope), category: s.Category.text}
	w.actor()
	w.uses()
	if timed { // when it arrived is no time to date a fact by
		w.mints()
	}
}

// entraRefused are codes of sign-ins that a policy refused, in place of the person
// having failed to prove who they are.
var entraRefused = map[string]bool{
	"53000": true, "53001": true, "53002": true, "53003": true, "53004": true, "50105": true, "530032": true, "530034": true, "50020": true,
}

// outcome is how the sign-in ended. Steps on the way, such as being asked for a
// second factor, have a code too, and are failures until the last.
func (s *entraSignin) outcome(d *entraSigninDetail, out *Batch) (correlate.Outcome, string) {
	code := cmp.Or(d.Status.Code.text, s.ResultType.text)
	why := cmp.Or(d.Status.Reason, s.Description)
	if why != "" && why != "Other." {
		why = out.text.Join(code, ": ", short(why))
	}
	switch {
	case code == "0" || strings.EqualFold(code, "success"):
		return correlate.Success, ""
	case entraRefused[code]:
		return correlate.Denied, cmp.Or(why, code)
	case code == "":
		return correlate.UnknownOutcome, ""
	}
	return correlate.Failure, cmp.Or(why, code)
}
