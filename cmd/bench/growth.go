package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An axis is one thing that grows while all else stays as the flags say.
type axis struct {
	name   string // as in the report and the file names
	title  string
	values []float64
	set    func(o *options, v float64)
}

// axes are those of -growth.
func axes(sessions []float64) []axis {
	return []axis{
		{"sessions", "live sessions", sessions, func(o *options, v float64) { o.sessions = int(v) }},
		{"partitions", "partitions of the raw topic", []float64{1, 4, 16, 64}, func(o *options, v float64) { o.partitions = int(v) }},
		{"rules", "rules", []float64{1, 15, 50, 150, 500}, func(o *options, v float64) { o.rules = int(v) }},
		{"depth", "sessions between an event and its person", []float64{1, 2, 3, 4, 5}, func(o *options, v float64) { o.depth = int(v) }},
		{"unresolved", "share of events by keys that nobody minted", []float64{0.01, 0.05, 0.1, 0.5}, func(o *options, v float64) { o.unknown = v }},
	}
}

// A point is what one value of an axis came to: medians of the rounds.
type point struct {
	value      float64
	cpu        float64 // us an event
	ratio      float64 // to the floors of the same rounds
	rows       float64 // an event
	insertRows float64 // an insert
	rss        float64 // MiB
	second     float64 // events a second
}

// growth measures every axis, each value in a lab of its own, and writes tables
// and plots as it goes: hours of work must not be lost to its last minute.
func growth(ctx context.Context, o options, r *report) error {
	sessions, err := numbers(o.growthSessions)
	if err != nil {
		return fmt.Errorf("growth-sessions: %w", err)
	}
	for _, a := range axes(sessions) {
		if !wanted(o.axes, a.name) {
			continue
		}
		var points []point
		for _, v := range a.values {
			p, err := grow(ctx, o, a, v)
			if err != nil {
				return fmt.Errorf("%s %s: %w", a.name, plain(v), err)
			}
			o.say("%s %s: %.2f us, %.2f times the floors, %.0f MiB", a.name, plain(v), p.cpu, p.ratio, p.rss)
			points = append(points, p)
			name := "growth." + a.name + "." + strings.ReplaceAll(plain(v), ".", "_")
			r.add(name+".cpu_us_per_event", p.cpu, "%s: %s", a.title, plain(v))
			r.add(name+".floor_ratio", p.ratio, "")
			r.add(name+".rows_per_event", p.rows, "")
			r.add(name+".rss_mib", p.rss, "")
		}
		if o.docs == "" {
			continue
		}
		if err := document(o, a, points); err != nil {
			return err
		}
	}
	return nil
}

// grow measures one value.
func grow(ctx context.Context, o options, a axis, v float64) (p point, err error) {
	a.set(&o, v)
	l, err := openLab(ctx, o)
	if err != nil {
		return p, err
	}
	var passes []passage
	for range o.rounds {
		one, err := l.pass(ctx, o.events)
		if err == nil {
			one.floors, err = l.floors(ctx, o.events)
		}
		if err != nil {
			return p, l.fail(err)
		}
		passes = append(passes, one)
	}
	rss, err := l.whence.peakRSS()
	if err != nil {
		return p, l.fail(err)
	}
	n := float64(o.events)
	per := func(of func(passage) float64) float64 {
		values := make([]float64, len(passes))
		for i := range passes {
			values[i] = of(passes[i])
		}
		slices.Sort(values)
		return median(values)
	}
	p = point{
		value:      v,
		cpu:        per(func(p passage) float64 { return float64(p.cpu.Nanoseconds()) / 1e3 / n }),
		ratio:      per(func(p passage) float64 { return ratio(p.cpu/time.Duration(o.events), p.floors.sum()) }),
		rows:       per(func(p passage) float64 { return float64(p.rows) / n }),
		insertRows: per(func(p passage) float64 { return p.perInsert }),
		second:     per(func(p passage) float64 { return n / p.wall.Seconds() }),
		rss:        float64(rss) / (1 << 20),
	}
	return p, l.close()
}

// numbers reads a list such as 10000,1e6.
func numbers(text string) ([]float64, error) {
	var out []float64
	for part := range strings.SplitSeq(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// plain is v as people write it: 10000000, 0.05.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// wanted reports whether a list of names, empty for all, has name.
func wanted(list, name string) bool {
	return list == "" || strings.Contains(","+list+",", ","+name+",")
}
