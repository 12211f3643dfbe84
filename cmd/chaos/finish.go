package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// stallLimit is how long a side may make no progress.
	stallLimit = 2 * time.Minute
	// askEvery is how often it is asked how far it is.
	askEvery = 3 * time.Second
)

// finish lets the instances read everything and settle, stops them in order and
// repairs once.
func (t *trial) finish(ctx context.Context, s *side) error {
	if err := t.settled(ctx, s); err != nil {
		return err
	}
	for _, sl := range s.slots {
		if err := sl.terminate(); err != nil {
			return err
		}
	}
	return t.repair(s)
}

// settled waits until every event has a settled chain and every raw record is
// committed. What a full window let go is repair's: if the number of unsettled
// chains stands still, that is it.
func (t *trial) settled(ctx context.Context, s *side) (err error) {
	archive, err := t.archive(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close(context.WithoutCancel(ctx))) }()
	var before int64
	for moved := time.Now(); time.Since(moved) < stallLimit; {
		if err := pause(ctx, askEvery); err != nil {
			return err
		}
		lag, err := t.raw.lag(ctx, s)
		if err != nil { // connections break off that brokers were killed behind
			t.say("%s: asked again: %v", s.Name, err)
			continue
		}
		chains, unsettled, err := archive.Counts(ctx)
		if err != nil {
			return err
		}
		t.say("%s: %d chains, %d of them not settled, %d records to commit", s.Name, chains, unsettled, lag)
		if now := chains*2 - unsettled - lag; now != before {
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
	for _, sl := range s.slots { // they say in their logs where they hang
		sl.asked.Store(true)
		_ = sl.cmd.Process.Signal(syscall.SIGQUIT)
		<-sl.ended
	}
	return fmt.Errorf("group %s has made no progress for %s", s.Name, stallLimit)
}

// repair runs whence repair once.
func (t *trial) repair(s *side) error {
	var out bytes.Buffer
	c, err := t.spawn(filepath.Join(s.Dir, "repair.log"), &out, nil, "repair", "-c", s.config)
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
