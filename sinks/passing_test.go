package sinks

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

// Whatever a server says that is no fault of the rows, Write waits for: it says why,
// once, and is done when the server takes them.
func TestWaitsForWhatPasses(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for _, tt := range []struct {
		name string
		err  error
		why  string
	}{
		{"away", refused, "cannot be reached"},
		{"gone in between", io.ErrUnexpectedEOF, "cannot be reached"},
		{"silent", context.DeadlineExceeded, "insert_timeout"},
		{"TIMEOUT_EXCEEDED", &ch.Exception{Code: 159}, "insert_timeout"},
		{"READONLY", &ch.Exception{Code: 164}, "readonly"},
		{"QUOTA_EXCEEDED", &ch.Exception{Code: 201}, "quota"},
		{"TOO_MANY_SIMULTANEOUS_QUERIES", &ch.Exception{Code: 202}, "max_concurrent_queries"},
		{"SOCKET_TIMEOUT", &ch.Exception{Code: 209}, "insert_timeout"},
		{"NETWORK_ERROR", &ch.Exception{Code: 210}, "cannot be reached"},
		{"MEMORY_LIMIT_EXCEEDED", &ch.Exception{Code: 241}, "memory"},
		{"TABLE_IS_READ_ONLY", &ch.Exception{Code: 242}, "Keeper"},
		{"NOT_ENOUGH_SPACE", &ch.Exception{Code: 243}, "disk is full"},
		{"TOO_MANY_PARTS", &ch.Exception{Code: 252}, "merges"},
		{"ALL_CONNECTION_TRIES_FAILED", &ch.Exception{Code: 279}, "cannot be reached"},
		{"TOO_FEW_LIVE_REPLICAS", &ch.Exception{Code: 285}, "replicas"},
		{"UNKNOWN_STATUS_OF_INSERT", &ch.Exception{Code: 319}, "replicas"},
		{"QUERY_WAS_CANCELLED", &ch.Exception{Code: 394}, "for now"},
		{"KEEPER_EXCEPTION", &ch.Exception{Code: 999}, "Keeper"},
		{"a code of another day", &ch.Exception{Code: 7_000}, "for now"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const attempts = 20
				var answers []error
				for range attempts {
					answers = append(answers, tt.err)
				}
				c, conn, log := fakeClickHouse(answers...)
				begun := time.Now()
				written := make(chan error, 1)
				go func() { written <- c.Write(t.Context(), oneChain()) }()
				time.Sleep(30 * time.Second)
				ws := c.Waiting()
				if len(ws) != 1 || ws[0].For != "clickhouse" || ws[0].Since.Sub(begun) > time.Second || !strings.Contains(ws[0].Why, tt.why) || !errors.Is(ws[0].Err, tt.err) {
					t.Errorf("it waits for %+v; want since %s, and why: %q", ws, begun, tt.why)
				}
				if err := <-written; err != nil {
					t.Fatal(err)
				}
				if len(conn.sent) != attempts+1 {
					t.Errorf("%d attempts, want %d", len(conn.sent), attempts+1)
				}
				if ws := c.Waiting(); len(ws) > 0 {
					t.Errorf("it still waits for %+v", ws)
				}
				if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), tt.why) {
					t.Errorf("want two lines, the first to say %q:\n%s", tt.why, log)
				}
				if err := c.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A server that is away is asked again soon; one that has too much to do is let be.
func TestHowLongToWait(t *testing.T) {
	for _, tt := range []struct {
		err  error
		most time.Duration
	}{
		{io.EOF, awayWait + awayWait/2},
		{&ch.Exception{Code: proto.ErrTooManyParts}, lastWait + lastWait/2},
	} {
		synctest.Test(t, func(t *testing.T) {
			answers := make([]error, 30)
			for i := range answers {
				answers[i] = tt.err
			}
			c, conn, _ := fakeClickHouse(answers...)
			begun := time.Now()
			if err := c.Write(t.Context(), oneChain()); err != nil {
				t.Fatal(err)
			}
			mean := time.Since(begun) / time.Duration(len(conn.sent))
			if mean > tt.most || mean < tt.most/3 {
				t.Errorf("%v: the attempts were %s apart; want up to %s", tt.err, mean, tt.most)
			}
			if err := c.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
