package main

import (
	"testing"
	"time"
)

// What bursts promises: however many sessions live, one that is met has as many
// events, and as many of the events are by keys that nobody minted.
func TestCrowd(t *testing.T) {
	const events = 200_000
	for _, sessions := range []int{100_000, 10_000_000} {
		e := newEstate(sessions, 0, 0, 0.05, time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC))
		c, err := newCrowd(bursts)
		if err != nil {
			t.Fatal(err)
		}
		met, unknown := map[int]int{}, 0
		for i := range events {
			d := diceFor(1, uint64(i))
			n := c.next(e, &d)
			met[n]++
			if n >= sessions {
				unknown++
			}
		}
		// 5,000 bursts were cut off by the end: 8 of every 10 events are in whole ones.
		if mean := events / len(met); mean < 7 || mean > 11 {
			t.Errorf("%d sessions: %d events by each that was met, want about 8 to 10", sessions, mean)
		}
		if share := float64(unknown) / events; share < 0.04 || share > 0.06 {
			t.Errorf("%d sessions: %.3f of the events are by unknown keys, want about 0.05", sessions, share)
		}
	}
	if _, err := newCrowd("nonsense"); err == nil {
		t.Error("a locality that there is not was taken")
	}
}
