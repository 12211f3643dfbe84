package sinks

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// OfAnother reports whether err is what the Kafka client says to those who sent records
// together with somebody who has ended: they send again. It gives a batch up when the
// context of its first record ends, and tells all others in it of that end or, if it
// asks who leads before it tries to write, of the broker that is away. By itself it
// gives none up while brokers are away.
func OfAnother(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if code, ok := errors.AsType[*kerr.Error](err); ok {
		return code.Retriable && code != kerr.UnknownTopicOrPartition
	}
	// A broker that goes down or comes up takes connections and closes them.
	if _, early := errors.AsType[*kgo.ErrFirstReadEOF](err); early {
		return true
	}
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, io.EOF) || kgo.IsRetryableBrokerErr(err)
}

// sendAgain is how long to wait before records are sent again that were given up with
// those of another.
const sendAgain = 10 * time.Millisecond
