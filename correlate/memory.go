package correlate

import (
	"context"
	"time"

	"whence/correlate/arena"
)

// Memory lends what is looked up and walked for one batch of events, so that a walk
// allocates nothing. It has two lives: Facts and Links are taken back by the walk
// that asked for them, before the next one; all else is good until Reset. It is
// owned by one goroutine.
type Memory struct {
	Facts arena.Slab[Fact]
	Links arena.Slab[Link]
	// Names and Text last until Reset: principals that a chain shows keep theirs.
	Names arena.Slab[string]
	Text  arena.Text

	hops       arena.Slab[Hop]
	candidates arena.Slab[Candidate]
	approvers  arena.Slab[Approver]
	keys       arena.Slab[Key]
	resources  arena.Slab[Resource] // of parked chains: those of others are their event's
}

// Reset takes back all that was lent.
func (m *Memory) Reset() {
	m.forget()
	m.Names.Reset()
	m.Text.Reset()
	m.hops.Reset()
	m.candidates.Reset()
	m.approvers.Reset()
	m.keys.Reset()
	m.resources.Reset()
}

// Poison makes Reset overwrite what was lent, for tests.
func (m *Memory) Poison() {
	m.Facts.Poison, m.Links.Poison, m.Names.Poison, m.Text.Poison = true, true, true, true
	m.hops.Poison, m.candidates.Poison, m.approvers.Poison, m.keys.Poison, m.resources.Poison = true, true, true, true, true
}

// forget takes back what one walk looked up.
func (m *Memory) forget() {
	m.Facts.Reset()
	m.Links.Reset()
}

// A LendingIndex is an Index that can answer in memory of the caller's. The facts,
// their links and their names are lent by mem; text is never overwritten, whoever
// holds it. Otherwise LookupIn is Lookup.
type LendingIndex interface {
	Index
	LookupIn(ctx context.Context, k Key, at time.Time, mem *Memory) (Session, error)
}
