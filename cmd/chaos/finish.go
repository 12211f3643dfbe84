package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// finishLimit bounds how long a side may take to read and settle everything.
	finishLimit = 10 * time.Minute
	// askEvery is how often it is asked how far it is.
	askEvery = 2 * time.Second
)

// finish lets one instance read everything and settle, stops it in order and
// repairs once.
func (t *trial) finish(ctx context.Context, s *side) error {
	in, err := t.start(ctx, s, "store")
	if err != nil {
		return err
	}
	if err := in.ready(ctx); err != nil {
		return err
	}
	if err := t.settled(ctx, s, in); err != nil {
		return err
	}
	if err := in.terminate(); err != nil {
		return err
	}
	return t.repair(ctx, s)
}

// settled waits until every event has a settled chain and every raw record is
// committed. What a full window let go is repair's: if the number of unsettled
// chains stands still, that is it.
func (t *trial) settled(ctx context.Context, s *side, in *instance) (err error) {
	archive, err := t.archive(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close(context.WithoutCancel(ctx))) }()
	var before int64
	moved, began := time.Now(), time.Now()
	for time.Since(began) < finishLimit {
		if err := in.alive(ctx, askEvery); err != nil {
			return err
		}
		lag, err := t.raw.lag(ctx, s)
		if err != nil {
			return err
		}
		chains, unsettled, err := archive.Counts(ctx)
		if err != nil {
			return err
		}
		t.say("%s: %d chains, %d of them not settled, %d records to commit", s.Name, chains, unsettled, lag)
		if now := chains*2 - unsettled; now != before {
			before, moved = now, time.Now()
		}
		switch all := chains >= int64(len(t.raw.expected)) && lag == 0; {
		case all && unsettled == 0:
			return nil
		case all && time.Since(moved) > 2*maxWait:
			t.say("%s: %d chains are left to repair", s.Name, unsettled)
			return nil
		}
	}
	return in.failed("has not read and settled everything within " + finishLimit.String())
}

// repair runs whence repair once.
func (t *trial) repair(ctx context.Context, s *side) error {
	var out bytes.Buffer
	c, err := t.spawn(ctx, s.log, &out, nil, "repair", "-c", s.config)
	if err != nil {
		return err
	}
	<-c.ended
	if c.err != nil {
		return c.failed("failed")
	}
	t.say("%s: repair: %s", s.Name, strings.TrimSpace(out.String()))
	if out.Len() == 0 {
		return fmt.Errorf("whence repair -c %s said nothing", s.config)
	}
	return nil
}
