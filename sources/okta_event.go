package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sources/scan"
)

// oktaScratch is what the decoder uses again for every event.
type oktaScratch struct {
	event   oktaEvent
	classes words[correlate.Class] // by event type
	types   words[string]          // of resources, by what Okta calls them
}

var oktaTable = scan.Of[oktaEvent]()

// oktaEvent is what is read of a System Log event, and the members of the
// envelopes that carry such events: the API and log streams ({"events":[]}),
// EventBridge ({"detail":{}}), event hooks ({"data":{"events":[]}}) and the
// Splunk log stream ({"event":{}}).
type oktaEvent struct {
	Order     scan.Order
	UUID      oktaText        `json:"uuid"`
	Published oktaText        `json:"published"`
	EventType oktaText        `json:"eventType"`
	Actor     oktaEntity      `json:"actor"`
	Client    oktaClient      `json:"client"`
	Session   oktaAuthContext `json:"authenticationContext"`
	Outcome   oktaOutcome     `json:"outcome"`
	Target    []oktaEntity    `json:"target"`
	Deed      oktaTransaction `json:"transaction"`
	Debug     struct {
		Data struct {
			Original oktaEntity `json:"originalPrincipal"`
		} `json:"debugData"`
	} `json:"debugContext"`
	Request struct {
		Chain []struct {
			IP string `json:"ip"`
		} `json:"ipChain"`
	} `json:"request"`

	Events scan.Raw `json:"events"`
	Detail scan.Raw `json:"detail"`
	Data   scan.Raw `json:"data"`
	Event  scan.Raw `json:"event"`
}

type oktaEntity struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	AlternateID string `json:"alternateId"`
	DisplayName string `json:"displayName"`
}

type oktaClient struct {
	IP    string `json:"ipAddress"`
	Agent struct {
		Raw string `json:"rawUserAgent"`
	} `json:"userAgent"`
}

type oktaAuthContext struct {
	ID string `json:"externalSessionId"`
	// Root is the session that a transaction session was opened in.
	Root string `json:"rootSessionId"`
}

type oktaOutcome struct {
	Result string `json:"result"`
	Reason string `json:"reason"`
}

type oktaTransaction struct {
	Detail struct {
		TokenID string `json:"requestApiTokenId"`
	} `json:"detail"`
}

// oktaText is a member that no event of Okta's gives another type than text, and
// that whatever does is refused for.
type oktaText struct {
	text string
	odd  bool
}

// ReadJSON implements scan.Reader.
func (t *oktaText) ReadJSON(raw scan.Raw, mem *arena.Text) {
	if text, ok := raw.Text(mem); ok {
		t.text = text
	} else if string(raw) != "null" {
		t.odd = true
	}
}

func (o *oktaEvent) odd() bool { return o.UUID.odd || o.Published.odd || o.EventType.odd }

// own reports whether o has one of the members that Okta alone has beside eventType:
// CloudTrail writes that too.
func (o *oktaEvent) own() bool {
	return o.UUID.text != "" || o.Published.text != "" || o.Actor != oktaEntity{}
}

// inner is what an envelope holds, or nil. Event hooks have an eventType of their
// own, so it is asked for before that.
func (o *oktaEvent) inner() scan.Raw {
	for _, r := range [...]scan.Raw{o.Events, o.Detail, o.Event, o.Data} {
		if r.IsList() || r.IsObject() {
			return r
		}
	}
	return nil
}

// oktaTime reads published. Okta writes RFC 3339; exports rewrite it, in ways
// that are told apart by their look.
func oktaTime(s string) (time.Time, bool) {
	layout := ""
	switch n := len(s); {
	case n <= len("2006-01-02"):
		return time.Time{}, false
	case s[10] == ' ':
		layout = "2006-01-02 15:04:05.999999999"
	case s[n-5] == '+', s[n-5] == '-':
		layout = "2006-01-02T15:04:05.999Z0700"
	default:
		return rfc3339(s)
	}
	t, err := time.Parse(layout, s)
	if err != nil || !placeable(t) {
		return time.Time{}, false
	}
	return t.UTC(), true
}

func (o *oktaEvent) ip() string {
	if ip := oktaSet(o.Client.IP); ip != "" {
		return ip
	}
	for _, c := range o.Request.Chain {
		if ip := oktaSet(c.IP); ip != "" {
			return ip
		}
	}
	return ""
}

// app is the application a person signed in to.
func (o *oktaEvent) app() string {
	for i := range o.Target {
		if t := &o.Target[i]; t.Type == "AppInstance" {
			return oktaSet(t.DisplayName)
		}
	}
	return ""
}

// oktaSet drops the words Okta writes for "nothing".
func oktaSet(s string) string {
	if strings.EqualFold(s, "unknown") || s == "null" {
		return ""
	}
	return s
}

// resources are the targets, lent by out.
func (s *oktaScratch) resources(out *Batch) []correlate.Resource {
	var rs []correlate.Resource
	for i := range s.event.Target {
		t := &s.event.Target[i]
		if id := cmp.Or(oktaSet(t.ID), oktaSet(t.AlternateID)); id != "" {
			rs = out.resources.Append(rs, correlate.Resource{Type: s.types.of(t.Type, oktaResourceType), ID: id})
		}
	}
	return rs
}

func oktaResourceType(s string) string { return "okta." + oktaSnake(s) }

// oktaSnake turns AppInstance into app_instance, and AIAgent into ai_agent.
func oktaSnake(s string) string {
	var b strings.Builder
	upper := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= 'A' && s[i] <= 'Z' }
	lower := func(i int) bool {
		return i >= 0 && i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= '0' && s[i] <= '9')
	}
	for i := range len(s) {
		switch {
		case s[i] == ' ' || s[i] == '-' || s[i] == '_':
			b.WriteByte('_')
		case upper(i):
			if lower(i-1) || upper(i-1) && lower(i+1) {
				b.WriteByte('_')
			}
			b.WriteByte(s[i] + 'a' - 'A')
		default:
			b.WriteByte(s[i])
		}
	}
	return cmp.Or(b.String(), "unknown")
}

// oktaShort bounds a reason; it is a code or a short sentence.
func oktaShort(s string) string {
	const most = 200
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "")
	}
	return s
}
