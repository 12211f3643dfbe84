//go:build synctests

package pipeline

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestCommitDuringAJoin: rows are stored while their instance waits for others to join
// the group, which takes fake time. The client lets no commit go meanwhile; unless it
// is built with the tag synctests, it waits at a lock, which holds fake time up, and
// the test hangs. Without the tag others might hang, seldom: the tests of this package
// want it.
func TestCommitDuringAJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		in := b.start(nil)
		b.ready(in)
		answer := sync.OnceFunc(b.sink.blocks())
		b.send(0, deletes(1, keyOf(1), time.Now()))
		time.Sleep(2 * time.Second)
		member := b.member()
		b.cluster.ControlKey(int16(kmsg.JoinGroup), func(req kmsg.Request) (kmsg.Response, error, bool) {
			b.cluster.KeepControl()
			if req.(*kmsg.JoinGroupRequest).MemberID == member {
				answer()
				time.Sleep(2 * b.cfg.CommitEvery)
			}
			return nil, nil, false
		})
		other := b.start(nil)
		b.until("both have a partition", func() bool { return in.owns() == 1 && other.owns() == 1 })
		b.until("the line is in", b.read)
		other.stop(t)
		in.stop(t)
	})
}
