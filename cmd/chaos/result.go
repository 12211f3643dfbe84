package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// result is what a run found.
type result struct {
	events int
	done   map[string]int // faults, by their names
	// lost, duplicated and different are of the disturbed database beside the calm one,
	// siem is what either group's topics say otherwise than its database, and findings
	// are those of whence verify.
	lost, duplicated, different, siem int
	findings                          int64
}

func (r result) clean() bool {
	return r.lost+r.duplicated+r.different+r.siem == 0 && r.findings == 0
}

// String is two lines: how often what was done, and the one that others read.
func (r result) String() string {
	faults := 0
	var by strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.done)) {
		faults += r.done[name]
		fmt.Fprintf(&by, " %s=%d", strings.ReplaceAll(name, " ", "_"), r.done[name])
	}
	return fmt.Sprintf("faults:%s\nchaos: events=%d faults=%d lost=%d duplicated=%d different=%d siem_different=%d verify_findings=%d",
		by.String(), r.events, faults, r.lost, r.duplicated, r.different, r.siem, r.findings)
}
