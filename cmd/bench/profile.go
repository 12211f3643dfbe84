package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"syscall"
	"time"
)

// profile takes a CPU profile of whence, and one of what it allocates, while it takes
// n more events, and returns the share of garbage collection. It writes them to path,
// if there is one, and beside it.
func (l *lab) profile(ctx context.Context, n int, wall time.Duration, path string) (gc float64, err error) {
	seconds := strconv.Itoa(max(1, int(wall.Seconds()+0.5)))
	if err := l.wait(ctx, n); err != nil {
		return 0, err
	}
	type page struct {
		text []byte
		err  error
	}
	get := func(what string) chan page {
		got := make(chan page, 1)
		go func() { // ends with the answer, which is read below
			text, err := l.ask(ctx, "/debug/pprof/"+what+"?seconds="+seconds)
			got <- page{text, err}
		}()
		return got
	}
	cpu, allocs := get("profile"), get("allocs")
	time.Sleep(100 * time.Millisecond) // both wait in whence's listen queue
	if err := l.whence.signal(syscall.SIGCONT); err != nil {
		return 0, err
	}
	if err := l.written(ctx); err != nil {
		return 0, err
	}
	ran, allocated := <-cpu, <-allocs
	if err := errors.Join(ran.err, allocated.err); err != nil {
		return 0, err
	}
	if path != "" {
		if err := errors.Join(os.WriteFile(path, ran.text, 0o644), os.WriteFile(path+".allocs", allocated.text, 0o644)); err != nil {
			return 0, err
		}
		l.say("wrote %s and %s.allocs", path, path)
	}
	return collected(ran.text)
}
