package main

import (
	"bufio"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// print writes the report for people: a table, then the rules that alert one by one.
func (r *backtestReport) print(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s to %s: %s, %s, %s (%.2f per 100,000 events; %d would tell somebody), %d ns of CPU an event\n\n",
		r.From.UTC().Format(time.DateTime), r.To.UTC().Format(time.DateTime), count(r.Events, "event"), count(r.Rules, "rule"),
		count(r.Alerts, "alert"), r.Per100k, r.Told, r.CPUNanosec)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tSEVERITY\tALERTS\tTOLD\tA DAY\tDAYS\tNS")
	quiet := 0
	for i := range r.of {
		o := &r.of[i]
		if o.Alerts == 0 && o.Failures == 0 && r.Rules > maxQuiet {
			quiet++
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%.2f\t%s\t%d\n", o.Rule, o.Severity, o.Alerts, o.Told, o.PerDay, bars(r.From, r.To, o.Days), o.CPU)
	}
	_ = t.Flush() // its error comes again from out
	if quiet > 0 {
		fmt.Fprintf(out, "%s raised nothing\n", count(quiet, "more rule"))
	}
	for i := range r.of {
		r.of[i].print(out)
	}
	return out.Flush()
}

// maxQuiet is up to how many rules there may be for those that raise nothing to be
// listed too.
const maxQuiet = 20

func (o *ruleReport) print(w io.Writer) {
	if o.Alerts == 0 && o.Failures == 0 && (o.Closed == nil || *o.Closed == 0) {
		return
	}
	fmt.Fprintf(w, "\n%s: %s\n", o.Rule, o.Title)
	if o.Failures > 0 {
		fmt.Fprintf(w, "  could not be evaluated %s; the first time: %s\n", count(int(o.Failures), "time"), o.Error) //nolint:gosec // a count of chains in memory
	}
	fmt.Fprintf(w, "  %d open now", o.Alerts)
	if o.Closed != nil {
		fmt.Fprintf(w, ", %d more closed by later facts", *o.Closed)
	}
	if o.Told != o.Alerts {
		fmt.Fprintf(w, "; %d would have told somebody, the others come soon after one of their group or are inhibited", o.Told)
	}
	fmt.Fprintln(w)
	if o.Installed != nil {
		fmt.Fprintf(w, "  as it is installed, it has raised %d: %d open now, %d closed by later facts\n",
			o.Installed.Open+o.Installed.Closed, o.Installed.Open, o.Installed.Closed)
	}
	printTops(w, "group", o.Groups)
	printTops(w, "principal", o.Principals)
	for _, c := range o.Chains {
		fmt.Fprintf(w, "  %-10s %s  %s\n", "chain", c.ID, c.Line)
	}
}

func printTops(w io.Writer, what string, tops []top) {
	for _, t := range tops {
		fmt.Fprintf(w, "  %-10s %6d  %s\n", what, t.Alerts, printable(t.Name))
	}
}

// bars is a row of marks, one for each day or, of a long time, for some days each: how
// high one is tells how many alerts there were then, beside the busiest.
func bars(from, to time.Time, days map[string]int) string {
	const marks, widest = ".:-=+*#", 45
	day := 24 * time.Hour
	first := from.UTC().Truncate(day)
	n := int(to.UTC().Add(-1).Truncate(day).Sub(first)/day) + 1
	each := (n + widest - 1) / widest
	sums := make([]int, (n+each-1)/each)
	most := 0
	for i := range n {
		sums[i/each] += days[first.Add(time.Duration(i)*day).Format(time.DateOnly)]
		most = max(most, sums[i/each])
	}
	row := make([]byte, len(sums))
	for i, sum := range sums {
		row[i] = '_'
		if sum > 0 {
			row[i] = marks[(sum*len(marks)-1)/most]
		}
	}
	return string(row)
}
