package sources

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"whence/correlate/arena"
	"whence/sources/scan"
)

// githubNoTime stands in for a time that neither the line nor its headers tell.
// Some webhooks (membership, organization, github_app_authorization) carry none
// at all; they are what happened, so they are kept, under a time nobody can take
// for a real one. Such a line never mints: it cannot say from when.
func githubNoTime() time.Time { return time.Unix(0, 0).UTC() }

// githubAt is a time as a line writes it. A line has many and few are looked at,
// so it is read only then.
type githubAt scan.Raw

// time reads a: see githubParseTime.
func (a githubAt) time(mem *arena.Text) time.Time {
	if len(a) == 0 || a[0] == 'n' {
		return time.Time{}
	}
	s, ok := scan.Raw(a).Text(mem)
	if !ok {
		s = arena.View(a)
	}
	return githubParseTime(s)
}

// githubLatest is the latest of some times, zero if none is set.
func githubLatest(mem *arena.Text, times ...githubAt) time.Time {
	var latest time.Time
	for _, a := range times {
		if t := a.time(mem); t.After(latest) {
			latest = t
		}
	}
	return latest
}

// githubFirstSet is the first of some times that is set.
func githubFirstSet(mem *arena.Text, times ...githubAt) time.Time {
	for _, a := range times {
		if t := a.time(mem); !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// githubParseTime reads a time in any of the forms that GitHub and its exports
// write: RFC 3339, seconds or milliseconds since 1970, or a date and time without
// zone (UTC). Anything else is the zero time.
func githubParseTime(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	if githubInteger(s) {
		n, err := strconv.ParseInt(s, 10, 64)
		switch {
		case err != nil:
			return time.Time{}
		case n > 1e11: // seconds reach that in the year 5138
			return githubSane(time.UnixMilli(n))
		}
		return githubSane(time.Unix(n, 0))
	}
	if t, ok := utcTime(s); ok {
		return githubSane(t)
	}
	t, err := time.Parse(githubLayout(s), s)
	if err != nil {
		return time.Time{}
	}
	return githubSane(t)
}

// githubInteger reports whether s is a number without a fraction.
func githubInteger(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	for i := 0; i < len(s); i++ {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return s != ""
}

// githubLayout is the only form that s can have.
func githubLayout(s string) string {
	const date = len("2006-01-02")
	switch {
	case len(s) <= date, s[date] != 'T' && s[date] != ' ':
		return http.TimeFormat
	case s[date] == 'T' && strings.ContainsAny(s[date:], "Z+-"):
		return time.RFC3339
	case s[date] == 'T':
		return "2006-01-02T15:04:05"
	case strings.LastIndexByte(s, ' ') > date:
		return "2006-01-02 15:04:05 MST"
	}
	return "2006-01-02 15:04:05"
}

// githubSane drops times that no GitHub line can have: unset ones are written
// as the year 1.
func githubSane(t time.Time) time.Time {
	if y := t.Year(); y < 2000 || y > 2200 {
		return time.Time{}
	}
	return t.UTC()
}

// githubReceived is when the collector got the record, from its headers: the
// nearest thing to a time for lines that carry none.
func githubReceived(header func(string) string) time.Time {
	if header == nil {
		return time.Time{}
	}
	return githubParseTime(cmp.Or(header("whence-received-at"), header("Date"), header("date")))
}
