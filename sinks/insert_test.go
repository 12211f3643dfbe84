package sinks

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

func fakeClickHouse(answers ...error) (*ClickHouse, *fakeConn, *bytes.Buffer) {
	conn, log := &fakeConn{answers: answers}, &bytes.Buffer{}
	return newClickHouse(ClickHouseConfig{}.Default(), conn, fakeInserter{conn}, slog.New(slog.NewTextHandler(log, nil))), conn, log
}

func oneChain() *Output {
	return &Output{Chains: []correlate.Chain{{Event: correlate.Event{ID: correlate.NewID("x"), Source: "s", Time: time.Unix(1, 0)}}}}
}

func TestInsertRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, conn, log := fakeClickHouse(
			&ch.Exception{Code: 252, Message: "too many parts"}, io.EOF,
			&ch.Exception{Code: 159}, &ch.Exception{Code: 999},
		)
		begun := time.Now()
		if err := c.Write(t.Context(), oneChain()); err != nil {
			t.Fatal(err)
		}
		if len(conn.sent) != 5 {
			t.Errorf("got %d attempts, want 5", len(conn.sent))
		}
		for _, again := range conn.sent[1:] {
			if diff := cmp.Diff(conn.sent[0], again); diff != "" {
				t.Errorf("another attempt sent other rows:\n%s", diff)
			}
		}
		if d := time.Since(begun); d < 4*firstWait || d > time.Minute {
			t.Errorf("four waits took %s", d)
		}
		if n := strings.Count(log.String(), "level=WARN"); n != 2 {
			t.Errorf("the log has %d warnings, want one when it began to wait and one after:\n%s", n, log)
		}
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestInsertGivesUpOnWhatCanNeverWork(t *testing.T) {
	for _, tt := range []struct {
		err    error
		advice string
	}{
		{&ch.Exception{Code: 60, Message: "no table"}, "whence schema"},
		{&ch.Exception{Code: 16}, "whence schema"},
		{&ch.Exception{Code: 516}, "password"},
		{&ch.Exception{Code: 497}, "grant"},
		{&columnError{"time", errors.New("not a time")}, "column time"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, conn, log := fakeClickHouse(tt.err)
			err := c.Write(t.Context(), oneChain())
			if !errors.Is(err, tt.err) || !strings.Contains(err.Error(), tt.advice) || !strings.Contains(err.Error(), "never") {
				t.Errorf("got %v, want it to say %q", err, tt.advice)
			}
			if len(conn.sent) != 1 || log.Len() != 0 {
				t.Errorf("got %d attempts and the log %q", len(conn.sent), log)
			}
			if err := c.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestInsertEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := make([]error, 100)
		for i := range away {
			away[i] = io.EOF
		}
		c, _, _ := fakeClickHouse(away...)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		if err := c.Write(ctx, oneChain()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if d := time.Since(begun); d != time.Minute {
			t.Errorf("took %s", d)
		}
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// What others refer to is in before them.
func TestInsertOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, conn, _ := fakeClickHouse()
		out := oneChain()
		out.Alerts = []correlate.Alert{{}}
		out.Facts = []correlate.Fact{{Start: time.Unix(1, 0)}}
		out.Rejects = []correlate.Reject{{}}
		if err := c.Write(t.Context(), out); err != nil {
			t.Fatal(err)
		}
		var tables []string
		for _, s := range conn.statements {
			tables = append(tables, strings.Trim(strings.Fields(s)[2], "`"))
		}
		if diff := cmp.Diff([]string{"whence`.`sessions", "whence`.`rejects", "whence`.`chains", "whence`.`alerts"}, tables); diff != "" {
			t.Error(diff)
		}
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
