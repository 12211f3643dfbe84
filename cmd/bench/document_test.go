package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/sources"
)

func TestReplaceBetween(t *testing.T) {
	const marked = "# P\n\n<!-- x -->\nold\n<!-- /x -->\nby hand\n"
	for _, tt := range []struct{ name, page, want string }{
		{"new", "# P\n", "# P\n\n<!-- x -->\nnew\n<!-- /x -->\n"},
		{"again", marked, "# P\n\n<!-- x -->\nnew\n<!-- /x -->\nby hand\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, replaceBetween(tt.page, "x", "new\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlot(t *testing.T) {
	for name, lines := range map[string][]line{
		"none": nil, "empty": {{}}, "zero": {{points: []point{{value: 1}}}},
		"one": {{points: []point{{value: 1, cpu: 3}}}},
		"two": {{locality: "<&>", points: []point{{value: 10, cpu: 12.3}, {value: 100, cpu: 0}}}, {points: []point{{value: 10, cpu: 12.3}, {value: 100, cpu: 31}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := plotOf(axis{title: "<&>"}, lines)
			if bytes.Contains(got, []byte("NaN")) || bytes.Contains(got, []byte("Inf")) {
				t.Errorf("it has points that are nowhere:\n%s", got)
			}
			for dec := xml.NewDecoder(bytes.NewReader(got)); ; {
				if _, err := dec.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestDoubling(t *testing.T) {
	before, after := point{value: 100, cpu: 10}, point{value: 400, cpu: 12.1}
	if got := after.doubling(&before); got < 0.0999 || got > 0.1001 {
		t.Errorf("twice doubled, by a tenth each time: got %g", got)
	}
}

func TestGrouped(t *testing.T) {
	for v, want := range map[float64]string{1: "1", 500: "500", 1000: "1,000", 1e7: "10,000,000", 0.05: "0.05"} {
		if got := grouped(v); got != want {
			t.Errorf("%g: got %s, want %s", v, got, want)
		}
	}
}

// Other programs read the copy for them: what it promises is there after a run.
func TestReportNames(t *testing.T) {
	r := newReport()
	r.endToEnd(options{events: 10, rounds: 1}, []passage{{cpu: 1000, wall: 1000, floors: floors{scan: 1, hash: 2, consume: 3, insert: 4, fullpath: 20, given: 25, flat: 5}}})
	decode := map[string][]cost{}
	for _, s := range sources.All() {
		decode["decode."+s.Name], decode["scan."+s.Name], decode["scan_and_hash."+s.Name] = []cost{{ns: 30}}, []cost{{ns: 10}}, []cost{{ns: 20}}
		decode["scan_and_id."+s.Name], decode["scan_and_sum."+s.Name] = []cost{{ns: 16}}, []cost{{ns: 20}}
	}
	r.decodeRatios(decode)
	want := map[string]float64{
		"end_to_end.cpu_us_per_event": 0.1, "end_to_end.floor_ratio": 100. / 8,
		"end_to_end.contract_floor_us": 0.01, "end_to_end.contract_floor_ratio": 10,
		"end_to_end.fullpath_ratio": 5, "end_to_end.fullpath_given_ratio": 4, "end_to_end.fullpath_contract_ratio": 100. / 21,
	}
	for _, s := range sources.All() {
		want["decode."+s.Name+".floor_ratio"], want["decode."+s.Name+".id_floor_ratio"] = 2, 1.25
	}
	for name, v := range want {
		if got, ok := r.values[name]; !ok || got != v {
			t.Errorf("%s: got %g, want %g", name, got, v)
		}
	}
}

func TestReportPlaces(t *testing.T) {
	tree := map[string]any{}
	place(tree, "end_to_end.cpu_us_per_event", 1)
	place(tree, "decode.aws.cloudtrail.floor_ratio", 2)
	place(tree, "rss_mib.100000", 3)
	want := map[string]any{
		"end_to_end": map[string]any{"cpu_us_per_event": 1.0},
		"decode":     map[string]any{"aws.cloudtrail": map[string]any{"floor_ratio": 2.0}},
		"rss_mib":    map[string]any{"100000": 3.0},
	}
	if diff := cmp.Diff(want, tree); diff != "" {
		t.Error(diff)
	}
}
