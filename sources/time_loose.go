package sources

import (
	"strings"
	"time"
)

// eventTime is a time that a log tells, if it tells one.
type eventTime struct {
	time.Time
	ok bool
}

// firstTime is the first of several members that is a time.
func firstTime(written ...string) eventTime {
	for _, s := range written {
		if t, ok := looseTime(s); ok {
			return eventTime{t, true}
		}
	}
	return eventTime{}
}

// looseTime reads RFC 3339 and what is nearly that: a space in place of the T, no
// zone (UTC is meant), a zone without its colon, or the word UTC after it. Those
// forms are told apart by their look: an error would be made on the heap.
func looseTime(s string) (time.Time, bool) {
	n := len(s)
	if n < len("2006-01-02T15:04:05") || s[4] != '-' || s[7] != '-' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	if t, zone, ok := clockTime(s, layoutOf(s[10] == ' ', byte(' '), 'T')); ok {
		if zone == "" || zone == " UTC" {
			return t, true
		}
		if t, ok := inZone(t, zone); ok {
			return t, true
		}
	}
	rest := strings.TrimLeft(s[19:], ".0123456789")
	layout := ""
	switch spaced := s[10] == ' '; {
	case rest == " UTC", rest == "":
		s, layout = s[:n-len(rest)], layoutOf(spaced, "2006-01-02 15:04:05", "2006-01-02T15:04:05")
	case rest == "Z", len(rest) == 6 && rest[3] == ':':
		layout = layoutOf(spaced, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z07:00")
	case len(rest) == 5:
		layout = layoutOf(spaced, "2006-01-02 15:04:05Z0700", "2006-01-02T15:04:05Z0700")
	case len(rest) == 6:
		layout = layoutOf(spaced, "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05 -0700")
	case len(rest) == 10 && strings.HasSuffix(rest, " UTC"): // as Go prints times
		s, layout = s[:n-4], layoutOf(spaced, "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05 -0700")
	default:
		return time.Time{}, false
	}
	// Parse takes a fraction after the seconds, though no layout has one.
	t, err := time.Parse(layout, s)
	if err != nil || !placeable(t) {
		return time.Time{}, false
	}
	return t.UTC(), true
}

func layoutOf[T any](spaced bool, withSpace, withT T) T {
	if spaced {
		return withSpace
	}
	return withT
}

// millisTime reads a time in milliseconds since 1970, or in seconds if it is too
// small for that.
func millisTime(n int64) eventTime {
	t := time.UnixMilli(n).UTC()
	if n < 1e11 {
		t = time.Unix(n, 0).UTC()
	}
	if n <= 0 || !placeable(t) {
		return eventTime{}
	}
	return eventTime{t, true}
}

// plus is the time so many milliseconds later, if there is one.
func (t eventTime) plus(millis int64) eventTime {
	if !t.ok {
		return t
	}
	later := t.Add(time.Duration(millis) * time.Millisecond)
	return eventTime{later, placeable(later)}
}
