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
