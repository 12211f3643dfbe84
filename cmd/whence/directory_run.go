package main

import (
	"context"
	"os"

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
	w.files.directory, w.files.epoch = watch.directory(), watch.of
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
	return onHangup(ctx, func(ctx context.Context, hangup <-chan os.Signal) { w.run(ctx, hangup, apply) })
}
