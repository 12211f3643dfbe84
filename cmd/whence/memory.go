package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much the heap may grow before it is collected: by half of what is live, and by
// headroom at most. What is live is sessions, finished walks, parked chains, columns
// and fetched batches, nearly all of it without pointers, so collecting more often than
// Go does by itself costs little; and with a million sessions half of it would be the
// largest part of the process.
//
// Where more than muchLive is live it is less, by a byte for each four of those, down to
// leastRoom: with a million sessions about half as much. They are collected more often
// then, and what an event costs there is mostly walks.
const (
	collectAt = 50 // percent of what is live
	headroom  = 96 << 20
	muchLive  = 256 << 20
	leastRoom = 48 << 20
	// leastPercent bounds what collecting can cost, however much is live.
	leastPercent = 5
	paceEvery    = time.Second
)

// limitMemory tells the runtime how to collect, unless the environment does (GOGC,
// GOMEMLIMIT), and goes on doing so until ctx is done: whoever calls it waits for
// done. limit is in bytes; 0 sets none.
func limitMemory(ctx context.Context, limit int64) (done chan struct{}) {
	done = make(chan struct{})
	if limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
	if os.Getenv("GOGC") != "" {
		close(done)
		return done
	}
	debug.SetGCPercent(collectAt)
	go func() {
		defer close(done)
		pace(ctx)
	}()
	return done
}

// pace keeps the heap's growth within headroom as what is live grows and shrinks.
func pace(ctx context.Context) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	set := collectAt
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		metrics.Read(live)
		// Setting it stops the world for a moment, so small changes are let be.
		if percent := percentFor(live[0].Value.Uint64()); 10*max(percent-set, set-percent) > set {
			debug.SetGCPercent(percent)
			set = percent
		}
	}
}

func percentFor(live uint64) int {
	if live <= headroom*100/collectAt {
		return collectAt
	}
	return max(int(roomFor(live)*100/live), leastPercent)
}

// roomFor is how much the heap may grow beyond what is live.
func roomFor(live uint64) uint64 {
	if live <= muchLive {
		return headroom
	}
	return headroom - min((live-muchLive)/4, headroom-leastRoom)
}
