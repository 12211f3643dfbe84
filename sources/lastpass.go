package sources

import (
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The event report of LastPass Business.
const lastPassReport = "lastpass.report"

var _ = register(Source{
	Name: lastPassReport, Lateness: 15 * time.Minute,
	Detect: func(v Value) bool { return v.Has("Time", "Username", "IP_Address", "Action") },
	Decode: lastPassFormat.decode,
})

var lastPassFormat = format[lastPassLine]{
	table: scan.Of[lastPassLine](),
	inner: func(*lastPassLine) scan.Raw { return nil },
	line:  lastPassDecode,
}

type lastPassLine struct {
	Order    scan.Order
	meanings words[lastPassMeaning] // by action
	Time     string                 `json:"Time"`
	Username string                 `json:"Username"`
	IP       string                 `json:"IP_Address"`
	Action   string                 `json:"Action"`
	Data     string                 `json:"Data"`
}

type lastPassMeaning struct {
	action  string
	class   correlate.Class
	outcome correlate.Outcome
}

func lastPassDecode(in Input, raw []byte, l *lastPassLine, out *Batch) {
	if l.Action == "" || l.Time == "" {
		out.reject(raw, correlate.RejectSource, "not a line of LastPass's report: no Action or no Time")
		return
	}
	e := out.begin(lastPassReport, in.Scope, "", raw)
	at := firstTime(l.Time)
	if at.ok {
		at.Time = easternTime(at.Time)
	}
	in.dated(e, at)
	m := l.meanings.of(l.Action, lastPassMeaningOf)
	e.Action, e.Class, e.Outcome = m.action, m.class, m.outcome
	if e.Outcome == correlate.Failure {
		e.Error = "failed"
	}
	e.Context.IP = l.IP
	out.touched(e, "lastpass.object", oktaShort(l.Data)) // a site, a folder, a user: no password
	who := &e.Actor
	who.Issuer = "lastpass"
	if n := len(l.Username); n == 0 || n == len("API") && strings.EqualFold(l.Username, "API") {
		who.Type, who.ID = correlate.ServiceAccount, "api"
		out.asked(e, who, correlate.Attested, "lastpass.api")
		return
	}
	who.Type, who.ID = correlate.Human, l.Username
	if mail, ok := out.email(l.Username); ok {
		who.ID = mail
	}
	out.name(who, out.text.Join("lastpass:", l.Username))
	if e.Outcome == correlate.Failure {
		out.asked(e, who, correlate.Claimed, "lastpass.claimed_login")
		return
	}
	out.asked(e, who, correlate.Attested, "lastpass.user")
}

// easternTime is the time that a clock of the US East shows as t: the report has no
// zone. Summer time is from the second Sunday of March to the first of November, at
// two o'clock, as since 2007; the hour that comes twice is taken for the first.
func easternTime(t time.Time) time.Time {
	_, month, day := t.Date()
	summer := month > time.March && month < time.November
	switch month {
	case time.March:
		summer = sundayIsOver(t, day, 8)
	case time.November:
		summer = !sundayIsOver(t, day, 1)
	}
	if summer {
		return t.Add(4 * time.Hour)
	}
	return t.Add(5 * time.Hour)
}

// sundayIsOver reports whether two o'clock of the first Sunday since that day of the month
// is over. day is t's.
func sundayIsOver(t time.Time, day, since int) bool {
	weekday := int(t.Weekday()) // since the Sunday before
	today := weekday == 0 && day < since+7
	return day-weekday >= since && (!today || t.Hour() >= 2)
}

func lastPassMeaningOf(action string) lastPassMeaning {
	low := strings.ToLower(action)
	m := lastPassMeaning{action: "lastpass." + low, class: correlate.Admin, outcome: correlate.Success}
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(low, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("failed"):
		m.outcome, m.class = correlate.Failure, correlate.Auth
	case has("require password change"):
		m.outcome = correlate.UnknownOutcome // of somebody else, some day
	}
	switch {
	case has("master password", "multifactor"):
	case has("log in", "login", "logged in", "log out"):
		m.class = correlate.Auth
	case has("open secure note", "export", "get shared folder data", "site opened", "password viewed", "copied"):
		m.class = correlate.Secret
	case has("get user data", "report"):
		m.class = correlate.Read
	case has("site", "secure note", "shared folder") && !has("add to", "removed from", "limit", "permission"):
		m.class = correlate.Write
	}
	return m
}
