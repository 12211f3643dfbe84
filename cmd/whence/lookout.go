package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// lookEvery is how often what the operator keeps in files or on a topic is looked at. A
// change is read when nothing has changed for as long, so that a file is not read while
// it is being written, and of records that belong together all have come.
const lookEvery = 2 * time.Second

// A lookout sees that something has changed, and has it read again.
//
// It looks instead of being told: viper's watcher, which is the file system's, hands
// out an empty file while one is written in place, knows nothing of the folder that
// Kubernetes swaps behind a link, and works on no network share.
type lookout struct {
	look   func() string // what it looks like from outside: something else when it changed
	reload func()        // reads it again; from the goroutine of run
	seen   string        // what it looked like the last time
	read   string        // what it looked like when it was read last
}

// begin notes what is about to be read for the first time.
func (l *lookout) begin() {
	l.seen = l.look()
	l.read = l.seen
}

// run looks until ctx is done. again asks for it to be read now.
func (l *lookout) run(ctx context.Context, again <-chan os.Signal) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		now := false
		select {
		case <-ctx.Done():
			return
		case <-again:
			now = true
		case <-tick.C:
		}
		look := l.look()
		still := look == l.seen
		l.seen = look
		if now || still && look != l.read {
			l.read = look
			l.reload()
		}
	}
}

// onHangup runs f, with the signal SIGHUP, until ctx is done or the returned function is
// called, which waits.
func onHangup(ctx context.Context, f func(ctx context.Context, hangup <-chan os.Signal)) (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx, hangup)
	}()
	return func() {
		cancel()
		<-done
		signal.Stop(hangup)
	}
}
