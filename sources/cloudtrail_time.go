package sources

import (
	"strings"
	"time"
)

// cloudtrailTimes are the forms seen in event times and expirations. STS writes
// those of the Java runtime it runs on.
var cloudtrailTimes = [...]string{
	time.RFC3339, "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05Z07:00", "20060102T150405Z", "2006-01-02T15:04:05",
	"Jan 2, 2006, 3:04:05 PM", "Jan 2, 2006 3:04:05 PM",
}

// cloudtrailTime reads a time in any of the known forms, or gives the zero time.
// The two that nearly every line has are read by hand: a layout that does not fit
// costs an allocation, and one that does ten times as much.
func cloudtrailTime(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	if t, ok := utcTime(s); ok {
		return t
	}
	if t, ok := cloudtrailJavaTime(s); ok {
		return t
	}
	s = strings.ReplaceAll(s, "\u202f", " ") // newer Java runtimes put a narrow space before AM and PM
	for _, layout := range cloudtrailTimes {
		if t, err := time.Parse(layout, s); err == nil && placeable(t) {
			return t.UTC()
		}
	}
	return time.Time{}
}

// cloudtrailJavaTime reads Jan 2, 2006, 3:04:05 PM.
func cloudtrailJavaTime(s string) (time.Time, bool) {
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	if len(s) < len("Jan 2, 2006 3:04:05 PM") || s[3] != ' ' {
		return time.Time{}, false
	}
	month := strings.Index(months, s[:3])
	day, rest := cloudtrailOneOrTwo(s[4:])
	rest, comma := strings.CutPrefix(rest, ", ")
	if month < 0 || month%3 != 0 || !comma || len(rest) < len("2006 3:04:05 PM") {
		return time.Time{}, false
	}
	year := pair(rest, 0)*100 + pair(rest, 2)
	rest, space := strings.CutPrefix(strings.TrimPrefix(rest[4:], ","), " ")
	hour, rest := cloudtrailOneOrTwo(rest)
	if !space || hour > 12 || len(rest) < len(":04:05 PM") || rest[0] != ':' || rest[3] != ':' {
		return time.Time{}, false
	}
	switch half := rest[6:]; half {
	case " AM", "\u202fAM":
		hour %= 12
	case " PM", "\u202fPM":
		hour = hour%12 + 12
	default:
		return time.Time{}, false
	}
	return moment(year, month/3+1, day, hour, pair(rest, 1), pair(rest, 4))
}

// cloudtrailDate reads 20060102150405, of which minutes or the time of day may be
// missing. s has nothing but digits.
func cloudtrailDate(s string) (time.Time, bool) {
	var n [7]int
	for i := 0; i+1 < min(len(s), 2*len(n)); i += 2 {
		n[i/2] = pair(s, i)
	}
	return moment(n[0]*100+n[1], n[2], n[3], n[4], n[5], n[6])
}

// cloudtrailOneOrTwo reads one or two digits at the start of s, or gives a number
// that is no part of any time, and returns what follows.
func cloudtrailOneOrTwo(s string) (int, string) {
	if len(s) < 2 || s[0]-'0' > 9 {
		return 1 << 16, ""
	}
	if s[1]-'0' > 9 {
		return int(s[0] - '0'), s[1:]
	}
	return pair(s, 0), s[2:]
}
