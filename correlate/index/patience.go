package index

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// askAgain is how long to wait before a broker that was away is asked again; another
// takes over within seconds.
const askAgain = 500 * time.Millisecond

// patiently asks the brokers until they answer, ctx is done, or the error is none
// that passes. The client itself gives up a broker at once that does not let it
// connect, because it might be misspelt; here it has answered before, or its
// neighbours told of it.
func (t *Table) patiently(ctx context.Context, ask func() error) error {
	for said := false; ; said = true {
		err := ask()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil { // whatever the broker said last is not why it ends
			return ctx.Err()
		}
		if !passes(err) {
			return err
		}
		if !said {
			t.log.Warn("a broker does not say where the session topics end; it is asked again", "err", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askAgain):
		}
	}
}

// passes reports whether an error says that a broker or a leader is away, which
// ends by itself.
func passes(err error) bool {
	if shards, ok := errors.AsType[*kadm.ShardErrors](err); ok {
		for _, s := range shards.Errs {
			if !passes(s.Err) {
				return false
			}
		}
		return true
	}
	if code, ok := errors.AsType[*kerr.Error](err); ok {
		return code.Retriable && code != kerr.UnknownTopicOrPartition
	}
	// A broker that is going down or coming up takes connections and closes them; the
	// client guesses that credentials are missing. They were not: it has answered before.
	if _, early := errors.AsType[*kgo.ErrFirstReadEOF](err); early {
		return true
	}
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, io.EOF) || kgo.IsRetryableBrokerErr(err)
}
