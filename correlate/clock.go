package correlate

import (
	"sync"
	"time"
)

// A Clock keeps the two times a correlator lives in apart.
type Clock interface {
	// Now is the time on the wall.
	Now() time.Time
	// Passed reports whether every partition that could mint a key of kind k has
	// been read past t plus the lateness of its source, and every fact found on
	// the way can be looked up here. It is true for a kind that nobody mints.
	Passed(k Kind, t time.Time) bool
}

// A Mark says how far the owner of a raw partition has read. It is written to
// every partition of the sessions topic after the facts before it are acked.
type Mark struct {
	Group      string
	Topic      string
	Partition  int32
	Generation int32 // of the owner in its consumer group
	Time       time.Time
	// Known is an offset of the partition of the sessions topic that the mark is
	// written to: whatever the owner wrote from walks that did not know all facts
	// before it is durable, and it walks nothing without them any more.
	Known int64
}

// A Witness is a raw topic whose records can mint a kind, with the lateness of
// the source that is read from it.
type Witness struct {
	Topic    string
	Lateness time.Duration
}

// Marks is the Clock of a running instance: it knows how far every raw partition
// has been read, as far as the marks seen in the sessions topic tell. It is safe
// for concurrent use.
type Marks struct {
	now       func() time.Time
	group     string
	witnesses map[Kind][]Witness
	sessions  int // partitions of the sessions topic

	mu         sync.RWMutex
	partitions map[string]int // expected, from topic metadata
	read       map[lane][]reading
	// upTo is how far each topic has been read, from both: it is asked for with every
	// chain that waits, and changes with one mark in as many as there are partitions.
	upTo map[string]time.Time
}

// lane names one raw partition.
type lane struct {
	topic     string
	partition int32
}

// reading is the last mark of one lane seen in one sessions partition.
type reading struct {
	generation int32
	time       time.Time
	known      int64
}

// NewMarks returns the clock of consumer group group. sessions is how many
// partitions the sessions topic has; now is the wall clock (nil for time.Now).
func NewMarks(group string, sessions int, witnesses map[Kind][]Witness, now func() time.Time) *Marks {
	if now == nil {
		now = time.Now
	}
	return &Marks{
		now: now, group: group, witnesses: witnesses, sessions: sessions,
		partitions: map[string]int{}, read: map[lane][]reading{}, upTo: map[string]time.Time{},
	}
}

// Expect sets how many partitions a raw topic has. A partition that never
// reported counts as unread.
func (m *Marks) Expect(topic string, partitions int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.partitions[topic] = partitions
	m.upTo[topic] = m.least(topic)
}

// Observe takes note of a mark read from one partition of the sessions topic.
// Marks of another group and of an older generation are ignored: a paused
// process that wakes up after its partition was given away may announce the time
// it idled, and must not move time past records that the new owner has yet to
// read. A newer generation counts from its first mark, even when that is earlier.
func (m *Marks) Observe(sessionsPartition int32, mark Mark) {
	if mark.Group != m.group || int(sessionsPartition) >= m.sessions {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l := lane{mark.Topic, mark.Partition}
	rs := m.read[l]
	if rs == nil {
		rs = make([]reading, m.sessions)
		m.read[l] = rs
	}
	r := &rs[sessionsPartition]
	before := r.time
	switch {
	case mark.Generation > r.generation:
		*r = reading{mark.Generation, mark.Time, mark.Known}
	case mark.Generation == r.generation:
		if mark.Time.After(r.time) {
			r.time = mark.Time
		}
		r.known = max(r.known, mark.Known)
	}
	// Where another one is the least, and is so still, nothing changes.
	if upTo := m.upTo[mark.Topic]; !before.After(upTo) || r.time.Before(upTo) {
		m.upTo[mark.Topic] = m.least(mark.Topic)
	}
}

// Known is the offset of one partition of the sessions topic before which no fact
// can be missing any more from a row that is not durable yet: see Mark.Known. It is 0
// while a raw partition has not reported.
func (m *Marks) Known(sessionsPartition int32) int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	least := int64(-1)
	for topic, n := range m.partitions {
		for p := range n {
			rs := m.read[lane{topic, int32(p)}]
			if rs == nil {
				return 0
			}
			if k := rs[sessionsPartition].known; least < 0 || k < least {
				least = k
			}
		}
	}
	return max(least, 0)
}

// Heard is the highest generation of which a mark of a raw partition was seen; 0
// for none.
func (m *Marks) Heard(topic string, partition int32) int32 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	most := int32(0)
	for _, r := range m.read[lane{topic, partition}] {
		most = max(most, r.generation)
	}
	return most
}

// Now implements Clock.
func (m *Marks) Now() time.Time { return m.now() }

// Passed implements Clock.
func (m *Marks) Passed(k Kind, t time.Time) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, w := range m.witnesses[k] {
		if m.upTo[w.Topic].Before(t.Add(w.Lateness)) {
			return false
		}
	}
	return true
}

// ReadUpTo is the event time every partition of a raw topic has been read to;
// zero when one has not reported yet.
func (m *Marks) ReadUpTo(topic string) time.Time {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.upTo[topic]
}

// least is the earliest of what the marks say of a topic.
func (m *Marks) least(topic string) time.Time {
	n := m.partitions[topic]
	if n == 0 {
		return time.Time{}
	}
	var least time.Time
	for p := range n {
		rs := m.read[lane{topic, int32(p)}]
		if rs == nil {
			return time.Time{}
		}
		// The facts of a lane are spread over the sessions partitions: all of
		// them must have been followed past the mark.
		for _, r := range rs {
			if least.IsZero() || r.time.Before(least) {
				least = r.time
			}
			if r.time.IsZero() {
				return time.Time{}
			}
		}
	}
	return least
}

// A FileClock is the clock of a run over files: what is to be read has been read.
type FileClock struct{}

// Now implements Clock.
func (FileClock) Now() time.Time { return time.Now() }

// Passed implements Clock: always.
func (FileClock) Passed(Kind, time.Time) bool { return true }
