package main

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A diskWatch ends a run whose session store cannot be written any more: in order if
// that is still possible, and else by force, which loses nothing either.
type diskWatch struct {
	cancel   context.CancelFunc
	patience time.Duration
	force    func(error) // ends the process

	err     atomic.Pointer[error]
	stopped chan struct{}
	done    sync.WaitGroup
}

// watchDisk returns the context of the run, which ends with the store. Stop it when
// everything is closed.
func watchDisk(ctx context.Context, patience time.Duration) (context.Context, *diskWatch) {
	ctx, cancel := context.WithCancel(ctx)
	return ctx, &diskWatch{cancel: cancel, patience: patience, stopped: make(chan struct{}), force: func(err error) {
		report(os.Stderr, err)
		os.Exit(exitFailed)
	}}
}

// follow ends the run when failed receives an error. Whoever is writing to the store
// then may wait for ever, and who waits for them too.
func (d *diskWatch) follow(failed <-chan error) {
	d.done.Go(func() {
		var err error
		select {
		case err = <-failed:
		case <-d.stopped:
			return
		}
		d.err.Store(&err)
		d.cancel()
		timer := time.NewTimer(d.patience)
		defer timer.Stop()
		select {
		case <-timer.C:
			d.force(err)
		case <-d.stopped:
		}
	})
}

// failed is the store's error, if that is why the run ends.
func (d *diskWatch) failed() error {
	if err := d.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (d *diskWatch) stop() {
	close(d.stopped)
	d.done.Wait()
	d.cancel()
}
