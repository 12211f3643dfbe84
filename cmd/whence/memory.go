package main

import (
	"os"
	"runtime/debug"
)

// collectAt is how much the heap may grow, in percent of what is live, before it is
// collected. Most of it has no pointers (sessions, columns, fetched batches), so
// collecting twice as often as Go does by itself costs little and saves a third of
// the memory.
const collectAt = 50

// limitMemory tells the runtime how to collect, unless the environment does (GOGC,
// GOMEMLIMIT). limit is in bytes; 0 sets none.
func limitMemory(limit int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	if limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
}
