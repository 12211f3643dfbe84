package main

import (
	"context"
	"os"
	"sync"
	"time"
)

// A diskWatch ends a run whose session store cannot be written any more: in order if
// that is still possible, and else by force, which loses nothing either.
type diskWatch struct {
	cancel   context.CancelCauseFunc
	patience time.Duration
	force    func(error) // ends the process

	stopped chan struct{}
	done    sync.WaitGroup
}

// watchDisk returns the context of the run, of which the store's error is the cause
// when it ends by that. Stop it when everything is closed.
func watchDisk(ctx context.Context, patience time.Duration) (context.Context, *diskWatch) {
	ctx, cancel := context.WithCancelCause(ctx)
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
		d.cancel(err)
		timer := time.NewTimer(d.patience)
		defer timer.Stop()
		select {
		case <-timer.C:
			d.force(err)
		case <-d.stopped:
		}
	})
}

func (d *diskWatch) stop() {
	close(d.stopped)
	d.done.Wait()
	d.cancel(nil)
}
