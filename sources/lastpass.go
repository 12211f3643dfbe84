package sources

import (
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The event report of LastPass Business. Its API answers with a page of up to 10,000
// events, each a member of an object:
//
//	{"status":"OK","next":null,"data":{"Event1":{"Time":"2026-03-02 04:00:00", ...}, ...}}
//
// and shippers take them apart.
const lastPassReport = "lastpass.report"

var _ = register(Source{
	Name: lastPassReport, Lateness: 15 * time.Minute,
	Detect: func(v Value) bool {
		is := func(v Value) bool { return v.Has("Time", "Username", "IP_Address", "Action") }
		return is(v) || v.Has("status", "data") && is(v.Member("data").Member("Event1"))
	},
	Decode: lastPassDecode,
})

var lastPassFormat = format[lastPassRecord]{
	table: scan.Of[lastPassRecord](),
	inner: func(*lastPassRecord) scan.Raw { return nil },
	line: func(_ Input, raw []byte, r *lastPassRecord, out *Batch) {
		if !r.paged || r.Action != "" || r.Time != "" {
			r.tell(raw, &r.lastPassLine)
		}
		r.paged = false
		r.finish()
	},
}

// lastPassRecord is a line, or a page of them, which are told as they are read.
type lastPassRecord struct {
	Order    scan.Order
	meanings words[lastPassMeaning] // by action
	lastPassLine
	Page scan.Each[lastPassLine] `json:"data" scan:"members"`

	hour  lastPassHour
	in    Input
	out   *Batch
	paged bool // something was told of the page
	open  int  // the event that has no ID yet, plus one
}

type lastPassLine struct {
	Time     string `json:"Time"`
	Username string `json:"Username"`
	IP       string `json:"IP_Address"`
	Action   string `json:"Action"`
	Data     string `json:"Data"`
}

func lastPassDecode(in Input, out *Batch) {
	r := scratch[lastPassRecord](out)
	if r.out == nil {
		r.Page.Visit(func(raw scan.Raw) bool {
			r.paged = true
			r.tell(raw, &r.Page.Item)
			return true
		})
	}
	r.in, r.out, r.paged, r.open = in, out, false, 0
	if scan.Raw(in.Raw).IsList() {
		lastPassFormat.decode(in, out)
		r.finish()
		return
	}
	events, rejects := len(out.Events), len(out.Rejects)
	err := lastPassFormat.table.Read(in.Raw, r, &out.text)
	if err == nil {
		lastPassFormat.line(in, in.Raw, r, out)
		return
	}
	out.Events, out.Rejects = out.Events[:events], out.Rejects[:rejects]
	out.refuse(in.Raw, err)
}

// finish gives the last event its ID, if it has none.
func (r *lastPassRecord) finish() {
	if r.open > 0 {
		r.out.byHash(&r.out.Events[r.open-1], r.in.Scope)
		r.open = 0
	}
}

type lastPassMeaning struct {
	action  string
	class   correlate.Class
	outcome correlate.Outcome
}

// tell appends the event of a line, or rejects it.
func (r *lastPassRecord) tell(raw []byte, l *lastPassLine) {
	in, out := r.in, r.out
	if l.Action == "" || l.Time == "" {
		out.reject(raw, correlate.RejectSource, "not a line of LastPass's report: no Action or no Time")
		return
	}
	e := out.event()
	e.Line, e.Source, e.Primary = raw, lastPassReport, true
	if r.open == 0 {
		r.open = len(out.Events)
	} else { // two at once take less
		out.byHashes(&out.Events[r.open-1], e, in.Scope)
		r.open = 0
	}
	in.dated(e, r.hour.time(l.Time))
	m := r.meanings.of(l.Action, lastPassMeaningOf)
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

// lastPassHour is the hour of the last time that was read: most are of the same one.
type lastPassHour struct {
	text  [len("2006-01-02 15:")]byte
	began time.Time
}

func (h *lastPassHour) time(s string) eventTime {
	const full = len("2006-01-02 15:04:05")
	if len(s) == full && s[:len(h.text)] == string(h.text[:]) && s[16] == ':' {
		if minute, second := pair(s, 14), pair(s, 17); minute < 60 && second < 60 {
			return eventTime{h.began.Add(time.Duration(minute*60+second) * time.Second), true}
		}
	}
	at := firstTime(s)
	if !at.ok {
		return at
	}
	at.Time = easternTime(at.Time)
	if len(s) == full {
		copy(h.text[:], s)
		h.began = at.Time.Truncate(time.Hour)
	}
	return at
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
