package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestDiskWatch(t *testing.T) {
	full := errors.New("the disk is full")
	for _, tt := range []struct {
		name   string
		fails  bool
		closes time.Duration // how long it takes to close everything after that
		forced bool
	}{
		{"all is well", false, 0, false},
		{"in order", true, time.Second, false},
		{"stuck", true, time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, d := watchDisk(t.Context(), time.Minute)
				var forced error
				d.force = func(err error) { forced = err }
				failed := make(chan error, 1)
				d.follow(failed)
				var want error
				if tt.fails {
					failed <- full
					want = full
				}
				synctest.Wait()
				if got := d.failed(); !errors.Is(got, want) || tt.fails != (ctx.Err() != nil) {
					t.Errorf("the run ends (%v) with %v; want %v", ctx.Err(), got, want)
				}
				time.Sleep(tt.closes)
				d.stop()
				if tt.forced != errors.Is(forced, full) {
					t.Errorf("by force: %v", forced)
				}
			})
		})
	}
}
