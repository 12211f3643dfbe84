package pipeline

import (
	"time"

	"whence/correlate"
	"whence/correlate/index"
)

// What a lane tells of itself: the place that may be committed, and how far it has
// read.

// note takes note of the latest event time read. A timestamp in the future moves no
// mark further than the wall.
func (l *lane) note(seen time.Time) {
	if now := l.clock.Now(); seen.After(now) {
		seen = now
	}
	if seen.After(l.place.seen) {
		l.place.seen = seen
	}
}

// publishEvery and lookEvery are how often a busy lane publishes and looks for what
// has settled: both go over the whole window, which may hold thousands of chains.
const (
	publishEvery = 250 * time.Millisecond
	lookEvery    = 500 * time.Millisecond
)

// publish makes the lane's progress known to whoever commits and announces, once all
// that is on its way into the sinks is there.
func (l *lane) publish() {
	l.told = l.clock.Now()
	done := place{head: max(l.place.head, l.next), seen: l.place.seen, ledger: l.head(), known: l.table.Known()}
	done.bookmarks = l.window.Offsets()
	for _, b := range l.place.bookmarks {
		if b >= l.next {
			done.bookmarks = append(done.bookmarks, b) // not fetched again yet
		}
	}
	if n := len(l.flights); n > 0 {
		l.flights[n-1].place = &done
		return
	}
	l.reached(done)
}

// reached takes note of a place before which everything is stored.
func (l *lane) reached(done place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dirty = l.dirty || !samePlace(l.done, done)
	l.done, l.placed = done, true
	// While bookmarked records of a former owner are still being read, everything
	// before the head has been bound all the same: by the former owner.
	if done.seen.After(l.mark) {
		l.mark = done.seen
	}
}

// idle announces the time that passes while there is nothing to read: the last
// event's time plus the time idle, so that old data does not settle at once. A
// partition that never held a record counts from its assignment. A lane that was
// paused by us, or has not reached the end, is not idle, and none is while nobody polls.
func (l *lane) idle() {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	waited := now.Sub(l.fed)
	if room := l.intake.since(); room.After(l.fed) {
		waited = now.Sub(room)
	}
	if len(l.flights) > 0 || len(l.queue) > 0 || l.paused || l.end < 0 || l.next < l.end || waited < l.cfg.IdleAfter {
		return
	}
	mark := l.place.seen.Add(waited)
	if l.place.seen.IsZero() {
		mark = l.assigned.Add(waited)
	}
	if mark.After(l.mark) && !mark.After(now) {
		l.mark = mark
	}
}

// progress returns what may be committed now.
func (l *lane) progress() (p place, dirty bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done, l.dirty
}

// reading returns what may be announced now.
func (l *lane) reading() index.Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	return index.Report{
		Mark:  correlate.Mark{Group: l.cfg.Group, Topic: l.topic.Name, Partition: l.partition, Generation: l.voice, Time: l.mark},
		Known: l.done.known,
	}
}

// speakFor tells that the partition is still ours in a later generation. Until the
// lane has its voice for that it goes on with the former one, which nobody hears if
// the partition was somebody else's in between.
func (l *lane) speakFor(generation int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.generation = generation
}

// committed takes note that p has been committed.
func (l *lane) committed(p place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if samePlace(l.done, p) {
		l.dirty = false
	}
}
