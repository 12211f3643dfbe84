package sources

import "time"

// placeable reports whether a time can be one that a log line tells. Others are
// damage or malice: a zone offset can move a year past 9999, which no JSON time
// can hold, and before 1678 or after 2262 a time has no Unix nanoseconds. A time
// that is not placeable is treated like one that is missing.
func placeable(t time.Time) bool {
	y := t.UTC().Year()
	return y >= 1900 && y <= 2200
}

// rfc3339 reads a time as time.Parse does, if it is placeable.
func rfc3339(s string) (time.Time, bool) {
	if t, zone, ok := clockTime(s, 'T'); ok && (zone == "Z" || len(zone) == 6 && zone[3] == ':') {
		if t, ok := inZone(t, zone); ok {
			return t, true
		}
	}
	if len(s) < len("2006-01-02T5:04:05Z") {
		return time.Time{}, false // an error would be made on the heap
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !placeable(t) {
		return time.Time{}, false
	}
	return t.UTC(), true
}

// utcTime reads 2006-01-02T15:04:05Z, and with a fraction of up to nine digits, which
// is what nearly every line has. Of any other it reports false.
func utcTime(s string) (time.Time, bool) {
	t, zone, ok := clockTime(s, 'T')
	return t, ok && zone == "Z"
}

// clockTime reads 2006-01-02T15:04:05, and with a fraction of up to nine digits, as if
// it were of UTC, and returns what is after it: the zone. between is what stands
// between date and time. It takes a fifth of the time that time.Parse does. Of any
// other it reports false.
func clockTime(s string, between byte) (t time.Time, zone string, ok bool) {
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || s[10] != between || s[13] != ':' || s[16] != ':' {
		return time.Time{}, "", false
	}
	nanos := 0
	if zone = s[19:]; zone != "" && zone[0] == '.' {
		n := 1
		for ; n < len(zone) && zone[n]-'0' < 10; n++ {
			nanos = nanos*10 + int(zone[n]-'0')
		}
		if n == 1 || n > 10 {
			return time.Time{}, "", false
		}
		for i := n; i < 10; i++ {
			nanos *= 10
		}
		zone = zone[n:]
	}
	t, ok = momentAt(pair(s, 0)*100+pair(s, 2), pair(s, 5), pair(s, 8), pair(s, 11), pair(s, 14), pair(s, 17), nanos)
	return t, zone, ok
}

// inZone is the time that clocks of a zone show as t: Z, +01:00 or +0100. Of any other
// zone it reports false.
func inZone(t time.Time, zone string) (time.Time, bool) {
	n := len(zone)
	switch {
	case zone == "Z":
		return t, true
	case n == 6 && zone[3] == ':', n == 5:
	default:
		return time.Time{}, false
	}
	hour, minute := pair(zone, 1), pair(zone, n-2)
	if hour > 23 || minute > 59 {
		return time.Time{}, false
	}
	east := time.Duration(hour*60+minute) * time.Minute
	switch zone[0] {
	case '+':
		t = t.Add(-east)
	case '-':
		t = t.Add(east)
	default:
		return time.Time{}, false
	}
	return t, placeable(t)
}

// moment is the time of these numbers, if there is such a time and it is
// placeable.
func moment(year, month, day, hour, minute, second int) (time.Time, bool) {
	return momentAt(year, month, day, hour, minute, second, 0)
}

func momentAt(year, month, day, hour, minute, second, nanos int) (time.Time, bool) {
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
	return time.Unix(int64(days-epoch)*86400+int64(hour*3600+minute*60+second), int64(nanos)).UTC(), true
}

// pair reads the two digits at i, or gives a number that is no part of
// any time.
func pair(s string, i int) int {
	tens, ones := s[i]-'0', s[i+1]-'0'
	if tens > 9 || ones > 9 {
		return 1 << 16
	}
	return int(tens)*10 + int(ones)
}
