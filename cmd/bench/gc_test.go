package main

import (
	"bytes"
	"testing"

	"github.com/google/pprof/profile"
)

func TestCollected(t *testing.T) {
	place := func(id uint64, name string) *profile.Location {
		return &profile.Location{ID: id, Line: []profile.Line{{Function: &profile.Function{ID: id, Name: name}}}}
	}
	step, mark, drain, alloc := place(1, "whence/pipeline.(*lane).step"), place(2, "runtime.gcBgMarkWorker"), place(3, "runtime.gcDrain"), place(4, "runtime.gcAssistAlloc")
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		Sample: []*profile.Sample{
			{Location: []*profile.Location{step}, Value: []int64{9, 90}},
			{Location: []*profile.Location{drain, mark}, Value: []int64{1, 6}},
			{Location: []*profile.Location{alloc, step}, Value: []int64{1, 4}},
		},
	}
	for _, s := range p.Sample {
		for _, l := range s.Location {
			if l.Line[0].Function.Filename == "" {
				l.Line[0].Function.Filename = "x.go"
				p.Location, p.Function = append(p.Location, l), append(p.Function, l.Line[0].Function)
			}
		}
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	if got, err := collected(b.Bytes()); err != nil || got != 0.1 {
		t.Errorf("got %v, %v; want 0.1", got, err)
	}
	if _, err := collected([]byte("no profile")); err == nil {
		t.Error("what is no profile is read")
	}
}
