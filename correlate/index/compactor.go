package index

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// A compactor lets a Pebble compact, one compaction at a time, but not while it is
// held: what is loaded in bulk is then merged once, at the end, and not again with
// every part of it.
type compactor struct {
	db    pebble.DBForCompaction
	grant sync.Mutex // whoever grants; before mu

	mu      sync.Mutex
	held    int
	running bool
	closed  bool
}

// hold keeps compactions from beginning until release.
func (c *compactor) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held++
}

func (c *compactor) release() {
	c.mu.Lock()
	c.held--
	c.mu.Unlock()
	c.next()
}

// Register implements pebble.CompactionScheduler.
func (c *compactor) Register(_ int, db pebble.DBForCompaction) { c.db = db }

// Unregister implements pebble.CompactionScheduler.
func (c *compactor) Unregister() {
	c.grant.Lock()
	defer c.grant.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
}

// TrySchedule implements pebble.CompactionScheduler.
func (c *compactor) TrySchedule() (bool, pebble.CompactionGrantHandle) {
	if !c.take() {
		return false, nil
	}
	return true, c
}

// UpdateGetAllowedWithoutPermission implements pebble.CompactionScheduler: one is
// allowed, whatever happens.
func (c *compactor) UpdateGetAllowedWithoutPermission() {}

// Done implements pebble.CompactionGrantHandle.
func (c *compactor) Done() {
	c.mu.Lock()
	c.running = false
	c.mu.Unlock()
	c.next()
}

// Started implements pebble.CompactionGrantHandle.
func (c *compactor) Started() {}

// MeasureCPU implements pebble.CompactionGrantHandle.
func (c *compactor) MeasureCPU(pebble.CompactionGoroutineKind) {}

// CumulativeStats implements pebble.CompactionGrantHandle.
func (c *compactor) CumulativeStats(pebble.CompactionGrantHandleStats) {}

// take reports whether a compaction may begin, which then counts as running.
func (c *compactor) take() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held > 0 || c.running || c.closed {
		return false
	}
	c.running = true
	return true
}

// next lets the compaction begin that was refused before, if one was.
func (c *compactor) next() {
	c.grant.Lock()
	defer c.grant.Unlock()
	if !c.take() {
		return
	}
	if waits, _ := c.db.GetWaitingCompaction(); waits && c.db.Schedule(c) {
		return
	}
	c.mu.Lock()
	c.running = false
	c.mu.Unlock()
}
