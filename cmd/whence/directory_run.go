package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"

	"whence/correlate"
)

// readDirectory reads the directory, of its topic too, and has the wiring open with it.
// Nil for no directory. The caller closes it.
func (w *wiring) readDirectory(ctx context.Context) (*directoryWatch, error) {
	watch, err := watchDirectory(ctx, w.settings, w.kafka, awaiting{log: w.log, patient: w.patient}, w.log)
	if watch == nil {
		return nil, err
	}
	w.files.directory, w.files.epoch = watch.used, watch.of
	return watch, nil
}

// registered has metrics tell of the directory, of which there may be none.
func (w *directoryWatch) registered(metrics prometheus.Registerer) *directoryWatch {
	if w != nil {
		w.metrics.register(metrics)
	}
	return w
}

// start looks after the directory until ctx is done or the returned function is called,
// which waits. SIGHUP has it read at once.
func (w *directoryWatch) start(ctx context.Context, apply func(*correlate.Directory, uint32)) (stop func()) {
	if w == nil {
		return func() {}
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.run(ctx, hangup, apply)
	}()
	return func() {
		cancel()
		<-done
		signal.Stop(hangup)
	}
}
