package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"whence/correlate"
	"whence/sources/simulate"
)

// truths are what whence simulate says of its lines, with what rules made of them.
type truths struct {
	lines     map[lineID]*simulate.Truth
	chains    map[correlate.ID]*simulate.Truth // of incidents alone
	incidents map[string]*incident
	stray     map[string]*tops // alerts that are about no incident: flows by rule
}

// lineID is a line by the id that its log gave it.
type lineID struct{ source, event string }

// incident is something that was made to happen, and the rules that are to find it.
type incident struct {
	rules  []string
	raised map[string]int // alerts by rule
}

// readTruths reads truth.ndjson as whence simulate writes it.
func readTruths(path string) (*truths, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, wrong(err)
	}
	defer f.Close() // only read
	t := &truths{lines: map[lineID]*simulate.Truth{}, chains: map[correlate.ID]*simulate.Truth{}, incidents: map[string]*incident{}, stray: map[string]*tops{}}
	dec := json.NewDecoder(bufio.NewReader(f))
	for n := 1; ; n++ {
		var one simulate.Truth
		err := dec.Decode(&one)
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, wrong(fmt.Errorf("line %d of %s: %w; want what whence simulate writes", n, path, err))
		}
		t.lines[lineID{one.Source, one.EventID}] = &one
		if one.Incident != "" && t.incidents[one.Incident] == nil {
			t.incidents[one.Incident] = &incident{one.Rules, map[string]int{}}
		}
	}
}

// chain takes note of whose chain it is.
func (t *truths) chain(c *correlate.Chain) {
	if one := t.lines[lineID{c.Source, c.EventID}]; one != nil && one.Incident != "" {
		t.chains[c.ID] = one
	}
}

// alert counts an alert for its incident, or else, by its first chain, as one about none.
// c is nil for one over time.
func (t *truths) alert(a *correlate.Alert, c *correlate.Chain) {
	for _, id := range append([]correlate.ID{a.ChainID}, a.Over.Chains...) {
		if one := t.chains[id]; one != nil {
			t.incidents[one.Incident].raised[a.Rule]++
			return
		}
	}
	flow := "over time"
	if c != nil {
		flow = "unknown"
		if one := t.lines[lineID{c.Source, c.EventID}]; one != nil {
			flow = one.Flow
		}
	}
	if t.stray[a.Rule] == nil {
		t.stray[a.Rule] = &tops{}
	}
	t.stray[a.Rule].add(flow)
}

// print writes a table of incidents, and the alerts about none.
func (t *truths) print(w io.Writer, events int) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "\nINCIDENT\tRULE\tFOUND\tALERTS")
	for _, name := range slices.Sorted(maps.Keys(t.incidents)) {
		in := t.incidents[name]
		for _, rule := range in.rules {
			found := "yes"
			if in.raised[rule] == 0 {
				found = "NO"
			}
			fmt.Fprintf(out, "%s\t%s\t%s\t%d\n", name, rule, found, in.raised[rule])
		}
		for _, rule := range slices.Sorted(maps.Keys(in.raised)) {
			if !slices.Contains(in.rules, rule) {
				fmt.Fprintf(out, "%s\t%s\ttoo\t%d\n", name, rule, in.raised[rule])
			}
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(t.stray)) {
		for _, f := range t.stray[rule].first() {
			fmt.Fprintf(out, "(none)\t%s\tin %s\t%d\n", rule, f.Name, f.Alerts)
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s, %d missed; %s about none (%.2f per 100,000 events)\n",
		count(len(t.incidents), "incident"), len(t.missed()), count(t.strays(), "alert"), t.rate(events))
	return err
}

// missed are the incidents that a rule should have found and has not.
func (t *truths) missed() []string {
	var out []string
	for name, in := range t.incidents {
		if slices.ContainsFunc(in.rules, func(rule string) bool { return in.raised[rule] == 0 }) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (t *truths) strays() int {
	n := 0
	for _, of := range t.stray {
		for _, alerts := range of.n {
			n += alerts
		}
		n += of.others
	}
	return n
}

func (t *truths) rate(events int) float64 {
	return float64(t.strays()) * 100_000 / float64(max(events, 1))
}

// mostStray is how many alerts about nothing there may be for 100,000 events.
const mostStray = 1

// verdict is an error if an incident was missed or there are too many alerts about none.
func (t *truths) verdict(events int) error {
	var err error
	if missed := t.missed(); len(missed) > 0 {
		err = fmt.Errorf("%s missed: %s", count(len(missed), "incident"), strings.Join(missed, ", "))
	}
	if rate := t.rate(events); rate >= mostStray {
		err = errors.Join(err, fmt.Errorf("%.2f alerts per 100,000 events are about no incident; want fewer than %d", rate, mostStray))
	}
	return err
}
