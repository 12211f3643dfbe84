package sources

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
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

// githubNotWebhook is why a record is no event.
const githubNotWebhook = "not the body of a GitHub webhook"

// githubHook is one delivery of a webhook, while it is being told. It is used again
// for the next one.
type githubHook struct {
	out *Batch

	bodies      [2]githubBody // of the record, and of the body wrapped in it
	*githubBody               // the one of the event
	raw         scan.Raw      // its bytes
	headers     githubHeaders

	event  string // its name
	method string // "github.<event>"
	owner  string // who it belongs to: the organisation or the repository's owner
	run    githubAttempt

	allowed map[string]bool // environments that a review is told to allow

	user     githubUser // what parts are read into
	member   githubMembership
	team     githubTeam
	release  githubRelease
	workflow githubWorkflow
	job      githubWaitingJob
	pull     githubPull
	commit   githubCommit
	install  githubInstall
}

func githubWebhookDecode(in Input, out *Batch) {
	h, raw := scratch[githubHook](out), scan.Raw(in.Raw)
	h.out = out
	if !raw.IsList() {
		h.decode(raw, in.Header)
		return
	}
	if err := scan.Valid(raw); err != nil {
		out.refuse(raw, err)
		return
	}
	for body := range raw.Elements() {
		h.decode(body, in.Header)
	}
}

func (h *githubHook) decode(raw scan.Raw, header func(string) string) {
	whole := &h.bodies[0]
	if err := githubBodyTable.Read(raw, whole, &h.out.text); err != nil && !errors.Is(err, scan.ErrObject) {
		h.out.refuse(raw, err)
		return
	}
	h.githubBody, h.raw, h.headers = whole, raw, githubHeaders{outer: header}
	if err := h.unwrap(); err != nil {
		h.out.refuse(h.raw, err)
		return
	}
	if !h.Seen.Any(githubWhat) || h.Seen.Any(githubForeign) || h.Sender.Login == "" && strings.Contains(h.ActionName, ".") {
		h.out.reject(raw, correlate.RejectSource, githubNotWebhook)
		return
	}
	h.event = h.name()
	h.tell(raw)
}

// githubWhat are the members of which every body has one.
var githubWhat = githubBodyTable.Seen("sender", "repository", "hook", "zen")

// name is the event's, as its headers or the collector say, or its shape.
func (h *githubHook) name() string {
	name := strings.ToLower(strings.TrimSpace(cmp.Or(h.headers.event(), h.beside())))
	if !githubPlainName(name) {
		name = h.shape()
	}
	return name
}

// tell appends the event. The evidence is the raw line, hashed whole, also where
// the id is that of the body inside: the envelope differs between deliveries of one
// event.
func (h *githubHook) tell(raw []byte) {
	out := h.out
	h.method = out.text.Join("github.", h.event)
	h.owner = h.scope()
	h.readRun()

	out.Events = append(out.Events, correlate.Event{})
	e := &out.Events[len(out.Events)-1]
	e.EventID = out.hash(h.raw)
	e.Evidence.SHA256 = e.EventID
	if len(raw) != len(h.raw) {
		e.Evidence.SHA256 = out.hash(raw)
	}
	e.ID = out.sums.ID(githubWebhook, h.owner, e.EventID)
	e.ActionID, e.Primary = e.ID, true
	e.Time = h.when()
	e.Action, e.Class = h.action(), githubWebhookClass(h.event)
	e.Outcome, e.Error = h.outcome()
	e.Context.Account = h.owner
	h.touch(e)
	h.walk(e)
	h.mint(e)
}

func (h *githubHook) action() string {
	if act := strings.ToLower(h.ActionName); githubPlainName(act) {
		return h.out.text.Join(h.method, ".", act)
	}
	return h.method
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
