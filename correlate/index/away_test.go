package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A broker that goes down while it is read from, or comes up, ends nothing.
func TestFollowingOutlivesBrokers(t *testing.T) {
	for _, tt := range []struct {
		err  error
		ends bool
	}{
		{&kgo.ErrFirstReadEOF{}, false}, // what the client says of a connection that is closed at once
		{kerr.NotLeaderForPartition, false},
		{fmt.Errorf("unable to dial: %w", kerr.CoordinatorNotAvailable), false},
		{kerr.TopicAuthorizationFailed, true},
		{kerr.SaslAuthenticationFailed, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			table := &Table{log: slog.New(slog.NewTextHandler(&log, nil))}
			for range 3 {
				if err := table.fetchError(t.Context(), kgo.NewErrFetch(tt.err)); (err != nil) != tt.ends {
					t.Errorf("%v: got %v", tt.err, err)
				}
			}
			if n, want := strings.Count(log.String(), "tried again"), 1; !tt.ends && n != want {
				t.Errorf("%v: the log says so %d times:\n%s", tt.err, n, log.String())
			}
			if err := table.fetchError(t.Context(), nil); err != nil || table.away {
				t.Errorf("%v: afterwards %v, away: %v", tt.err, err, table.away)
			}
		})
	}
}

// TestStopWhileABrokerIsAway: whoever is told to stop says so, and not what the broker
// said last: it would be a failure.
func TestStopWhileABrokerIsAway(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	err := new(Table).patiently(ctx, func() error {
		stop()
		return kerr.NotLeaderForPartition
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
