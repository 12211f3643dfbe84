package main

import (
	"context"
	"os"
	"strconv"
	"syscall"
	"time"
)

// profile writes a CPU profile of whence, and one of what it allocates beside it,
// while it takes n more events.
func (l *lab) profile(ctx context.Context, n int, wall time.Duration, path string) error {
	seconds := strconv.Itoa(max(1, int(wall.Seconds()+0.5)))
	if err := l.wait(ctx, n); err != nil {
		return err
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
		return err
	}
	if err := l.written(ctx); err != nil {
		return err
	}
	for _, f := range []struct {
		path string
		page page
	}{{path, <-cpu}, {path + ".allocs", <-allocs}} {
		if f.page.err != nil {
			return f.page.err
		}
		if err := os.WriteFile(f.path, f.page.text, 0o644); err != nil {
			return err
		}
		l.say("wrote %s", f.path)
	}
	return nil
}
