package sources

import (
	"math"
	"strconv"
	"strings"
	"time"

	"whence/correlate/arena"
	"whence/sources/scan"
)

// litellmNumber reads a number, or a string with one in it.
func litellmNumber(raw scan.Raw) (value float64, known bool) {
	if len(raw) == 0 || raw[0] == 'n' {
		return 0, false
	}
	f, err := strconv.ParseFloat(litellmBare(raw), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f >= 1e15 {
		return 0, false
	}
	return f, true
}

// litellmTime reads seconds since 1970, or a date and time; UTC where no zone is
// given. What cannot be read is the zero time.
func litellmTime(raw scan.Raw) time.Time {
	s := litellmBare(raw)
	if len(s) > len("2006-01-02") && s[4] == '-' {
		return litellmDate(s)
	}
	// Seconds with a fraction: the digits are taken as they stand, a float64
	// would lose the last of them.
	whole, fraction, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}
	}
	digits := [9]byte{'0', '0', '0', '0', '0', '0', '0', '0', '0'}
	copy(digits[:], fraction)
	nanos, err := strconv.ParseInt(string(digits[:]), 10, 64)
	if err != nil || nanos < 0 {
		return time.Time{}
	}
	if sec > 1e11 {
		return litellmSane(time.UnixMilli(sec))
	}
	return litellmSane(time.Unix(sec, nanos))
}

// litellmDate reads a date and a time of day after a T or blanks, with a zone or
// without. It is brought into the one form that package time reads fast.
func litellmDate(s string) time.Time {
	date, clock := s[:10], s[10:]
	switch clock[0] {
	case 'T':
		clock = clock[1:]
	case ' ':
		clock = strings.TrimLeft(clock, " ")
	default:
		return time.Time{}
	}
	var room [48]byte
	b := append(append(append(room[:0], date...), 'T'), clock...)
	if n := len(b); b[n-1] != 'Z' && b[n-6] != '+' && b[n-6] != '-' {
		b = append(b, 'Z')
	}
	t, ok := rfc3339(arena.View(b))
	if !ok {
		return time.Time{}
	}
	return litellmSane(t)
}

// litellmSane drops times that no row can have.
func litellmSane(t time.Time) time.Time {
	if y := t.Year(); y < 2000 || y > 2200 {
		return time.Time{}
	}
	return t.UTC()
}

// litellmBare is how a value is written, without quotes and blanks around it.
func litellmBare(raw scan.Raw) string {
	skip := func(c byte) bool { return c == '"' || c == ' ' }
	for len(raw) > 0 && skip(raw[0]) {
		raw = raw[1:]
	}
	for len(raw) > 0 && skip(raw[len(raw)-1]) {
		raw = raw[:len(raw)-1]
	}
	return arena.View(raw)
}
