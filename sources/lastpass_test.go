package sources

import (
	"testing"
	"time"
)

// TestEasternTime: as the calendar has it, on every hour of some years.
func TestEasternTime(t *testing.T) {
	sunday := func(year int, month time.Month, nth int) time.Time {
		first := time.Date(year, month, 1, 2, 0, 0, 0, time.UTC)
		return first.AddDate(0, 0, (7-int(first.Weekday()))%7+7*(nth-1))
	}
	for year := 2020; year < 2031; year++ {
		from, to := sunday(year, time.March, 2), sunday(year, time.November, 1)
		for at := time.Date(year, 1, 1, 0, 30, 0, 0, time.UTC); at.Year() == year; at = at.Add(time.Hour) {
			want := at.Add(5 * time.Hour)
			if at.After(from) && at.Before(to) {
				want = at.Add(4 * time.Hour)
			}
			if got := easternTime(at); !got.Equal(want) {
				t.Fatalf("%v: got %v, want %v", at, got, want)
			}
		}
	}
}
