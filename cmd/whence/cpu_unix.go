//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuTime is how long this process has had a processor.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0 // it has no reason to fail, and what it measures is told, not used
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
