package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestGCTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	const first = "time=2026 level=WARN msg=x\ngc 1 @0.010s 2%: 0.01+0.5+0.01 ms clock, 0.02+0.10/0.40/1.00+0.03 ms cpu, 4->4->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P\n"
	const second = "gc 2 @0.020s 2%: 0.01+0.5+0.01 ms clock, 1.0+2.0/3.0/4.0+5.0 ms cpu, 4->4->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)\ngc 3 @0.0"
	if err := os.WriteFile(path, []byte(first+second), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &lab{whence: &process{log: path}}
	for _, tt := range []struct {
		from int64
		want time.Duration
	}{{0, 16550 * time.Microsecond}, {int64(len(first)), 15 * time.Millisecond}, {1 << 20, 0}} {
		got, end, err := l.gcTime(tt.from)
		if err != nil || got.Round(time.Microsecond) != tt.want || end != int64(len(first+second)) {
			t.Errorf("from %d: %s, %d, %v; want %s", tt.from, got, end, err, tt.want)
		}
	}
}
