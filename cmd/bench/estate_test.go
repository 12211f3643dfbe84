package main

import (
	"context"
	"testing"
	"time"

	"whence/correlate"
	"whence/correlate/index"
	"whence/sources"
)

// The estate's events must cost what real ones do, or the benchmark measures
// something else: their size, and how the walk ends, are held here.
func TestEstate(t *testing.T) {
	src, ok := sources.Find("aws.cloudtrail")
	if !ok {
		t.Fatal("no source aws.cloudtrail")
	}
	began := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name     string
		depth    int
		min, max int // hops of an attributed chain
	}{{"mixed", 0, 2, 4}, {"one", 1, 2, 2}, {"five", 5, 6, 6}} {
		t.Run(tt.name, func(t *testing.T) {
			const sessions, events = 1000, 2000
			e := newEstate(sessions, tt.depth, 0, 0.05, began)
			store := index.NewMemory()
			var batch sources.Batch
			for i := range e.mints() {
				batch.Reset()
				src.DecodeRecord(sources.Input{Raw: e.mint(nil, i)}, &batch)
				if len(batch.Events) != 1 || len(batch.Events[0].Mints) == 0 {
					t.Fatalf("line %d mints nothing: %v", i, batch.Rejects)
				}
				for _, f := range batch.Events[0].Mints {
					if err := store.Put([]correlate.Fact{f.Clone()}, nil); err != nil {
						t.Fatal(err)
					}
				}
			}
			directory, err := e.listed()
			if err != nil {
				t.Fatal(err)
			}
			r := &correlate.Resolver{Index: store, Kinds: sources.Kinds(src), Directory: directory}
			bytes, unknown, waiting := 0, 0, 0
			for i := range events {
				line := e.event(nil, 1, i, began.Add(time.Minute))
				bytes += len(line)
				batch.Reset()
				src.DecodeRecord(sources.Input{Raw: line}, &batch)
				if len(batch.Events) != 1 {
					t.Fatalf("%s\n%v", line, batch.Rejects)
				}
				c, err := r.Resolve(context.Background(), batch.Events[0])
				if err != nil {
					t.Fatal(err)
				}
				if len(c.Waits) > 0 {
					waiting++
				}
				switch {
				case c.Status != correlate.Attributed:
					unknown++
				case len(c.Hops) < tt.min || len(c.Hops) > tt.max:
					t.Fatalf("%d hops, want %d to %d: %+v", len(c.Hops), tt.min, tt.max, c.Hops)
				}
			}
			if waiting != unknown {
				t.Errorf("%d chains wait for facts, want only the %d without a person", waiting, unknown)
			}
			if mean := bytes / events; mean < 1350 || mean > 1550 {
				t.Errorf("events have %d bytes on average, want about 1450", mean)
			}
			if share := float64(unknown) / events; share < 0.03 || share > 0.07 {
				t.Errorf("%.3f of the events are not attributed, want about 0.05", share)
			}
		})
	}
}
