package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sources/scan"
)

// azureLine is what every line of Azure Monitor has, whatever wrote it: Entra's
// sign-ins and audit log, the activity log, and the logs of single resources.
type azureLine struct {
	Time        string     `json:"time"`
	Timestamp   string     `json:"eventTimestamp"` // of the activity log's API
	ResourceID  string     `json:"resourceId"`
	Operation   azureName  `json:"operationName"`
	Category    azureName  `json:"category"`
	TenantID    string     `json:"tenantId"`
	ResultType  azureLoose `json:"resultType"`
	Signature   azureLoose `json:"resultSignature"`
	Description string     `json:"resultDescription"`
	CallerIP    string     `json:"callerIpAddress"`
	Correlation string     `json:"correlationId"`
	Location    azureName  `json:"location"` // a region; in Graph's sign-ins an object
	wraps
}

// azureName is text, or the {"value", "localizedValue"} that APIs give instead.
type azureName struct{ text string }

// ReadJSON implements scan.Reader.
func (n *azureName) ReadJSON(raw scan.Raw, mem *arena.Text) {
	if text, ok := raw.Text(mem); ok {
		n.text = text
		return
	}
	for name, v := range raw.Members(mem) {
		if name == "value" {
			n.text, _ = v.Text(mem)
		}
	}
}

// azureLoose is text or a number, as versions differ.
type azureLoose struct{ text string }

// ReadJSON implements scan.Reader.
func (l *azureLoose) ReadJSON(raw scan.Raw, mem *arena.Text) { l.text = raw.Loose(mem) }

// tenant is the tenant whose log it is, in lower case: it scopes keys.
func (l *azureLine) tenant(out *Batch) string {
	if l.TenantID != "" {
		return out.fold(l.TenantID)
	}
	const tenants = "/tenants/"
	if r := l.ResourceID; len(r) > len(tenants) && strings.EqualFold(r[:len(tenants)], tenants) {
		id, _, _ := strings.Cut(r[len(tenants):], "/")
		return out.fold(id)
	}
	return ""
}

// subscription is that of the resource, or "".
func (l *azureLine) subscription(out *Batch) string {
	const subscriptions = "/subscriptions/"
	if r := l.ResourceID; len(r) > len(subscriptions) && strings.EqualFold(r[:len(subscriptions)], subscriptions) {
		id, _, _ := strings.Cut(r[len(subscriptions):], "/")
		return out.fold(id)
	}
	return ""
}

// at is when the event was, by the first of what is given that tells.
func (l *azureLine) at(out *Batch, others ...string) (time.Time, bool) {
	if t, ok := azureTime(cmp.Or(l.Time, l.Timestamp), out); ok {
		return t, true
	}
	for _, s := range others {
		if t, ok := azureTime(s, out); ok {
			return t, true
		}
	}
	return time.Time{}, false
}

// azureTime reads a time in any of the ways Microsoft's logs write one: with Z or
// +00:00, without a zone, and with a blank in place of the T. Without a zone it is
// UTC.
func azureTime(s string, out *Batch) (time.Time, bool) {
	if t, ok := utcTime(s); ok {
		return t, true
	}
	if len(s) < len("2006-01-02T15:04:05") {
		return time.Time{}, false
	}
	clock := s[11:]
	switch zone := strings.IndexAny(clock, "Z+-"); {
	case zone < 0:
	case clock[zone:] == "Z" || clock[zone:] == "+00:00":
		clock = clock[:zone]
	default:
		return rfc3339(s)
	}
	if s[10] != 'T' && s[10] != ' ' {
		return time.Time{}, false
	}
	return utcTime(out.text.Join(s[:10], "T", clock, "Z"))
}

// azureIP is an address without the port that some services add.
func azureIP(s string) string {
	if host, port, ok := strings.Cut(s, ":"); ok && !strings.Contains(port, ":") {
		return host
	}
	if strings.HasPrefix(s, "[") {
		host, _, _ := strings.Cut(s[1:], "]")
		return host
	}
	return s
}

// short bounds a reason: it is a code or a short sentence.
func short(s string) string { return oktaShort(s) }

// azureEvent appends an event of raw that goes by an id of its tenant's, and by the
// hash of its bytes where the log gives none. Callers fill in the rest.
func azureEvent(in Input, source, tenant, id string, raw []byte, out *Batch) *correlate.Event {
	e := out.event()
	e.Evidence.SHA256, e.Line = out.hash(raw), raw
	if e.EventID = id; id == "" {
		e.EventID = out.text.Join("sha256:", e.Evidence.SHA256)
	}
	e.ID = out.sums.ID(source, cmp.Or(tenant, in.Scope), e.EventID)
	e.ActionID, e.Primary = e.ID, true
	return e
}
