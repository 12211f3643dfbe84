package index

import (
	"math"
	"time"

	"whence/correlate"
)

// TopicPartition names one partition of one topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// identity is the partition number under which a Position holds, instead of an
// offset, the fingerprint of the topic's id: a topic that was deleted and made
// anew under the same name has other facts, whatever its offsets say.
const identity int32 = -1

// Position says up to where the topics are in the store: the next offset to read
// per partition. Partition -1 of a topic is not an offset but the topic's own id,
// folded into a number.
type Position map[TopicPartition]int64

// A Store keeps facts on this machine. Losing it costs a catch-up, nothing else.
// All methods but Close are safe for concurrent use; nothing may be called after
// Close.
type Store interface {
	// Get returns what is held of k. With life 0 that is everything; otherwise
	// facts whose origin is earlier than life before at are left out. The result
	// must not be modified. An unknown key gives a Session without facts.
	Get(k correlate.Key, at time.Time, life time.Duration) (correlate.Session, error)
	// Put adds facts and, in the same atomic write, moves the position: the
	// partitions in pos and no others. Facts that are held already merge, so
	// repeats are harmless.
	Put(facts []correlate.Fact, pos Position) error
	// Position returns a copy of the position; empty when the store is new.
	Position() (Position, error)
	// Sweep deletes what cannot matter to anything from before on, and returns how
	// many facts that was: sessions in which every fact is over, and, one by one,
	// bindings, as a name in daily use is never over as a whole. Facts that do
	// not expire stay, and so does the session they are in.
	Sweep(before time.Time) (int, error)
	// Reset forgets everything, the position too.
	Reset() error
	Close() error
}

// A keeper is a Store that can be told which facts never expire, beyond those
// marked Standing. Both stores of this package are.
type keeper interface {
	keep(lasting func(*correlate.Fact) bool)
}

// A knower is a Store that knows of most keys, without a read, that it has nothing
// of them. Pebble is one; Memory has no need to.
type knower interface {
	// Lacks reports that nothing is stored of k. What was put and not swept it never
	// lacks; what was not put it may not know to lack.
	Lacks(k correlate.Key) bool
	// Resift lets Lacks know what was swept. forget is called before that shows.
	Resift(forget func()) error
}

// A joiner is a Store that can be spared the read of what it holds: all that it does
// hold of these facts has been joined to them.
type joiner interface {
	putJoined(facts []correlate.Fact, pos Position) error
}

// A rester is a Store that has work of its own to do, which it leaves until it is told
// that nobody waits for the start any more. Pebble is one.
type rester interface{ work() }

// A recaller is a Store that keeps, beside facts, the latest marks that were read before
// its position. Pebble is one.
type recaller interface {
	// keepMarks comes before the position moves past them.
	keepMarks(marks []placedMark) error
	// recall returns those that were kept.
	recall() []placedMark
}

// standing is what a store knows of facts that never expire when it is not told more.
func standing(f *correlate.Fact) bool { return f.Standing }

// over reports whether f cannot matter to anything from before on.
func over(f *correlate.Fact, before time.Time) bool {
	return f.Time.Before(before) && f.Start.Before(before) && f.End.Before(before)
}

// whole is the floor of everything known of a key.
const whole = math.MinInt64

// floorOf is the earliest origin, in unix nanoseconds, that Get must return.
func floorOf(at time.Time, life time.Duration) int64 {
	if life <= 0 {
		return whole
	}
	return nanos(at.Add(-life))
}

// nanos is t as unix nanoseconds, held within what those can tell (1677 to 2262)
// and above whole. Logs do write years like 9999.
func nanos(t time.Time) int64 {
	const last = math.MaxInt64 / int64(time.Second)
	switch s := t.Unix(); {
	case s <= -last:
		return whole + 1
	case s >= last:
		return math.MaxInt64
	}
	return t.UnixNano()
}
