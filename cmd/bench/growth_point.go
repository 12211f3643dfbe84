package main

import (
	"math"
	"slices"
	"strings"
	"time"
)

// A line is what an axis came to, with one way for events to pick their session.
type line struct {
	locality string
	points   []point
}

// A point is what one value of an axis came to: medians of the rounds.
type point struct {
	passes     []passage
	value      float64
	cpu        float64 // us an event
	ratio      float64 // to the floors of the same rounds
	reused     float64 // share of events whose walk was found finished
	rows       float64 // an event
	insertRows float64 // an insert
	rss        float64 // MiB
}

// sum fills p in from its passes, of n events each.
func (p *point) sum(value float64, n int, rss int64) {
	per := func(of func(passage) float64) float64 {
		values := make([]float64, len(p.passes))
		for i := range p.passes {
			values[i] = of(p.passes[i])
		}
		slices.Sort(values)
		return median(values)
	}
	events := float64(n)
	p.value, p.rss = value, float64(rss)/(1<<20)
	p.cpu = per(func(p passage) float64 { return float64(p.cpu.Nanoseconds()) / 1e3 / events })
	p.ratio = per(func(p passage) float64 { return ratio(p.cpu/time.Duration(n), p.floors.sum()) })
	p.reused = per(func(p passage) float64 { return p.heap.reused / events })
	p.rows = per(func(p passage) float64 { return float64(p.rows) / events })
	p.insertRows = per(func(p passage) float64 { return p.perInsert })
}

// doubling is by how much CPU grew, as a share, for each time that the value doubled
// since the point before.
func (p *point) doubling(before *point) float64 {
	doublings := math.Log2(p.value / before.value)
	return math.Pow(p.cpu/before.cpu, 1/doublings) - 1
}

// growth adds the points of a line.
func (r *report) growth(a axis, l line) {
	for i, p := range l.points {
		name := "growth." + a.name + "." + l.locality + "." + strings.ReplaceAll(plain(p.value), ".", "_")
		r.add(name+".cpu_us_per_event", p.cpu, "%s: %s, %s", a.title, plain(p.value), l.locality)
		if i > 0 {
			r.add(name+".doubling", p.doubling(&l.points[i-1]), "by how much that grew for each doubling since the value before")
		}
		r.add(name+".floor_ratio", p.ratio, "")
		r.add(name+".reused_share", p.reused, "")
		r.add(name+".rows_per_event", p.rows, "")
		r.add(name+".rss_mib", p.rss, "")
		if a.name == "sessions" {
			r.add("rss_mib."+plain(p.value), p.rss, "most memory whence has had, %s live sessions", plain(p.value))
		}
	}
}
