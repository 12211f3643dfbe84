package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAwait(t *testing.T) {
	away, never := errors.New("away"), errors.New("never")
	hopeless := func(err error) bool { return errors.Is(err, never) }
	for _, c := range []struct {
		name    string
		patient bool
		errs    []error // of the attempts; none after the last
		want    error
		waited  time.Duration
		log     []string
	}{
		{name: "there", patient: true},
		{name: "away for a while", patient: true, errs: []error{away, away, away, away, away, away}, waited: 17500 * time.Millisecond,
			log: []string{`level=WARN msg="waiting for kafka to answer" err=away`, `level=INFO msg="kafka is there"`}},
		{name: "hopeless", patient: true, errs: []error{never}, want: never},
		{name: "hopeless later", patient: true, errs: []error{away, never}, want: never, waited: 500 * time.Millisecond,
			log: []string{`level=WARN msg="waiting for kafka to answer" err=away`}},
		{name: "in a hurry", errs: []error{away}, want: away},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				text := slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
					if a.Key == slog.TimeKey {
						return slog.Attr{}
					}
					return a
				}})
				start, tries := time.Now(), 0
				err := awaiting{slog.New(text), c.patient}.until(t.Context(), "kafka", hopeless, func(context.Context) error {
					tries++
					if tries > len(c.errs) {
						return nil
					}
					return c.errs[tries-1]
				})
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if got := time.Since(start); got != c.waited {
					t.Errorf("waited %s, want %s", got, c.waited)
				}
				if got := strings.TrimSpace(log.String()); got != strings.Join(c.log, "\n") {
					t.Errorf("logged\n%s", got)
				}
			})
		})
	}
}

func TestAwaitStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		wait := awaiting{slog.New(slog.DiscardHandler), true}
		err := wait.until(ctx, "kafka", func(error) bool { return false }, func(ctx context.Context) error {
			<-ctx.Done() // a server that takes the connection and says nothing
			return ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() == nil {
			t.Error(err)
		}
	})
}
