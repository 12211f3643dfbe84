package rules

import (
	"fmt"
	"strconv"
	"time"
)

// longestSpan is how long a time in a rule may be at most.
const longestSpan = 400 * 24 * time.Hour

// parseSpan reads how long something is: a whole number and a unit, "90s", "15m",
// "24h" or "7d".
func parseSpan(s string) (time.Duration, error) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	if s == "" {
		return 0, fmt.Errorf("%q: want a number and s, m, h or d, such as 15m", s)
	}
	unit, ok := units[s[len(s)-1]]
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	if !ok || err != nil {
		return 0, fmt.Errorf("%q: want a number and s, m, h or d, such as 15m", s)
	}
	d := time.Duration(n) * unit
	if d <= 0 || d > longestSpan {
		return 0, fmt.Errorf("%q: want more than nothing and at most 400d", s)
	}
	return d, nil
}
