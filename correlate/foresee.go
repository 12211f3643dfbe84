package correlate

import "time"

// A ForeseeingIndex is an Index that is told of look-ups before they are made, many at
// once. Each is a few reads of memory that no cache has, one after the other; those of
// many go on at the same time.
type ForeseeingIndex interface {
	Index
	// NewForeseer returns one for one goroutine.
	NewForeseer() Foreseer
}

// A Foreseer finds what some walks will look up. It is owned by one goroutine.
type Foreseer interface {
	// Foresee forgets what was foreseen before, and finds what the walks of events will
	// look up: their keys, and the keys these lead to. Events of which skip is set are
	// passed over. The events must not change until the next Foresee.
	Foresee(events []Event, skip []bool)
	// Look is Stamp and then LookupIn, of a key that was foreseen for event i. It
	// reports false if the key was not, or something became known of it since.
	Look(i int, k Key, at time.Time, mem *Memory) (Session, Stamp, bool)
}
