package correlate

import (
	"context"
	"time"
)

// An Index finds what is known of a key. It may be behind, but it never
// forgets: what it once returned it returns again, until the key's life is over.
type Index interface {
	// Lookup returns the facts about k. It may leave out facts that cannot
	// matter to something that happened at time at: those whose origin is
	// earlier than the longest life of the kind before it. An unknown key gives
	// a Session without facts and no error. The result must not be modified.
	// Lookup is safe for concurrent use.
	Lookup(ctx context.Context, k Key, at time.Time) (Session, error)
}
