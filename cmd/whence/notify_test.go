package main

import (
	"testing"
	"time"
)

func TestReceiverLine(t *testing.T) {
	since := time.Date(2026, 3, 4, 12, 6, 0, 0, time.UTC)
	for want, r := range map[string]receiverStatus{
		"": {Receiver: "chat", Here: true, Told: 3, Sent: 9},
		"receiver pager: has taken nothing since 2026-03-04T12:06:00Z, 3 records unread: no answer: connection refused": {
			Receiver: "pager", Since: &since, Backlog: 3, Error: "no answer: connection refused",
		},
		"receiver chat: 2 open alerts silenced; 5 open alerts suppressed; 1 notice refused": {
			Receiver: "chat", Held: map[string]int{"suppressed": 5, "silenced": 2}, Refused: 1,
		},
	} {
		if got := r.line(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSpanOf(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		from, until, span string
		start, end        time.Time // zero for an error
	}{
		{"", "", "90m", now, now.Add(90 * time.Minute)},
		{"2026-03-05T08:00:00Z", "", "2d", now.Add(20 * time.Hour), now.Add(68 * time.Hour)},
		{"", "2026-03-04T18:00:00Z", "", now, now.Add(6 * time.Hour)},
		{"", "2026-03-04T18:00:00Z", "1h", time.Time{}, time.Time{}},
		{"", "", "", time.Time{}, time.Time{}},
		{"", "", "-1h", time.Time{}, time.Time{}},
		{"", "tomorrow", "", time.Time{}, time.Time{}},
		{"now", "", "1h", time.Time{}, time.Time{}},
	} {
		start, end, err := spanOf(now, c.from, c.until, c.span)
		if (err != nil) != c.end.IsZero() || err == nil && (!start.Equal(c.start) || !end.Equal(c.end)) {
			t.Errorf("%+v: %s to %s, %v", c, start, end, err)
		}
	}
}
