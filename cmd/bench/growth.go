package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Unless the flags say otherwise, growth is of shorter rounds and fewer than the
// end to end run: half an hour for all axes on two cores.
const (
	growthEvents = 250_000
	growthRounds = 3
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
		{"partitions", "partitions of the raw topic", []float64{1, 4, 16, 64}, func(o *options, v float64) { o.partitions = int(v) }},
		{"rules", "rules", []float64{1, 50, 500}, func(o *options, v float64) { o.rules = int(v) }},
		{"depth", "sessions between an event and its person", []float64{1, 2, 3, 4, 5}, func(o *options, v float64) { o.depth = int(v) }},
		{"unresolved", "share of events by keys that nobody minted", []float64{0.01, 0.1, 0.5}, func(o *options, v float64) { o.unknown, o.settle = v, true }},
		{"sessions", "live sessions", sessions, func(o *options, v float64) { o.sessions = int(v) }},
	}
}

// localities are those that an axis is measured with, the usual one first.
func (a *axis) localities(o options) []string {
	if a.name == "sessions" && !o.given["locality"] {
		return []string{bursts, uniform}
	}
	return []string{o.locality}
}

// growth measures every axis, and writes tables and plots as it goes: the work of
// half an hour must not be lost to its last minute.
func growth(ctx context.Context, o options, r *report) error {
	sessions, err := numbers(o.growthSessions)
	if err != nil {
		return fmt.Errorf("growth-sessions: %w", err)
	}
	if !o.given["events"] {
		o.events = growthEvents
	}
	if !o.given["rounds"] {
		o.rounds = growthRounds
	}
	if !o.given["learn"] {
		o.learn = fromFacts
	}
	o.brief, o.fullpath = true, ""
	for _, a := range axes(sessions) {
		if !wanted(o.axes, a.name) {
			continue
		}
		lines, err := a.grow(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		for _, l := range lines {
			r.growth(a, l)
		}
		if o.docs == "" {
			continue
		}
		if err := document(o, a, lines); err != nil {
			return err
		}
	}
	return nil
}

// grow measures an axis: a lab for each value, all on the same servers, and round by
// round each of them in its turn.
func (a *axis) grow(ctx context.Context, o options) ([]line, error) {
	var labs []*lab
	fail := func(err error) ([]line, error) {
		for _, l := range slices.Backward(labs) {
			err = l.fail(err)
		}
		return nil, err
	}
	for i, v := range a.values {
		o := o
		a.set(&o, v)
		var l *lab
		var err error
		if i == 0 {
			l, err = openLab(ctx, o)
		} else {
			l, err = labs[0].beside(ctx, o, strconv.Itoa(i))
		}
		if err != nil {
			return fail(err)
		}
		labs = append(labs, l)
	}
	var lines []line
	crowds := map[string][]*crowd{}
	for _, locality := range a.localities(o) {
		lines = append(lines, line{locality: locality, points: make([]point, len(labs))})
		for range labs {
			c, err := newCrowd(locality)
			if err != nil {
				return fail(err)
			}
			crowds[locality] = append(crowds[locality], c)
		}
	}
	// Round 0 grows columns and connections, and is not told.
	for round := range o.rounds + 1 {
		for k := range lines {
			for i, l := range labs {
				l.crowd = crowds[lines[k].locality][i]
				if round == 0 {
					l.events = o.events / 5
				}
				p, err := l.measured(ctx, nil)
				if err != nil {
					return fail(err)
				}
				if l.events = o.events; round == 0 {
					continue
				}
				o.say("%s %s, %s, round %d: %s", a.name, plain(a.values[i]), lines[k].locality, round, p.line(o.events))
				lines[k].points[i].passes = append(lines[k].points[i].passes, p)
			}
		}
	}
	for i, l := range labs {
		rss, err := l.whence.peakRSS()
		if err != nil {
			return fail(err)
		}
		for k := range lines {
			lines[k].points[i].sum(a.values[i], o.events, rss)
		}
	}
	var errs []error
	for _, l := range slices.Backward(labs) {
		errs = append(errs, l.close())
	}
	return lines, errors.Join(errs...)
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
