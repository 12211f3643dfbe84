package main

import (
	"errors"
	"slices"
	"strings"
)

// problemsOf lists what is wrong with a directory or with rules, a line each.
func problemsOf(err error) []string {
	var w *wrongError
	if errors.As(err, &w) {
		if inner := errors.Unwrap(w.err); inner != nil {
			err = inner
		}
	}
	return slices.DeleteFunc(strings.Split(err.Error(), "\n"), func(line string) bool { return strings.HasPrefix(line, " | ") }) // excerpts
}

// status tells of the directory in use; nil for none.
func (w *directoryWatch) status() *directoryStatus {
	if w == nil {
		return nil
	}
	d, since, refused := w.latest.state()
	return &directoryStatus{Entries: d.Len(), Version: d.Version, Since: since, Refused: refused}
}

// mostProblems bounds what status tells of what is wrong.
const mostProblems = 20
