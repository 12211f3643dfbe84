package main

import "testing"

func TestPercentFor(t *testing.T) {
	for _, tt := range []struct {
		live uint64
		want int
	}{
		{0, collectAt},
		{100 << 20, collectAt},
		{192 << 20, collectAt},
		{384 << 20, 25},
		{768 << 20, 12},
		{8 << 30, leastPercent},
	} {
		if got := percentFor(tt.live); got != tt.want {
			t.Errorf("percentFor(%d MiB) = %d, want %d", tt.live>>20, got, tt.want)
		}
	}
}
