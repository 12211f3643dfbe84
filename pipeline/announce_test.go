package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/sinks"
	"whence/sources"
)

// fate decides when a process ends: at the nth moment that its sinks count, which is
// before or after one of their writes.
type fate struct {
	mu   sync.Mutex
	left int
	end  func() // of the process
}

// met counts a moment and reports whether the process is over.
func (f *fate) met() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left--; f.left == 0 {
		go f.end()
	}
	return f.left <= 0
}

// endsAt has the process end at the nth moment from now on.
func (f *fate) endsAt(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = n
}

// mortal is a sink of a process that ends.
type mortal struct {
	*memSink
	fate *fate
	slow time.Duration
}

func (s mortal) Write(ctx context.Context, out *sinks.Output) error {
	time.Sleep(s.slow) // fake
	if s.fate.met() {
		<-ctx.Done() // it never returns
		return ctx.Err()
	}
	err := s.memSink.Write(ctx, out)
	if err == nil && s.fate.met() {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

// mortal builds an instance that has an archive and announces, and ends when its fate
// says so.
func (b *bench) mortal(told *memSink, archiveIsSlow bool) (*instance, *fate) {
	in := b.build()
	f := &fate{left: immortal, end: in.kill}
	stored, said := mortal{memSink: b.sink, fate: f}, mortal{memSink: told, fate: f}
	if archiveIsSlow {
		stored.slow = time.Millisecond
	} else {
		said.slow = time.Millisecond
	}
	in.sink = sinks.NewFan(stored, said)
	in.repairing.sink, in.repairing.announce = stored, said
	return in, f
}

// announcing runs one that ends at the nth moment.
func (b *bench) announcing(told *memSink, n int, archiveIsSlow bool) *instance {
	in, fate := b.mortal(told, archiveIsSlow)
	fate.endsAt(n)
	b.launch(in)
	return in
}

// openAlerts are the ids of open alerts, with the version of the chain.
func (s *memSink) openAlerts() map[correlate.ID]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := map[correlate.ID]uint64{}
	for id, a := range s.alerts {
		if a.State == correlate.AlertOpen {
			open[id] = a.Version
		}
	}
	return open
}

const immortal = 1 << 30

// TestAnnouncedIsWhatIsStored ends a process before and after every write of a chain
// that is parked, settled with an alert, and repaired by a late fact, in whatever
// order archive and announcements are written. Whoever reads the announcements comes
// to what the archive has: no version is announced to nobody because it is stored
// already, and no alert stays open that the archive does not know.
func TestAnnouncedIsWhatIsStored(t *testing.T) {
	const atLeast = 10 // moments
	for _, early := range []bool{false, true} {
		for _, slow := range []bool{false, true} {
			for n, ended := 1, true; ended; n++ {
				ended = false // also where it is left out
				t.Run(fmt.Sprintf("early fact %t, slow archive %t, moment %d", early, slow, n), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { ended = announceUntil(t, n, early, slow) })
				})
				if t.Failed() {
					return
				}
				if !ended && n < atLeast {
					t.Errorf("there were %d moments; the test wants %d", n, atLeast)
				}
			}
		}
	}
}

// announceUntil tells a story up to its nth moment, goes on with another process, and
// compares. Early, somebody else publishes the late fact as soon as the process has
// ended, and the next one knows it when it takes over.
func announceUntil(t *testing.T, n int, early, slow bool) (ended bool) {
	b := trailBench(t)
	b.cfg.RepairEvery = 5 * time.Second
	told := newMemSink()
	happened := time.Now()
	parent := issues(2, keyOf(1), "alice@example.com", happened.Add(-time.Minute))
	fact := sync.OnceFunc(func() { b.send(1, parent) })
	b.send(0, deletes(1, keyOf(1), happened))
	in := b.announcing(told, n, slow)
	over := func(after time.Duration) bool {
		select {
		case <-in.closed:
			return true
		case <-time.After(after):
			return false
		}
	}
	if ended = over(5 * time.Minute); !ended {
		fact()
		ended = over(time.Minute)
	}
	if early {
		b.publish(parent)
	}
	if !ended {
		in.stop(t)
	}
	last := b.announcing(told, immortal, slow)
	time.Sleep(5 * time.Minute)
	fact()
	time.Sleep(5 * time.Minute)
	last.stop(t)
	b.want(1, correlate.Attributed, true)
	if d := cmp.Diff(b.sink.versions(), told.versions()); d != "" {
		t.Errorf("chains (-stored +announced):\n%s", d)
	}
	if d := cmp.Diff(b.sink.openAlerts(), told.openAlerts()); d != "" {
		t.Errorf("open alerts (-stored +announced):\n%s", d)
	}
	return ended
}

// publish publishes what a line mints, as the owner of another partition would.
func (b *bench) publish(line string) {
	b.t.Helper()
	var decoded sources.Batch
	src, _ := sources.Find("aws.cloudtrail")
	src.DecodeRecord(sources.Input{Raw: []byte(line)}, &decoded)
	other := b.build()
	defer other.table.Close()
	err := other.table.CatchUp(b.t.Context())
	for i := range decoded.Events {
		err = errors.Join(err, other.table.Bind(b.t.Context(), decoded.Events[i].Mints))
	}
	if err != nil || len(decoded.Events) == 0 {
		b.t.Fatalf("%d events: %v", len(decoded.Events), err)
	}
}
