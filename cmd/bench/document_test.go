package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	for _, points := range [][]point{nil, {{value: 1, cpu: 3}}, {{value: 10, cpu: 12.3}, {value: 100, cpu: 0}}} {
		dec := xml.NewDecoder(bytes.NewReader(plotOf(axis{title: "<&>"}, points)))
		for {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%d points: %v", len(points), err)
			}
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
