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
		{256 << 20, 37},
		{320 << 20, 25},
		{448 << 20, 10},
		{800 << 20, 6},
		{8 << 30, leastPercent},
	} {
		if got := percentFor(tt.live); got != tt.want {
			t.Errorf("percentFor(%d MiB) = %d, want %d", tt.live>>20, got, tt.want)
		}
	}
}
