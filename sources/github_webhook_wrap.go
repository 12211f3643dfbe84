package sources

import (
	"bytes"
	"cmp"
	"errors"
	"strings"

	"whence/correlate/arena"
	"whence/sources/scan"
)

// githubWrapping is what tells that a record is a body with something around it:
// {"headers":{...},"body":...} and its kin, with the body under "body" or
// "payload", as an object or as a string, and the event's name in the headers or
// beside them.
type githubWrapping struct {
	Body     scan.Raw `json:"body"`
	Payload  scan.Raw `json:"payload"`
	Headers  scan.Raw `json:"headers"`
	Callback scan.Raw `json:"deployment_callback_url"`

	Dashed      string `json:"x-github-event"`
	Canonical   string `json:"X-GitHub-Event"`
	Underscored string `json:"x_github_event"`
	Short       string `json:"github_event"`
	Plain       string `json:"event"`
}

// beside is the event's name where a collector wrote it as a member. One event has
// a member "event" of its own, which names what set it off.
func (w *githubWrapping) beside() string {
	if len(w.Callback) > 0 {
		return ""
	}
	return cmp.Or(w.Dashed, w.Canonical, w.Underscored, w.Short, w.Plain)
}

// inside is the body in the wrapping, if what is there looks like one.
func (w *githubWrapping) inside(mem *arena.Text) (scan.Raw, bool) {
	body := w.Body
	if len(body) == 0 {
		body = w.Payload
	}
	body = bytes.TrimSpace(body.Unquoted(mem))
	return body, body.IsObject()
}

// unwrap goes on to the body inside of a wrapping, if the record is one. An error is
// that of the body, which is then no JSON.
func (h *githubHook) unwrap() error {
	if h.Seen.Any(githubBare) {
		return nil
	}
	mem := &h.out.text
	body, ok := h.inside(mem)
	if !ok {
		return nil
	}
	headers := githubHeaders{outer: h.headers.outer}
	headers.read(h.Headers, mem)
	headers.name = cmp.Or(headers.name, h.beside())
	inner := &h.bodies[1]
	err := githubBodyTable.Read(body, inner, mem)
	switch {
	case errors.Is(err, scan.ErrDeep):
		return nil
	case headers.name == "" && (err != nil || !inner.likely(body)):
		return nil //nolint:nilerr // whatever it is, it is no body
	}
	h.githubBody, h.raw, h.headers = inner, body, headers
	return err
}

// githubBare are members that a wrapping does not have.
var githubBare = githubBodyTable.Seen("sender", "repository")

// likely reports whether a body that nothing names is one.
func (b *githubBody) likely(raw scan.Raw) bool {
	if b.Sender.Login != "" && !b.Seen.Any(githubForeign) && !strings.Contains(b.ActionName, ".") {
		return true
	}
	return githubLooksLikeBody(NewValue(raw))
}

// githubForeign are members that GitHub's bodies never have, and those of Bitbucket and
// GitLab do.
var githubForeign = githubBodyTable.Seen("actor", "object_kind")

// githubHeaders are the HTTP headers of a delivery, as far as they are looked at:
// there are signatures among them. What was wrapped with the body goes before what
// the record has.
type githubHeaders struct {
	name, date, received string
	outer                func(string) string // may be nil
}

// read reads headers with single or listed values.
func (s *githubHeaders) read(raw scan.Raw, mem *arena.Text) {
	for name, value := range raw.Members(mem) {
		switch {
		case strings.EqualFold(name, "x-github-event"):
			s.name = githubHeader(value, mem)
		case strings.EqualFold(name, "date"):
			s.date = githubHeader(value, mem)
		case strings.EqualFold(name, "whence-received-at"):
			s.received = githubHeader(value, mem)
		}
	}
}

func githubHeader(value scan.Raw, mem *arena.Text) string {
	text, _ := githubOne(value).Text(mem)
	return text
}

// githubOne is the first element of a list, and any other value as it is.
func githubOne(value scan.Raw) scan.Raw {
	for first := range value.Elements() {
		return first
	}
	return value
}

// event is the name that the headers give the event.
func (s *githubHeaders) event() string {
	if s.name != "" || s.outer == nil {
		return s.name
	}
	return cmp.Or(s.outer("X-GitHub-Event"), s.outer("x-github-event"))
}

// arrived is when the collector got the record, as far as the headers say.
func (s *githubHeaders) arrived() string {
	if s.outer == nil {
		return cmp.Or(s.received, s.date)
	}
	for _, get := range [...]struct{ own, name string }{{s.received, "whence-received-at"}, {s.date, "Date"}, {"", "date"}} {
		if v := cmp.Or(get.own, s.outer(get.name)); v != "" {
			return v
		}
	}
	return ""
}
