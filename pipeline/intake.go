package pipeline

import (
	"context"
	"sync"
	"time"

	"whence/correlate"
)

// An intake counts what has been fetched for all lanes of a process and is not worked on
// yet. While it is full the group does not poll: what the client has fetched meanwhile,
// a fetch from each broker, waits there. So memory is bounded however many lanes there
// are. To pause each partition at its share would not do: every one of 64 may have a
// fetch on top of it, which were 90 MB together, and as many that wait to be lent again.
//
// The client stays in its group, as heartbeats are not its polls. While nobody polls for
// long there may be new records that nobody knows of, and no lane counts as idle.
type intake struct {
	clock correlate.Clock
	bound int           // bytes
	long  time.Duration // to wait

	mu    sync.Mutex
	bytes int
	room  chan struct{} // closed when there is room again; nil if nobody waits
	began time.Time     // waiting, on the wall
	until time.Time     // when somebody had waited for long
}

// add takes note of bytes that were fetched, and of those that are gone if n is below
// zero.
func (i *intake) add(n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.bytes += n
	if i.room != nil && i.bytes < i.bound {
		close(i.room)
		i.room = nil
		if now := i.clock.Now(); now.Sub(i.began) >= i.long {
			i.until = now
		}
	}
}

// wait returns when there is room, or ctx is done.
func (i *intake) wait(ctx context.Context) {
	i.mu.Lock()
	if i.bytes >= i.bound && i.room == nil {
		i.room, i.began = make(chan struct{}), i.clock.Now()
	}
	room := i.room
	i.mu.Unlock()
	if room == nil {
		return
	}
	select {
	case <-room:
	case <-ctx.Done():
	}
}

// since is since when nobody has waited for long; now if somebody does.
func (i *intake) since() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	if now := i.clock.Now(); i.room != nil && now.Sub(i.began) >= i.long {
		return now
	}
	return i.until
}
