package sources

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"whence/correlate"
)

var _ = register(Source{
	Name: "okta.system_log",
	Kinds: []correlate.KindInfo{
		// Okta lets an administrator allow sessions of 180 days; sessions idle for
		// 30 days always end. Past that the log line of the sign-in is not looked
		// for any more, and the chain says so.
		{
			Kind: OktaSession, Life: 30 * 24 * time.Hour, Best: correlate.Issued,
			Hint: "did the session begin before the Okta System Log was collected, or is user.session.start filtered out?",
		},
		{
			Kind: OktaToken, Best: correlate.Issued,
			Hint: "was the API token made before the Okta System Log was collected (system.api_token.create)? list it in the directory with its owner",
		},
	},
	Lateness: 2 * time.Minute,
	Detect:   oktaDetect,
	Decode:   func(in Input, out *Batch) { oktaDecode(in.Raw, out, 0) },
})

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

// oktaDepth is how many envelopes are opened inside one another.
const oktaDepth = 4

func oktaDetect(v Value) bool {
	for _, c := range []Value{v, v.Member("events"), v.Member("detail"), v.Member("event"), v.Member("data").Member("events")} {
		// CloudTrail has an eventType too, and no actor.
		if c.Has("eventType", "actor") && (c.Has("uuid") || c.Has("published")) {
			return true
		}
	}
	return false
}

func oktaDecode(raw []byte, out *Batch, depth int) {
	if bytes.HasPrefix(raw, []byte("[")) {
		var list []json.RawMessage
		if out.unmarshal(raw, &list) {
			oktaEach(list, out, depth)
		}
		return
	}
	var o oktaEvent
	if !out.unmarshal(raw, &o) {
		return
	}
	// Event hooks have an eventType of their own, so envelopes come first.
	for _, inner := range []json.RawMessage{o.Events, o.Detail, o.Event, o.Data} {
		if len(inner) > 0 && (inner[0] == '[' || inner[0] == '{') {
			oktaEach([]json.RawMessage{inner}, out, depth)
			return
		}
	}
	if o.EventType == "" {
		out.reject(raw, correlate.RejectSource, "no eventType and no known envelope")
		return
	}
	oktaAppend(raw, &o, out)
}

func oktaEach(list []json.RawMessage, out *Batch, depth int) {
	for _, raw := range list {
		if depth >= oktaDepth {
			out.reject(raw, correlate.RejectTooDeep, "too many envelopes inside one another")
			continue
		}
		oktaDecode(bytes.TrimSpace(raw), out, depth+1)
	}
}

func oktaAppend(raw []byte, o *oktaEvent, out *Batch) {
	at, ok := oktaTime(o.Published)
	if !ok {
		out.reject(raw, correlate.RejectNoTime, "published is missing or is no time")
		return
	}
	hash := sum(raw)
	// uuid is unique over all Okta organisations. An event without one goes by
	// the hash of its bytes.
	eventID := cmp.Or(o.UUID, "sha256:"+hash)
	e := correlate.Event{
		ID: correlate.NewID("okta.system_log", eventID), EventID: eventID, Time: at, Primary: true,
		Action: o.EventType, Class: oktaClass(o.EventType), Outcome: oktaResult(o.Outcome.V.Result),
		Actor: oktaPrincipal(o.Actor.V), Resources: oktaResources(o.Target.V),
		Context: correlate.Context{
			IP: o.ip(), Agent: o.Client.V.Agent.Raw, Session: oktaSet(o.Session.V.ID), App: o.app(),
		},
		Evidence: correlate.Evidence{SHA256: hash},
	}
	e.ActionID = e.ID
	if e.Outcome != correlate.Success {
		e.Error = oktaShort(o.Outcome.V.Reason)
	}
	e.Uses = oktaUses(o, &e)
	e.Mints = oktaMints(o, &e)
	out.Events = append(out.Events, e)
}

// oktaTime reads published. Okta writes RFC 3339; exports rewrite it.
func oktaTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999Z0700", "2006-01-02 15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 1 {
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
