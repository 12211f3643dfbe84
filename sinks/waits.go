package sinks

import (
	"log/slog"
	"sync"
)

// waits tells the log when a sink begins to wait for its destination and when it
// goes on, once for all writes that wait together. It is safe for concurrent use.
type waits struct {
	sink string
	log  *slog.Logger

	mu      sync.Mutex
	waiting bool
}

func (w *waits) begin(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.waiting {
		w.waiting = true
		w.log.Warn("the destination takes no rows: writes wait and are tried again", "sink", w.sink, "err", err)
	}
}

func (w *waits) over() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting {
		w.waiting = false
		w.log.Warn("the destination takes rows again", "sink", w.sink)
	}
}
