package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/pprof/profile"
)

// What whence's Go runtime did meanwhile: how much it allocated, from /metrics, and
// what garbage collection cost, from a CPU profile.

// heap is what whence has allocated since it started, how many walks it found
// finished, and how many facts it has published and repaired after.
type heap struct{ mallocs, bytes, reused, published, repaired float64 }

func (l *lab) heap(ctx context.Context) (h heap, err error) {
	page, err := l.ask(ctx, "/metrics")
	if err != nil {
		return h, err
	}
	for line := range strings.Lines(string(page)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		var into *float64
		switch name {
		case "go_memstats_mallocs_total":
			into = &h.mallocs
		case "go_memstats_alloc_bytes_total":
			into = &h.bytes
		case "whence_walks_reused_total":
			into = &h.reused
		case `whence_sessions_facts_total{as="published"}`:
			into = &h.published
		case `whence_repair_total{what="facts"}`:
			into = &h.repaired
		default:
			continue
		}
		if *into, err = strconv.ParseFloat(value, 64); err != nil {
			return h, fmt.Errorf("whence's metric %s: %w", name, err)
		}
	}
	return h, nil
}

// collecting are the functions under which a goroutine collects garbage, in the
// background or because it allocates.
var collecting = []string{
	"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge", "runtime.gcStart",
	"runtime.gcMarkTermination", "runtime.deductSweepCredit", "runtime.(*mspan).sweep", "runtime.(*sweepLocked).sweep",
}

// collected is the share of a CPU profile that is garbage collection. What Go itself
// says of it, in GODEBUG=gctrace=1 and in runtime/metrics, is time on the wall: on
// cores that others use too it was seen to be more than all CPU together.
func collected(text []byte) (float64, error) {
	p, err := profile.ParseData(text)
	if err != nil {
		return 0, fmt.Errorf("read the CPU profile: %w", err)
	}
	var all, gc int64
	for _, s := range p.Sample {
		cpu := s.Value[len(s.Value)-1]
		all += cpu
		if slices.ContainsFunc(s.Location, collects) {
			gc += cpu
		}
	}
	if all == 0 {
		return 0, errors.New("the CPU profile is empty: take more events")
	}
	return float64(gc) / float64(all), nil
}

func collects(l *profile.Location) bool {
	return slices.ContainsFunc(l.Line, func(line profile.Line) bool {
		return line.Function != nil && slices.Contains(collecting, line.Function.Name)
	})
}
