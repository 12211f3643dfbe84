package pipeline

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// What waits for a lane: fetched records, and keys of which something became known.

// maxWoken bounds the keys a lane is told of while it is busy. When there are
// more, it looks at all its chains instead.
const maxWoken = 50_000

// push hands fetched records over. It reports whether the lane has enough for
// now, and the partition is to be paused.
func (l *lane) push(records []*kgo.Record, end int64) (full bool) {
	l.mu.Lock()
	l.queue = append(l.queue, records...)
	n := sizeOf(records)
	l.queueBytes += n
	l.intake.add(n)
	l.end = max(l.end, end)
	full = (len(l.queue) >= l.cfg.QueueRecords || l.queueBytes >= l.share(l.cfg.QueueBytes, 1)) && !l.paused
	l.paused = l.paused || full
	l.mu.Unlock()
	l.nudge()
	return full
}

// wake tells the lane that the facts of keys changed. It keeps the keys, and never
// blocks.
func (l *lane) wake(keys []correlate.Key) {
	l.mu.Lock()
	if len(l.woken)+len(keys) > maxWoken {
		l.wakeAll = true
		clear(l.woken)
	} else {
		for _, k := range keys {
			l.woken[k] = struct{}{}
		}
	}
	l.mu.Unlock()
	l.nudge()
}

func (l *lane) nudge() {
	select {
	case l.bump <- struct{}{}:
	default:
	}
}

// recordBytes is what a record takes beside its value.
const recordBytes = 256

func sizeOf(records []*kgo.Record) int {
	n := 0
	for _, r := range records {
		n += recordBytes + len(r.Value)
	}
	return n
}

// unqueue takes note that bytes have left the queue. It is called under mu.
func (l *lane) unqueue(n int) {
	l.queueBytes -= n
	l.intake.add(-n)
}

// drain drops what is in the queue, once nobody is left who would work on it.
func (l *lane) drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = nil
	l.unqueue(l.queueBytes)
}

// pending reports whether there is anything to take.
func (l *lane) pending() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue) > 0 || len(l.woken) > 0 || l.wakeAll
}

// take returns what there is to do, and lets the partition be fetched again once
// half of its queue is done.
//
// A chain cannot miss its fact between being looked up and being parked: the
// table stores a fact first and then calls wake. If the look-up missed the fact,
// the store came after it, so wake comes after it too, and the key is in the set
// that the next take returns, when the chain is parked.
func (l *lane) take() (batch []*kgo.Record, woken []correlate.Key, all bool) {
	l.mu.Lock()
	n := min(len(l.queue), l.turns.size)
	batch = l.queue[:n:n]
	l.unqueue(sizeOf(batch))
	l.queue = l.queue[n:]
	if len(l.queue) == 0 {
		l.queue = nil
	}
	for k := range l.woken {
		woken = append(woken, k)
	}
	clear(l.woken)
	all, l.wakeAll = l.wakeAll, false
	resume := l.paused && len(l.queue) <= l.cfg.QueueRecords/2 && l.queueBytes <= l.share(l.cfg.QueueBytes, 1)/2
	if resume {
		l.paused = false
	}
	l.mu.Unlock()
	if resume {
		l.resume(l.topic.Name, l.partition)
	}
	return batch, woken, all
}
