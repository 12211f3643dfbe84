package sources

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/bytedance/sonic"

	"whence/correlate"
)

// GitHub webhooks: https://docs.github.com/webhooks/webhook-events-and-payloads.
// The event's name is in the header X-GitHub-Event, not in the body, so
// collectors pass it as a record header, wrap the body with the headers, or
// drop it; then the shape of the body tells.
const githubWebhook = "github.webhook"

var _ = register(Source{
	Name:     githubWebhook,
	Kinds:    githubRunKinds(),
	Lateness: 2 * time.Minute,
	Detect:   githubWebhookDetect,
	Decode:   githubWebhookDecode,
})

func githubWebhookDetect(v Value) bool {
	if env, ok := githubUnwrap(v, nil); ok {
		v = NewValue(env.body)
	}
	return githubWebhookBody(v)
}

// githubWebhookBody reports whether v is a webhook's body: an account that sent
// it, or a repository with something that happened to it.
func githubWebhookBody(v Value) bool {
	if v.Has("actor") || v.Has("object_kind") || strings.Contains(v.Text("action"), ".") {
		return false // Bitbucket and the GitHub audit log; GitLab
	}
	if v.Member("sender").Has("login") {
		return true
	}
	if !v.Member("repository").Has("full_name") {
		return false
	}
	for _, m := range []string{"action", "ref", "commits", "pull_request", "workflow_run", "workflow_job", "hook", "installation"} {
		if v.Has(m) {
			return true
		}
	}
	return false
}

func githubWebhookDecode(in Input, out *Batch) {
	if in.Raw[0] != '[' {
		githubWebhookOne(in, in.Raw, out)
		return
	}
	var bodies []json.RawMessage
	if !out.unmarshal(in.Raw, &bodies) {
		return
	}
	for _, raw := range bodies {
		githubWebhookOne(in, raw, out)
	}
}

func githubWebhookOne(in Input, raw []byte, out *Batch) {
	env, v := githubEnvelope{body: raw, header: in.Header}, NewValue(raw)
	if inner, ok := githubUnwrap(v, in.Header); ok {
		env, v = inner, NewValue(inner.body)
	}
	var b githubBody
	if !out.unmarshalLoosely(env.body, &b) {
		return
	}
	name := githubEventName(v, env)
	if name == "" || !githubWebhookBody(v) && !v.Has("sender") && !v.Has("repository") && !v.Has("hook") && !v.Has("zen") {
		out.reject(raw, correlate.RejectSource, "not the body of a GitHub webhook")
		return
	}
	b.event = name
	id := sum(env.body)
	e := correlate.Event{
		EventID: id,
		ID:      correlate.NewID(githubWebhook, b.scope(), id),
		Time:    b.when(v, env.header),
		Primary: true,
		Action:  b.action(),
		Class:   githubWebhookClass(name),
		Context: correlate.Context{Account: strings.Clone(b.scope())},
		// The raw line is hashed whole, also where the id is that of the body
		// inside: the envelope differs between deliveries of one event.
		Evidence: correlate.Evidence{SHA256: sum(raw)},
	}
	e.ActionID = e.ID
	e.Outcome, e.Error = b.outcome()
	e.Resources = b.resources()
	b.walk(&e)
	b.mint(&e)
	out.Events = append(out.Events, e)
}

// githubEnvelope is a body with what its collector wrote around it.
type githubEnvelope struct {
	body   []byte
	event  string
	header func(string) string
}

// githubUnwrap opens {"headers":{...},"body":...} and its kin: the body under
// "body" or "payload", as an object or as a string, and the event's name in the
// headers or beside them.
func githubUnwrap(v Value, outer func(string) string) (githubEnvelope, bool) {
	body := v.members["body"]
	if len(body) == 0 {
		body = v.members["payload"]
	}
	if len(body) == 0 || v.Has("sender") || v.Has("repository") {
		return githubEnvelope{}, false
	}
	if body[0] == '"' {
		var s string
		if sonic.ConfigFastest.Unmarshal(body, &s) != nil {
			return githubEnvelope{}, false
		}
		body = []byte(s)
	}
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '{' || depth(body) > maxDepth {
		return githubEnvelope{}, false
	}
	headers := githubHeaders(v.members["headers"])
	event := cmp.Or(headers["x-github-event"], githubNameBeside(v))
	if event == "" && !githubWebhookBody(NewValue(body)) {
		return githubEnvelope{}, false
	}
	header := func(name string) string {
		if h := headers[strings.ToLower(name)]; h != "" || outer == nil {
			return h
		}
		return outer(name)
	}
	return githubEnvelope{body: body, event: event, header: header}, true
}

// githubHeaders reads HTTP headers with single or listed values.
func githubHeaders(raw []byte) map[string]string {
	var members map[string]json.RawMessage
	if len(raw) == 0 || sonic.ConfigFastest.Unmarshal(raw, &members) != nil {
		return nil
	}
	out := map[string]string{}
	for name, value := range members {
		switch name = strings.ToLower(name); name {
		case "x-github-event", "date", "whence-received-at": // nothing else is looked at: there are signatures in it
			var one string
			var list []string
			if sonic.ConfigFastest.Unmarshal(value, &one) != nil && sonic.ConfigFastest.Unmarshal(value, &list) == nil && len(list) > 0 {
				one = list[0]
			}
			out[name] = one
		}
	}
	return out
}

// githubNameBeside is the event's name where a collector wrote it as a member.
// One event has a member "event" of its own, which names what set it off.
func githubNameBeside(v Value) string {
	if v.Has("deployment_callback_url") {
		return ""
	}
	return cmp.Or(v.Text("x-github-event"), v.Text("X-GitHub-Event"), v.Text("x_github_event"), v.Text("github_event"), v.Text("event"))
}

func githubEventName(v Value, env githubEnvelope) string {
	name := env.event
	if name == "" && env.header != nil {
		name = cmp.Or(env.header("X-GitHub-Event"), env.header("x-github-event"))
	}
	name = strings.ToLower(strings.TrimSpace(cmp.Or(name, githubNameBeside(v))))
	if !githubPlainName(name) {
		name = githubShape(v)
	}
	return strings.Clone(name)
}

// githubPlainName keeps anything but a name out of the action.
func githubPlainName(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
