package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The audit log of Bitbucket Data Center, as its API lists it and as it writes it to
// its audit files. Other Atlassian servers write the same form.
const bitbucketAudit = "bitbucket.audit"

var _ = register(Source{
	Name: bitbucketAudit, Lateness: 5 * time.Minute,
	Detect: func(v Value) bool {
		t := v.Member("type")
		if v.Has("auditType") {
			t = v.Member("auditType")
		}
		return v.Has("author", "affectedObjects") && t.Has("action", "category")
	},
	Decode: bitbucketFormat.decode,
})

var bitbucketFormat = format[bitbucketLine]{
	table: scan.Of[bitbucketLine](),
	inner: func(l *bitbucketLine) scan.Raw { return l.Entities },
	line:  bitbucketDecode,
}

type bitbucketLine struct {
	Order    scan.Order
	classes  words[correlate.Class] // by action and category
	Entities scan.Raw               `json:"entities"` // of a page of the API

	Timestamp scan.Raw `json:"timestamp"`
	Author    struct {
		Name string   `json:"name"`
		Type string   `json:"type"`
		ID   scan.Raw `json:"id"`
	} `json:"author"`
	Type      bitbucketType `json:"type"`
	AuditType bitbucketType `json:"auditType"`
	Objects   []struct {
		Name string `json:"name"`
		Type string `json:"type"`
		ID   string `json:"id"`
	} `json:"affectedObjects"`
	Source string `json:"source"`
	System string `json:"system"`
	Node   string `json:"node"`
	Method string `json:"method"`
}

type bitbucketType struct {
	Action      string `json:"action"`
	ActionKey   string `json:"actionI18nKey"`
	Category    string `json:"category"`
	CategoryKey string `json:"categoryI18nKey"`
}

func bitbucketDecode(in Input, raw []byte, l *bitbucketLine, out *Batch) {
	t := &l.Type
	if t.Action == "" {
		t = &l.AuditType
	}
	if t.Action == "" && t.ActionKey == "" {
		out.reject(raw, correlate.RejectSource, "not a line of Bitbucket's audit log: no action")
		return
	}
	system := cmp.Or(l.System, in.Scope)
	e := out.begin(bitbucketAudit, system, "", raw)
	in.dated(e, l.when(out))
	e.Action = cmp.Or(t.ActionKey, t.Action)
	e.Class = l.classes.of(e.Action, bitbucketClass)
	if e.Outcome = correlate.Success; strings.Contains(e.Action, "fail") {
		e.Outcome, e.Error = correlate.Failure, "failed"
	}
	ip, _, _ := strings.Cut(l.Source, ",")
	e.Context.IP, e.Context.Account = ip, system
	for i := range l.Objects {
		o := &l.Objects[i]
		out.touched(e, out.text.Join("bitbucket.", out.fold(cmp.Or(o.Type, "object"))), cmp.Or(o.Name, o.ID))
	}
	l.who(e, out)
}

// when reads a time as text, or as the files have it: seconds and nanoseconds.
func (l *bitbucketLine) when(out *Batch) eventTime {
	if text, ok := l.Timestamp.Text(&out.text); ok {
		return firstTime(text)
	}
	var seconds int64
	for name, value := range l.Timestamp.Members(&out.text) {
		if name == "epochSecond" {
			seconds = githubInt(githubNumber(value))
		}
	}
	return millisTime(seconds * 1000)
}

// who says who acted. Bitbucket writes -1 and -2 for nobody and for itself. A sign-in
// that failed names whom somebody said to be.
func (l *bitbucketLine) who(e *correlate.Event, out *Batch) {
	a := &l.Author
	id := a.ID.Loose(&out.text)
	switch {
	case a.Type == "SYSTEM" || a.Type == "system" || a.Name == "System":
		e.Actor = correlate.Principal{Type: correlate.ServiceAccount, ID: "system", Issuer: "bitbucket"}
		out.asked(e, &e.Actor, correlate.Attested, "bitbucket.system")
		return
	case a.Name == "" && (id == "" || id[0] == '-'), strings.EqualFold(a.Name, "anonymous"):
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: "bitbucket"}
		return
	}
	p := correlate.Principal{Type: correlate.Human, ID: cmp.Or(a.Name, id), Issuer: "bitbucket"}
	if a.Type == "SERVICE" {
		p.Type = correlate.ServiceAccount
	}
	e.Actor = out.named(p, out.join("bitbucket:", a.Name), out.join("bitbucket:", id))
	if e.Class == correlate.Auth && e.Outcome != correlate.Success {
		out.asked(e, &e.Actor, correlate.Claimed, "bitbucket.claimed_login")
		return
	}
	out.asked(e, &e.Actor, correlate.Attested, "bitbucket.author")
}

func bitbucketClass(action string) correlate.Class {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(action, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("login", "logout", "logged", "authentication", "captcha"):
		return correlate.Auth
	case has("fetch", "clone", "accessed", "viewed", "search", "export", "download"):
		return correlate.Read
	case has("permission", "accesskey", "accesstoken", "sshkey", "gpgkey", "hook", "restriction", "settings", "group", "user", "auditconfig", "license"):
		return correlate.Admin
	case has("pullrequest", "repository", "push", "branch", "tag", "project", "comment"):
		return correlate.Write
	}
	return correlate.Admin
}
