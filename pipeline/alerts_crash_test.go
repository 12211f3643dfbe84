package pipeline

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/rules"
	"whence/sinks"
)

// alertWatch is told of alerts in the order in which they are written, by all instances.
type alertWatch struct {
	mu      sync.Mutex
	settled map[string]bool // rules on absence
	ids     map[[2]string]correlate.ID
	wrong   []string
	opened  int
}

func newAlertWatch() *alertWatch {
	w := &alertWatch{settled: map[string]bool{}, ids: map[[2]string]correlate.ID{}}
	for _, r := range rules.Library().Rules() {
		w.settled[r.ID] = r.Settled && r.Over == nil
	}
	return w
}

// hear holds an alert to what is promised of it.
func (w *alertWatch) hear(a *correlate.Alert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of := [2]string{a.Rule, a.ChainID.String()}
	id, known := w.ids[of]
	if known && id != a.ID {
		w.wrong = append(w.wrong, fmt.Sprintf("%s has alerts %s and %s of one chain", a.Rule, id, a.ID))
	}
	if settled := correlate.Order(a.Version)&1 == 1; !known && a.State == open && w.settled[a.Rule] {
		if w.opened++; !settled {
			w.wrong = append(w.wrong, fmt.Sprintf("%s fired before chain %s was settled", a.Rule, a.ChainID))
		}
	}
	w.ids[of] = a.ID
}

type watchedSink struct {
	*memSink
	watch *alertWatch
}

func (s watchedSink) Write(ctx context.Context, out *sinks.Output) error {
	for i := range out.Alerts {
		s.watch.hear(&out.Alerts[i])
	}
	return s.memSink.Write(ctx, out)
}

// TestAlertsUnderCrashes kills instances at whatever point of a step, many times, while an
// estate's lines come late and in disorder. Nobody is told of an absence before its chain
// has settled, or under two ids; and what is open at the end is what a calm run has open.
func TestAlertsUnderCrashes(t *testing.T) {
	var calm map[string]string
	for seed := range uint64(4) { // the first is calm
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w := newBench(t, 400), newAlertWatch()
				b.cfg.RepairEvery = 5 * time.Second
				r := rand.New(rand.NewPCG(seed, 11))
				run := func(crashAfter int) *instance {
					in := b.build()
					in.sink = watchedSink{b.sink, w}
					in.repairing.sink = in.sink
					var mu sync.Mutex
					in.at = func(string) error {
						mu.Lock()
						defer mu.Unlock()
						if crashAfter--; crashAfter != 0 {
							return nil
						}
						in.kill()
						return errCrash
					}
					b.launch(in)
					return in
				}
				for range 6 * min(seed, 1) {
					in := run(1 + r.IntN(60))
					select {
					case <-in.closed:
					case <-time.After(time.Duration(r.IntN(600)) * time.Second):
						in.kill()
						<-in.closed
					}
				}
				last := run(-1)
				b.until("everything has settled and is committed", func() bool { return b.sink.settled() && b.read() })
				time.Sleep(time.Minute)
				last.stop(t)
				b.repair()
				for _, one := range w.wrong {
					t.Error(one)
				}
				if w.opened == 0 {
					t.Error("no rule on absence has fired: the test tests nothing")
				}
				got := map[string]string{}
				b.sink.mu.Lock()
				for id, a := range b.sink.alerts {
					if a.State == open {
						got[id.String()] = a.Rule
					}
				}
				b.sink.mu.Unlock()
				if calm == nil {
					calm = got
				}
				if d := cmp.Diff(calm, got); d != "" {
					t.Errorf("open alerts (-calm +this):\n%s", d)
				}
			})
		})
	}
}
