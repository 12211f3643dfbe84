package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	notices "whence/rules/notice"
)

// readSilences reads a file of silences. One that is not there has none.
func readSilences(path string) (*notices.Silences, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the silences cannot be read: %w", err)
	}
	s, err := notices.ReadSilences(b)
	if err != nil {
		return nil, fmt.Errorf("the silences in %s are wrong:\n%w", path, err)
	}
	return s, nil
}

// A silencesWatch keeps the silences that are in use, and reads them again when their file
// has changed. Those that are wrong are refused as a whole.
type silencesWatch struct {
	path    string
	latest  latest[*notices.Silences]
	lookout lookout
	apply   func(*notices.Silences)
}

// watchSilences reads the silences for the first time: what is wrong with them then is an
// error of configuration.
func watchSilences(path string, log *slog.Logger) (*silencesWatch, error) {
	w := &silencesWatch{path: path, latest: latest[*notices.Silences]{wrong: "the silences have changed and are wrong; those in use stay", log: log, now: time.Now}}
	w.lookout = lookout{look: w.look, reload: w.reload}
	w.lookout.begin()
	s, err := readSilences(path)
	if err != nil {
		return nil, wrong(err)
	}
	w.latest.use(s)
	return w, nil
}

// start looks after the silences until ctx is done or the returned function is called,
// which waits, and gives those that replace the ones before to apply.
func (w *silencesWatch) start(ctx context.Context, apply func(*notices.Silences)) (stop func()) {
	if w == nil {
		return func() {}
	}
	w.apply = apply
	return onHangup(ctx, func(ctx context.Context, hangup <-chan os.Signal) { w.lookout.run(ctx, hangup) })
}

func (w *silencesWatch) look() string {
	info, err := os.Stat(w.path)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano())
}

func (w *silencesWatch) reload() {
	s, err := readSilences(w.path)
	if err != nil {
		w.latest.refuse(err, true)
		return
	}
	w.latest.use(s)
	w.apply(s)
	w.latest.log.Info("the silences have changed", "silences", len(s.All()))
}

// silences are those in use.
func (w *silencesWatch) silences() *notices.Silences {
	s, _, _ := w.latest.state()
	return s
}

// silencesStatus tells of the silences in use.
type silencesStatus struct {
	Silences int       `json:"silences"`
	Active   int       `json:"active"`
	Since    time.Time `json:"since"` // when they were read
	// Refused tells of newer ones that are wrong.
	Refused *refusedStatus `json:"refused,omitempty"`
}

// status tells of the silences; nil for none.
func (n *notifying) silenced() *silencesStatus {
	if n == nil || n.silences == nil {
		return nil
	}
	all, since, refused := n.silences.latest.state()
	s := &silencesStatus{Silences: len(all.All()), Since: since, Refused: refused}
	for _, one := range all.All() {
		if one.State(n.silences.latest.now()) == "active" {
			s.Active++
		}
	}
	return s
}

func (s *silencesStatus) print(out io.Writer) error {
	if s == nil || s.Refused == nil {
		return nil
	}
	_, err := fmt.Fprintf(out, "the silences have been wrong since %s, and those of %s are in use:\n  %s\n",
		s.Refused.Since.Format(time.RFC3339), s.Since.Format(time.RFC3339), s.Refused.Problems[0])
	return err
}
