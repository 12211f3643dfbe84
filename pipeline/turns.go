package pipeline

import (
	"runtime"
	"slices"
	"sync"

	"whence/correlate"
	"whence/rules"
)

// A kit is what a step works with: memory, all of it, that the next step uses again.
// It is lent to one lane for one step.
type kit struct {
	walker *correlate.Walker
	judge  *rules.Judge
	work   *work
}

func (s *shared) newKit() *kit {
	k := &kit{walker: s.walks().NewWalker(), judge: s.newJudge(), work: newWork(s.poison)}
	k.work.decoded.Prices, k.work.decoded.Beside = s.prices, s.cfg.reads
	if s.poison {
		k.walker.Poison()
	}
	return k
}

// turns have the lanes of a process take their steps a few at a time, in the order in
// which they asked. There are as many kits as steps at a time, and not one for each
// lane: with 64 lanes no step would find its memory in the processor's caches, and the
// kits alone would take more than a hundred megabytes, full of pointers.
//
// A lane whose turn has come is sent a kit. There is none for anybody while the rows on
// their way into the sinks leave no room for those of a step: that is how lanes are
// held back while a sink is slow or away. Nobody who has a kit waits for another lane.
type turns struct {
	new   func() *kit
	most  int // steps at a time
	size  int // records that one may take
	bound int // rows on their way

	mu      sync.Mutex
	idle    []*kit // the one that came back last is lent first
	lent    int
	flying  int         // rows
	waiting []chan *kit // who asked first comes first
}

// A step takes at most maxBatch records: what is made of them stays in the caches,
// and a long queue does not hold a revoke up. It takes at least minBatch: a step has
// costs of its own.
const (
	maxBatch = 512
	minBatch = 128
)

// newTurns returns those of a process. Beside the steps that the processors work on
// there are some that wait: for facts to be acknowledged, for rows to be encoded.
func newTurns(cfg Config, kits func() *kit) *turns {
	most := 2 * runtime.GOMAXPROCS(0)
	return &turns{
		new: kits, most: most, size: min(max(cfg.StepRecords/most, minBatch), maxBatch), bound: cfg.FlightRows,
	}
}

// ask has a kit sent to turn, which has room for it. Nobody asks twice before that.
func (t *turns) ask(turn chan *kit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(t.waiting, turn)
	t.serve()
}

// withdraw takes back what was asked for, if it was.
func (t *turns) withdraw(turn chan *kit) {
	t.mu.Lock()
	t.waiting = slices.DeleteFunc(t.waiting, func(w chan *kit) bool { return w == turn })
	t.mu.Unlock()
	select {
	case k := <-turn:
		t.give(k)
	default:
	}
}

// give takes a kit back.
func (t *turns) give(k *kit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lent--
	t.idle = append(t.idle, k)
	t.serve()
}

// fly takes note of rows that go on their way, and of those that have landed if n is
// below zero. A step may write more rows than it takes records: they count, but only
// the next one waits for them.
func (t *turns) fly(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flying += n
	t.serve()
}

// serve sends kits to those who wait as long as there is room for one more step.
func (t *turns) serve() {
	for len(t.waiting) > 0 && t.lent < t.most {
		if t.flying+(t.lent+1)*t.size > t.bound && t.flying+t.lent > 0 {
			return
		}
		var k *kit
		if last := len(t.idle) - 1; last >= 0 {
			k, t.idle = t.idle[last], t.idle[:last]
		} else {
			k = t.new()
		}
		t.lent++
		t.waiting[0] <- k
		t.waiting = slices.Delete(t.waiting, 0, 1)
	}
}
