package sinks

import (
	"log/slog"
	"sync"
	"time"
)

// A Wait is something that a sink waits for.
type Wait struct {
	For   string    // the sink
	Since time.Time // when it last took rows, or was asked to first
	Why   string    // what would end it
	Err   error     // of the last attempt
}

// A waiter is a sink that can tell whether it waits.
type waiter interface {
	// Waiting returns what the sink waits for now; none while its destination takes
	// rows. It is safe for concurrent use.
	Waiting() []Wait
}

// waits tells the log when a sink begins to wait for its destination and when it
// goes on, once for all writes that wait together. It is safe for concurrent use.
type waits struct {
	sink string
	log  *slog.Logger

	mu   sync.Mutex
	wait Wait // with no sink: for nothing
}

// begin notes that an attempt to write failed, and why.
func (w *waits) begin(why string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := w.wait.For == ""
	if first {
		w.wait = Wait{For: w.sink, Since: time.Now()}
		w.log.Warn("the destination takes no rows: writes wait and are tried again", "sink", w.sink, "why", why, "err", err)
	}
	w.wait.Why, w.wait.Err = why, err
}

// over notes that one succeeded.
func (w *waits) over() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wait.For == "" {
		return
	}
	w.log.Warn("the destination takes rows again", "sink", w.sink, "after", time.Since(w.wait.Since).Round(time.Second))
	w.wait = Wait{}
}

// Waiting implements waiter.
func (w *waits) Waiting() []Wait {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wait.For == "" {
		return nil
	}
	return []Wait{w.wait}
}
