package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"whence/sinks"
)

const (
	// tryLimit bounds one attempt to reach a server.
	tryLimit = 10 * time.Second
	// The pauses between attempts.
	firstPause = 500 * time.Millisecond
	lastPause  = 5 * time.Second
)

// awaiting reaches servers, and says in the log when it begins to wait for one
// and when it goes on.
type awaiting struct {
	log     *slog.Logger
	patient bool // wait for a server that is away
}

// until tries until it succeeds, ctx is done, or the error is hopeless.
func (a awaiting) until(ctx context.Context, server string, hopeless func(error) bool, try func(context.Context) error) error {
	waiting := false
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		attempt, cancel := context.WithTimeout(ctx, tryLimit)
		err := try(attempt)
		cancel()
		switch {
		case err == nil && waiting:
			a.log.Info(server + " is there")
			return nil
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case hopeless(err):
			return err
		case !a.patient:
			return fmt.Errorf("%w; is it running, and is the address right?", err)
		}
		if !waiting {
			waiting = true
			a.log.Warn("waiting for "+server+" to answer", "err", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func hopelessClickHouse(err error) bool {
	_, refused := sinks.Refused(err)
	return refused || untrusted(err)
}

// lastingClickHouse reports whether waiting mends nothing, of an error of something
// that was begun when ClickHouse had been reached.
func lastingClickHouse(err error) bool { return hopelessClickHouse(err) || !away(err) }

// away reports whether a server could not be reached, or stopped answering.
func away(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded)
}
