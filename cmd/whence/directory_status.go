package main

import (
	"errors"
	"strings"
	"time"
)

// problemsOf lists what is wrong with a directory, a line each.
func problemsOf(err error) []string {
	var w *wrongError
	if errors.As(err, &w) {
		if inner := errors.Unwrap(w.err); inner != nil {
			err = inner
		}
	}
	return strings.Split(err.Error(), "\n")
}

// status tells of the directory in use; nil for none.
func (w *directoryWatch) status() *directoryStatus {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &directoryStatus{Entries: w.used.Len(), Version: w.used.Version, Since: w.since.UTC().Truncate(time.Second)}
	if w.refused != nil {
		problems := problemsOf(w.refused)
		s.Refused = &directoryRefused{Since: w.when.UTC().Truncate(time.Second), Problems: problems[:min(len(problems), mostProblems)]}
	}
	return s
}

// mostProblems bounds what status tells of what is wrong.
const mostProblems = 20
