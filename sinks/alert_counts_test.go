package sinks_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/sinks"
)

// TestAlertCounts: of an alert its current state counts, and only of the time asked for.
func TestAlertCounts(t *testing.T) {
	c := clickHouse(t)
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	var alerts []correlate.Alert
	for i := range 6 {
		a := correlate.Alert{
			ID: correlate.NewID("a", fmt.Sprint(i)), ChainID: correlate.NewID("c", fmt.Sprint(i)), Version: 1, State: correlate.AlertOpen,
			Rule: []string{"some", "other"}[i%2], Time: at.Add(time.Duration(i) * time.Hour),
		}
		alerts = append(alerts, a)
		if i < 3 {
			a.Version, a.State = 2, correlate.AlertClosed
			alerts = append(alerts, a)
		}
	}
	if err := c.Write(t.Context(), &sinks.Output{Alerts: alerts}); err != nil {
		t.Fatal(err)
	}
	got := map[string][2]uint64{}
	err := c.AlertCounts(t.Context(), at, at.Add(5*time.Hour), func(rule string, open, closed uint64) error {
		got[rule] = [2]uint64{open, closed}
		return nil
	})
	if diff := cmp.Diff(map[string][2]uint64{"some": {1, 2}, "other": {1, 1}}, got); err != nil || diff != "" {
		t.Errorf("%v; -want +got:\n%s", err, diff)
	}
}
