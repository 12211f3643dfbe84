package sources

import "time"

// overAt is the reason of a binding: what carries the name is over at its end, if that
// has one, and so are bindings of it that other lines told without an end.
func overAt(end time.Time) string {
	if end.IsZero() {
		return ""
	}
	return "completed"
}
