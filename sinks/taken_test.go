package sinks

import (
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"whence/correlate"
)

// TestTakenBeforeStored: an output may be changed as soon as it has been taken, and
// every attempt to store it sends what it was.
func TestTakenBeforeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, conn, _ := fakeClickHouse(io.EOF, errors.New("away"))
		out, taken := oneChain(), make(chan struct{})
		out.Taken = sync.OnceFunc(func() { close(taken) })
		written := make(chan error)
		go func() { written <- NewFan(c).Write(t.Context(), out) }()
		<-taken
		select {
		case err := <-written:
			t.Fatalf("it was written at once (%v): the test needs a server that is away", err)
		default:
		}
		out.Chains[0] = correlate.Chain{}
		if err := <-written; err != nil {
			t.Fatal(err)
		}
		if n := len(conn.sent); n != 3 || !slices.Equal(conn.sent[0], conn.sent[2]) || len(conn.sent[0]) == 0 {
			t.Errorf("%d attempts, and the last differs from the first", n)
		}
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
