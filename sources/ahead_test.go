package sources

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

// TestAhead: whatever b was told, what is decoded is the same: of lines, of envelopes,
// of what is no line, with white space around it, in another order, and not at all.
func TestAhead(t *testing.T) {
	records := cloudtrailLines()[:3*AheadRecords]
	for i := range records {
		switch i % 8 {
		case 3:
			records[i] = append([]byte("\xef\xbb\xbf "), append(records[i], "\r\n"...)...)
		case 5:
			records[i] = slices.Concat([]byte(`{"Records":[`), records[i], []byte(`,`), records[i+1], []byte(`]}`))
		case 7:
			records[i] = [][]byte{nil, []byte(" "), []byte("{}"), []byte(`{"a":`)}[i/8%4]
		}
	}
	source, _ := Find(cloudtrailName)
	decode := func(order []int, ahead func(out *Batch, at int)) ([]correlate.Event, []correlate.Reject) {
		var out Batch
		for _, i := range order {
			ahead(&out, i)
			source.DecodeRecord(Input{Raw: records[i]}, &out)
		}
		return out.Events, out.Rejects
	}
	var order []int
	for i := range records {
		order = append(order, i)
	}
	backwards := slices.Clone(order)
	slices.Reverse(backwards)
	for _, order := range [][]int{order, backwards, order[AheadRecords-1:]} {
		events, rejects := decode(order, func(*Batch, int) {})
		for name, ahead := range map[string]func(out *Batch, at int){
			"in time": func(out *Batch, at int) {
				if at%AheadRecords == 0 {
					out.Ahead(records[at:])
				}
			},
			"always the same": func(out *Batch, at int) { out.Ahead(records) },
			"one late":        func(out *Batch, at int) { out.Ahead(records[min(at+1, len(records)):]) },
			"by the standard": func(out *Batch, at int) { out.Standard(); out.Ahead(records[at:]) },
			"of other bytes":  func(out *Batch, at int) { out.Ahead([][]byte{bytes.Clone(records[at])}) },
		} {
			gotEvents, gotRejects := decode(order, ahead)
			if d := cmp.Diff(events, gotEvents); d != "" {
				t.Fatalf("%s: other events: %s", name, d)
			}
			if d := cmp.Diff(rejects, gotRejects); d != "" {
				t.Fatalf("%s: other rejects: %s", name, d)
			}
		}
	}
}

// TestAheadPauses: what is not asked for is not hashed, but tried again.
func TestAheadPauses(t *testing.T) {
	lines := cloudtrailLines()[:AheadRecords]
	var out Batch
	hashed := 0
	for range 3 * (mostPause + 1) {
		out.Ahead(lines)
		hashed += out.ahead.count
		out.Reset() // and none was decoded
	}
	if hashed != 3*AheadRecords {
		t.Errorf("%d records were hashed for nothing; want %d", hashed, 3*AheadRecords)
	}
	for range 10 {
		out.Ahead(lines)
		for _, l := range lines {
			cloudtrailDecode(Input{Raw: l}, &out)
		}
		if out.ahead.asked != len(lines) {
			t.Fatalf("%d of %d lines were hashed ahead", out.ahead.asked, len(lines))
		}
		out.Reset()
	}
}

func TestAheadAllocatesNothing(t *testing.T) {
	lines := cloudtrailLines()[:AheadRecords]
	var out Batch
	if n := testing.AllocsPerRun(20, func() {
		out.Ahead(lines)
		for _, l := range lines {
			cloudtrailDecode(Input{Raw: l}, &out)
		}
		out.Reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
