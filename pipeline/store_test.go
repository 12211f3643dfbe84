package pipeline

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/correlate/index"
)

// failing is a store whose disk takes some writes, and then none. What it was given
// before it goes on to tell.
type failing struct {
	*index.Memory
	left *atomic.Int32
}

var errFull = fmt.Errorf("the disk is full: %w", syscall.ENOSPC)

func (s failing) Put(facts []correlate.Fact, pos index.Position) error {
	if s.left.Add(-1) < 0 {
		return errFull
	}
	return s.Memory.Put(facts, pos)
}

// TestStoreFails ends an instance whose session store cannot be written, at some time
// or other. It says so; no chain was written that lacks what others know, and whoever
// comes after it ends up where a calm run does.
func TestStoreFails(t *testing.T) {
	want := calm(t)
	for _, writes := range []int32{1, 5, 20, 60} {
		t.Run(fmt.Sprintf("after %d writes", writes), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, b *bench) {
				b.fill(testEvents)
				var left atomic.Int32
				left.Store(writes)
				b.store = func() index.Store { return failing{index.NewMemory(), &left} }
				in := b.start(nil)
				if err := <-in.done; !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("Run returned %v", err)
				}
				<-in.closed
				b.store = nil
				b.finish()
				if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
					t.Errorf("(-calm +got):\n%s", d)
				}
			})
		})
	}
}
