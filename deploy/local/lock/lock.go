// Package lock keeps two processes of one machine apart by a locked file. The
// lock dies with its process, so a crash leaves nothing to clean up. It is no
// use between machines.
package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrHeld is returned by Try when another holder has the lock.
var ErrHeld = errors.New("in use by another process")

// retry is how often Acquire asks again; it waits on something that takes
// seconds, so a tenth of one is soon enough.
const retry = 100 * time.Millisecond

// A Lock is held until Release.
type Lock struct{ file *os.File }

// Try takes the lock at path, which is made if it is not there, or returns an
// error that wraps ErrHeld. The folder must exist.
func Try(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := hold(f); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, errors.Join(err, f.Close()))
	}
	return &Lock{f}, nil
}

// Acquire takes the lock at path and waits for it as long as another holder has
// it or until ctx is done. It calls waiting, which may be nil, once before it
// waits.
func Acquire(ctx context.Context, path string, waiting func()) (*Lock, error) {
	l, err := Try(path)
	if !errors.Is(err, ErrHeld) {
		return l, err
	}
	if waiting != nil {
		waiting()
	}
	tick := time.NewTicker(retry)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("lock %s: %w", path, ctx.Err())
		case <-tick.C:
		}
		if l, err = Try(path); !errors.Is(err, ErrHeld) {
			return l, err
		}
	}
}

// Release gives the lock up. The file stays: removing it would let a process
// that opened it before lock a file that nobody else sees.
func (l *Lock) Release() error { return l.file.Close() }
