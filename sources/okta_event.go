package sources

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"whence/correlate"
)

// oktaEvent is what is read of a System Log event, and the members of the
// envelopes that carry such events: the API and log streams ({"events":[]}),
// EventBridge ({"detail":{}}), event hooks ({"data":{"events":[]}}) and the
// Splunk log stream ({"event":{}}).
type oktaEvent struct {
	UUID      string                     `json:"uuid"`
	Published string                     `json:"published"`
	EventType string                     `json:"eventType"`
	Actor     tolerant[oktaEntity]       `json:"actor"`
	Client    tolerant[oktaClient]       `json:"client"`
	Session   tolerant[oktaAuthContext]  `json:"authenticationContext"`
	Outcome   tolerant[oktaOutcome]      `json:"outcome"`
	Target    tolerant[[]oktaEntity]     `json:"target"`
	Deed      tolerant[oktaTransaction]  `json:"transaction"`
	Debug     tolerant[oktaDebugContext] `json:"debugContext"`
	Request   tolerant[oktaRequest]      `json:"request"`

	Events json.RawMessage `json:"events"`
	Detail json.RawMessage `json:"detail"`
	Data   json.RawMessage `json:"data"`
	Event  json.RawMessage `json:"event"`
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

type oktaDebugContext struct {
	Data struct {
		Original tolerant[oktaEntity] `json:"originalPrincipal"`
	} `json:"debugData"`
}

type oktaRequest struct {
	Chain []struct {
		IP string `json:"ip"`
	} `json:"ipChain"`
}

// oktaTime reads published. Okta writes RFC 3339; exports rewrite it.
func oktaTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999Z0700", "2006-01-02 15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil && placeable(t) {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func (o *oktaEvent) ip() string {
	if ip := oktaSet(o.Client.V.IP); ip != "" {
		return ip
	}
	for _, c := range o.Request.V.Chain {
		if ip := oktaSet(c.IP); ip != "" {
			return ip
		}
	}
	return ""
}

// app is the application a person signed in to.
func (o *oktaEvent) app() string {
	for _, t := range o.Target.V {
		if t.Type == "AppInstance" {
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

func oktaResources(targets []oktaEntity) []correlate.Resource {
	var rs []correlate.Resource
	for _, t := range targets {
		if id := cmp.Or(oktaSet(t.ID), oktaSet(t.AlternateID)); id != "" {
			rs = append(rs, correlate.Resource{Type: "okta." + oktaSnake(t.Type), ID: id})
		}
	}
	return rs
}

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
