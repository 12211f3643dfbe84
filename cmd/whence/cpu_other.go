//go:build !unix

package main

import "time"

var started = time.Now()

// cpuTime is the time by the clock, where the system does not tell that of a process.
func cpuTime() time.Duration { return time.Since(started) }
