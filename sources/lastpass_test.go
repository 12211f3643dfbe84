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

// TestLastPassHour: the hour that is remembered changes no time.
func TestLastPassHour(t *testing.T) {
	var h lastPassHour
	for _, s := range []string{
		"2026-03-02 04:00:00", "2026-03-02 04:59:59", "2026-03-02 04:60:00", "2026-03-02 04:0x:00", "2026-03-02 04:00 00", "2026-03-02 05:00:01",
		"2026-03-08 01:59:59", "2026-03-08 02:00:00", "2026-03-08 02:30:00", "2026-03-08T02:30:00", "2026-03-08T02:31:00", "2026-03-08 02:30:00Z",
		"2026-11-01 01:00:00", "2026-11-01 01:30:00", "2026-11-01 02:00:00", "2026-03-02 04:30:15", "", "2026-03-02 04:30",
	} {
		want := firstTime(s)
		if want.ok {
			want.Time = easternTime(want.Time)
		}
		if got := h.time(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}
