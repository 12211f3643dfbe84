package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What whence's Go runtime did meanwhile: how much it allocated, from /metrics, and
// what garbage collection cost, from the lines that GODEBUG=gctrace=1 adds to its
// log.

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

// gcLine is one collection: ... 0.05+0.35/1.2/3.0+0.23 ms cpu ...
var gcLine = regexp.MustCompile(`(?m)^gc \d+ @.* ([0-9.+/]+) ms cpu,`)

// gcLines are all that say nothing else.
var gcLines = regexp.MustCompile(`(?m)^gc \d+ @.*\n`)

// gcTime is the CPU of the collections that whence's log tells of from an offset
// on, and where the log ends now.
func (l *lab) gcTime(from int64) (cpu time.Duration, end int64, err error) {
	text, err := os.ReadFile(l.whence.log)
	if err != nil {
		return 0, 0, err
	}
	end = int64(len(text))
	text = text[min(from, end):]
	text = text[:bytes.LastIndexByte(text, '\n')+1] // the last line may not be whole yet
	for _, m := range gcLine.FindAllSubmatch(text, -1) {
		for part := range strings.FieldsFuncSeq(string(m[1]), func(r rune) bool { return r == '+' || r == '/' }) {
			ms, err := strconv.ParseFloat(part, 64)
			if err != nil {
				return 0, 0, fmt.Errorf("whence's log tells of a collection that took %s", m[1])
			}
			cpu += time.Duration(ms * float64(time.Millisecond))
		}
	}
	return cpu, end, nil
}
