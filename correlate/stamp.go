package correlate

// A Stamper is an Index that can tell whether anything became known of a key since it
// was looked up. It is safe for concurrent use.
type Stamper interface {
	// Stamp returns the stamp of k as it is now.
	Stamp(k Key) Stamp
	// Holds reports that nothing became known, since these were read, of any of their
	// keys: a look-up of one from after its stamp was read would give the same again,
	// but for what was swept. It may say no for no reason.
	Holds(stamps []Stamp) bool
}

// A Stamp changes when something becomes known of a key. Keys may share one: Place
// says where it is, so that it is found again without the key.
type Stamp struct{ Place, Value uint32 }
