package main

import (
	"log/slog"
	"sync"
	"time"
)

// A latest keeps what is in use of something that is replaced while whence runs. What
// is wrong is refused as a whole, and the one in use stays. It is safe for concurrent
// use.
type latest[T any] struct {
	wrong string // what the log says of a newer one that is refused
	log   *slog.Logger
	now   func() time.Time

	mu    sync.Mutex
	used  T
	since time.Time // when it was read
	// refused is why the newest is not in use, and when that was found; nil if it is.
	refused error
	when    time.Time
}

// use makes v what is in use.
func (l *latest[T]) use(v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used, l.since, l.refused = v, l.now(), nil
}

// accept forgets what was refused.
func (l *latest[T]) accept() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused = nil
}

// refuse keeps what is in use, and reports whether it said so: once for what is wrong,
// unless news says that it is something else now.
func (l *latest[T]) refuse(err error, news bool) (said bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if said = l.refused == nil || news; said {
		l.when = l.now()
		problems := problemsOf(err)
		l.log.Warn(l.wrong, "err", problems[0], "problems", len(problems), "in use since", l.since.UTC().Format(time.RFC3339))
	}
	l.refused = err
	return said
}

// state is what is in use, since when, and what is refused; nil for nothing.
func (l *latest[T]) state() (used T, since time.Time, refused *refusedStatus) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused != nil {
		problems := problemsOf(l.refused)
		refused = &refusedStatus{Since: l.when.UTC().Truncate(time.Second), Problems: problems[:min(len(problems), mostProblems)]}
	}
	return l.used, l.since.UTC().Truncate(time.Second), refused
}
