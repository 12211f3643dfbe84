package pipeline

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestPausedPartitionThatComesBack: an instance has paused a partition, loses it, and
// gets it again. To the client it is still paused then, and the new lane, which has
// nothing in hand, would never ask for it.
func TestPausedPartitionThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.cfg.QueueRecords = 1
		in := b.start(nil)
		b.ready(in)
		answer := b.sink.blocks()
		for n := range 6 {
			b.send(0, deletes(n, keyOf(n), time.Now()))
			time.Sleep(time.Second)
		}
		if in.metric("whence_partition_paused", "partition=0") != 1 {
			t.Fatal("the partition is not held back; the test wants it to be")
		}
		b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID, Count: 1})
		time.Sleep(10 * time.Second)
		answer()
		b.until("all lines are in", b.read)
		if in.metric("whence_partition_paused") != 0 {
			t.Error("a partition still counts as held back")
		}
		in.stop(t)
	})
}
