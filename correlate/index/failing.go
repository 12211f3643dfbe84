package index

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
)

// failing notes that the disk takes nothing more: it is full, or broken, or the
// directory is gone. Pebble would try again without end, and block whoever puts once
// its memory is full; the topics have everything, so it is better to end. It is safe
// for concurrent use.
type failing struct {
	dir   string
	once  sync.Once
	found chan error    // capacity 1: the first
	since chan struct{} // closed with the first
	err   error         // read after since
}

func newFailing(dir string) *failing {
	return &failing{dir: dir, found: make(chan error, 1), since: make(chan struct{})}
}

// note takes note of an error of Pebble's own goroutines. It must not block.
func (f *failing) note(err error) {
	if errors.Is(err, pebble.ErrCancelledCompaction) || errors.Is(err, pebble.ErrClosed) || errors.Is(err, errClosing) {
		return
	}
	f.once.Do(func() {
		f.err = fmt.Errorf("the session store in %s cannot be written: %w; %s", f.dir, err, mending(err))
		f.found <- f.err
		close(f.since)
	})
}

// now is the first error, if there was one.
func (f *failing) now() error {
	select {
	case <-f.since:
		return f.err
	default:
		return nil
	}
}

// mending says what to do about an error. Nothing is lost by it.
func mending(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some space; the next start goes on where this one was"
	case errors.Is(err, fs.ErrNotExist):
		return "do not delete files of a whence that runs; the next start reads from the topics what is missing"
	}
	return "see to the disk; the next start goes on where this one was, or reads from the topics what is missing"
}

// Failed receives an error when the disk takes nothing more. The store answers as
// before as long as it can, and Put returns that error; its owner is to end, and
// without delay, for a Put that is under way may not return.
func (p *Pebble) Failed() <-chan error { return p.failing.found }

// pebbleLog is the Pebble log: what matters comes back as an error.
type pebbleLog struct{ failing *failing }

func (pebbleLog) Infof(string, ...any)  {}
func (pebbleLog) Errorf(string, ...any) {}

// Fatalf must not return. Pebble calls it when it can no longer write its manifest
// and has nobody left to tell.
func (l pebbleLog) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...) //nolint:err113 // it is Pebble's text
	for _, a := range args {
		if cause, ok := a.(error); ok {
			err = cause
		}
	}
	l.failing.note(err)
	runtime.Goexit()
}
