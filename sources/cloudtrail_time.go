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
	if t, ok := cloudtrailPlainTime(s); ok {
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

// cloudtrailPlainTime reads 2006-01-02T15:04:05Z.
func cloudtrailPlainTime(s string) (time.Time, bool) {
	if len(s) != 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != 'Z' {
		return time.Time{}, false
	}
	return cloudtrailMoment(
		cloudtrailPair(s, 0)*100+cloudtrailPair(s, 2), cloudtrailPair(s, 5), cloudtrailPair(s, 8),
		cloudtrailPair(s, 11), cloudtrailPair(s, 14), cloudtrailPair(s, 17),
	)
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
	year := cloudtrailPair(rest, 0)*100 + cloudtrailPair(rest, 2)
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
	return cloudtrailMoment(year, month/3+1, day, hour, cloudtrailPair(rest, 1), cloudtrailPair(rest, 4))
}

// cloudtrailDate reads 20060102150405, of which minutes or the time of day may be
// missing. s has nothing but digits.
func cloudtrailDate(s string) (time.Time, bool) {
	var n [7]int
	for i := 0; i+1 < min(len(s), 2*len(n)); i += 2 {
		n[i/2] = cloudtrailPair(s, i)
	}
	return cloudtrailMoment(n[0]*100+n[1], n[2], n[3], n[4], n[5], n[6])
}

// cloudtrailMoment is the time of these numbers, if there is such a time and it is
// placeable.
func cloudtrailMoment(year, month, day, hour, minute, second int) (time.Time, bool) {
	if year < 1900 || year > 2200 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	if day > 28 && day > time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return time.Time{}, false
	}
	// Days since March 1, 0000, which puts the leap day at the end of the year.
	if month -= 3; month < 0 {
		month, year = month+12, year-1
	}
	days := 365*year + year/4 - year/100 + year/400 + (153*month+2)/5 + day - 1
	const epoch = 719468 // 1970-01-01
	return time.Unix(int64(days-epoch)*86400+int64(hour*3600+minute*60+second), 0).UTC(), true
}

// cloudtrailPair reads the two digits at i, or gives a number that is no part of
// any time.
func cloudtrailPair(s string, i int) int {
	tens, ones := s[i]-'0', s[i+1]-'0'
	if tens > 9 || ones > 9 {
		return 1 << 16
	}
	return int(tens)*10 + int(ones)
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
	return cloudtrailPair(s, 0), s[2:]
}
