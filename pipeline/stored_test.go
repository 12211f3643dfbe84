package pipeline

import (
	"testing"
	"testing/synctest"
	"time"

	"whence/correlate"
)

// TestNothingIsCommittedBeforeItIsStored: rows are on their way into a sink that
// hangs when the process dies. Whoever comes next must find their records again.
func TestNothingIsCommittedBeforeItIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.sink.blocks()
		in := b.build()
		in.sink = taking{b.sink} // so that the lane goes on
		b.launch(in)
		b.send(0, issues(1, keyOf(1), "alice@example.com", time.Now()), deletes(2, keyOf(1), time.Now()))
		time.Sleep(30 * time.Second)
		if p := b.committed(0); p.head > 0 {
			t.Errorf("committed up to %d, and nothing is stored", p.head)
		}
		in.kill()
		<-in.closed
		b.sink.mu.Lock()
		b.sink.hold = nil
		b.sink.mu.Unlock()
		b.finish()
		b.want(1, correlate.Attributed, true)
		b.want(2, correlate.Attributed, true)
	})
}
