package sinks_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/sinks"
)

func TestOfAnother(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{context.Canceled, true},
		{context.DeadlineExceeded, true},
		{fmt.Errorf("unable to dial: %w", dial), true},
		{&kgo.ErrFirstReadEOF{}, true},
		{io.EOF, true},
		{kerr.NotLeaderForPartition, true},
		{kerr.UnknownTopicOrPartition, false},
		{kerr.MessageTooLarge, false},
		{kerr.TopicAuthorizationFailed, false},
		{kgo.ErrClientClosed, false},
	} {
		if got := sinks.OfAnother(fmt.Errorf("produce to whence.chains: %w", tt.err)); got != tt.want {
			t.Errorf("%v: got %v", tt.err, got)
		}
	}
}
