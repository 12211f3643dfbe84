package rules

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"whence/correlate"
)

// An Over makes a rule one over time. Its question then selects chains, and what is
// alerted is a window of event time in which those of one group, together, are above a
// limit. It is a value of the set of chains: their order, and when they became known,
// change nothing.
type Over struct {
	// Window is how long a window is; windows begin at whole multiples of it, in UTC.
	Window time.Duration
	// Distinct is a name of Env whose different values are counted, and Sum one whose
	// values are added; without either, chains are counted.
	Distinct string
	Sum      string
	// MoreThan is the limit, and Limits a list that has one for each group, as
	// "payments=500": groups that are not on it are not judged.
	MoreThan float64
	Limits   string
	// Times, if set, is how many times as much as usual it must be too: as the mean of
	// those windows of Past before it in which the group did anything. A group that
	// did nothing in Past has no usual, and is not judged.
	Times float64
	// First is a name of Env. Only values of it count that the group has not had in any
	// window of Past before this one. A group that did nothing in Past is new itself,
	// and is not judged unless NewGroups.
	First     string
	Past      time.Duration
	NewGroups bool
	// By is an expression: only chains that fulfil it bring values that count. A value
	// that the others have, before or within the window, is not new.
	By string `json:",omitempty"`

	distinct each
	sum      func(c *correlate.Chain) int64 // in billionths: sums of floats depend on their order
	limits   map[string]float64
	by       *bringing // of By; nil for all chains
}

// each yields the values of a name of Env, one or those of a list's elements.
type each func(c *correlate.Chain, yield func(string))

// overFile is the layout of over in a rule file.
type overFile struct {
	Window    string   `yaml:"window"`
	Distinct  string   `yaml:"distinct"`
	Sum       string   `yaml:"sum"`
	MoreThan  *float64 `yaml:"more_than"`
	Limits    string   `yaml:"limits"`
	Usual     *usual   `yaml:"usual"`
	FirstSeen *first   `yaml:"first_seen"`
}

type usual struct {
	Past  string  `yaml:"past"`
	Times float64 `yaml:"times"`
}

type first struct {
	Of        string `yaml:"of"`
	Past      string `yaml:"past"`
	NewGroups bool   `yaml:"new_groups"`
	By        string `yaml:"by"`
}

// mostWindows is how many windows the past of a rule may hold.
const mostWindows = 1000

// over reads what a rule asks over time, and every problem with it.
func (f *overFile) over(lists Lists) (*Over, error) {
	o := &Over{Distinct: f.Distinct, Sum: f.Sum, Limits: f.Limits}
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	span := func(name, text string) (d time.Duration) {
		d, err := parseSpan(text)
		if err != nil {
			refuse("%s: %w", name, err)
		}
		return d
	}
	o.Window = span("window", f.Window)
	if o.Window != 0 && (o.Window < time.Minute || o.Window > 35*24*time.Hour) {
		refuse("window: %q: want 1m to 35d", f.Window)
	}
	if f.Distinct != "" && f.Sum != "" || f.FirstSeen != nil && (f.Distinct != "" || f.Sum != "") {
		refuse("want one of distinct, sum and first_seen; without them chains are counted")
	}
	switch {
	case f.MoreThan != nil && *f.MoreThan >= 0:
		o.MoreThan = *f.MoreThan
	case f.MoreThan != nil:
		refuse("more_than: %v: want 0 or more", *f.MoreThan)
	case f.Limits == "" && f.FirstSeen == nil:
		refuse("more_than is missing: the limit that a window must be above")
	}
	if f.Limits != "" {
		if f.MoreThan != nil {
			refuse("want more_than or limits")
		}
		var err error
		if o.limits, err = limitsOf(lists, f.Limits); err != nil {
			problems = append(problems, err)
		}
	}
	if f.Usual != nil {
		if o.Past = span("usual.past", f.Usual.Past); f.Usual.Times <= 0 {
			refuse("usual.times: %v: want more than 0", f.Usual.Times)
		}
		o.Times = f.Usual.Times
		if f.FirstSeen != nil {
			refuse("want one of usual and first_seen")
		}
	}
	if f.FirstSeen != nil {
		o.First, o.NewGroups, o.By = f.FirstSeen.Of, f.FirstSeen.NewGroups, f.FirstSeen.By
		var err error
		if o.by, err = newBringing(o.By, lists); err != nil {
			refuse("first_seen.by: %w", err)
		}
		o.Past = span("first_seen.past", f.FirstSeen.Past)
	}
	if o.Window > 0 && o.Past > 0 && (o.Past%o.Window != 0 || o.Past/o.Window > mostWindows) {
		refuse("past: %v: want a whole number of windows, at most %d", o.Past, mostWindows)
	}
	if name := o.Distinct + o.First; name != "" {
		if o.distinct = eachOf(name); o.distinct == nil {
			refuse("%q is no name of a text; want such as context.ip or resources[].id", name)
		}
	}
	if o.Sum != "" {
		if o.sum = sumOf(o.Sum); o.sum == nil {
			refuse("sum: %q is no number; want usage.cost_usd, usage.input_tokens or usage.output_tokens", o.Sum)
		}
	}
	return o, errors.Join(problems...)
}

// eachOf reads a name of Env, of all elements where it is a list's.
func eachOf(name string) each {
	get := known.texts[name]
	if get == nil {
		return nil
	}
	list, _, ok := strings.Cut(name, "[]")
	if !ok {
		return func(c *correlate.Chain, yield func(string)) { yield(get(c, 0)) }
	}
	size := known.lists[list]
	return func(c *correlate.Chain, yield func(string)) {
		for i := range size(c) {
			yield(get(c, i))
		}
	}
}

const billion = 1e9

func sumOf(name string) func(c *correlate.Chain) int64 {
	if get := known.wholes[name]; get != nil {
		return func(c *correlate.Chain) int64 { return int64(get(c, 0)) * billion }
	}
	if get := known.reals[name]; get != nil {
		return func(c *correlate.Chain) int64 { return int64(math.Round(get(c, 0) * billion)) }
	}
	return nil
}

// limitsOf reads a list of limits: "payments=500" for each group.
func limitsOf(lists Lists, name string) (map[string]float64, error) {
	l, ok := lists[name]
	if !ok {
		return nil, fmt.Errorf("limits: there is no list %q", name)
	}
	out := map[string]float64{}
	if l == nil {
		return out, nil
	}
	for _, entry := range slices.Sorted(maps.Keys(l.values)) {
		i := strings.LastIndexByte(entry, '=')
		limit, err := strconv.ParseFloat(entry[i+1:], 64)
		if i < 1 || err != nil || limit < 0 || math.IsInf(limit, 0) || math.IsNaN(limit) {
			return nil, fmt.Errorf("limits: list %s: %q: want a group and a number, such as payments=500", name, entry)
		}
		out[entry[:i]] = limit
	}
	if len(l.patterns) > 0 {
		return nil, fmt.Errorf("limits: list %s: %q: a limit is for one group; leave the * out", name, l.patterns[0])
	}
	return out, nil
}

// uses are the lists it looks into.
func (o *Over) uses() (names []string) {
	if o.Limits != "" {
		names = append(names, o.Limits)
	}
	if o.by != nil {
		names = append(names, o.by.uses...)
	}
	return names
}

// limit is that of a group; false if it has none.
func (o *Over) limit(group []string) (float64, bool) {
	if o.Limits == "" {
		return o.MoreThan, true
	}
	l, ok := o.limits[strings.Join(group, "/")]
	return l, ok
}

// measure says what is counted, for people.
func (o *Over) measure() string {
	switch {
	case o.First != "":
		return "new values of " + o.First
	case o.Distinct == distinctSignals:
		return "different rules that match"
	case o.Distinct != "":
		return "different values of " + o.Distinct
	case o.Sum != "":
		return "sum of " + o.Sum
	}
	return "chains"
}
