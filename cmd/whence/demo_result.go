package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"whence/correlate"
	"whence/pipeline"
	"whence/sources/simulate"
)

// demoResult is what a demo found, and how it did.
type demoResult struct {
	score    simulate.Score
	repaired pipeline.Repaired
	settle   []float64 // seconds from the last line sent, for each chain
	seconds  float64
	samples  [3]*correlate.Chain
	siem     map[string]int64 // OCSF documents by topic
}

// demoJSON is what `whence demo --json` prints.
type demoJSON struct {
	Actions      int     `json:"actions"`
	Attributed   int     `json:"attributed"`
	Automated    int     `json:"automated"`
	Ambiguous    int     `json:"ambiguous"`
	Partial      int     `json:"partial"`
	Unattributed int     `json:"unattributed"`
	Wrong        int     `json:"wrong"`
	Missed       int     `json:"missed"`
	SettleP99    float64 `json:"settle_p99_s"`
	OCSF         int64   `json:"ocsf_documents"`
}

func (r *demoResult) json() demoJSON {
	s := r.score
	return demoJSON{
		Actions: s.Actions, Attributed: s.Attributed, Automated: s.Automated, Ambiguous: s.Ambiguous, Partial: s.Partial,
		Unattributed: s.Unattributed, Wrong: s.Wrong, Missed: s.Missed, SettleP99: math.Round(r.p99()*10) / 10,
		OCSF: r.siem[demoSIEM[0].Topic] + r.siem[demoSIEM[1].Topic],
	}
}

func (r *demoResult) p99() float64 {
	if len(r.settle) == 0 {
		return 0
	}
	slices.Sort(r.settle)
	return r.settle[min(len(r.settle)-1, len(r.settle)*99/100)]
}

// verdict is an error if the demo found anything that is not true, or missed what
// could be known.
func (r *demoResult) verdict() error {
	if r.score.Wrong > 0 || r.score.Unfounded > 0 || r.score.Missed > 0 || r.score.Absent > 0 {
		for _, e := range r.score.Examples {
			return fmt.Errorf("the demo is not as it should be: %d wrong, %d unfounded, %d missed, %d absent; such as %s %s of %s (%s): the truth is %s %s, the answer %s %s",
				r.score.Wrong, r.score.Unfounded, r.score.Missed, r.score.Absent,
				e.What, e.Truth.EventID, e.Truth.Source, e.Truth.Flow, e.Truth.Status, e.Truth.RequestorID, e.Answer.Status, e.Answer.RequestorID)
		}
	}
	return nil
}

// consider keeps the chains that show best what whence does: a long one to a
// person, one to an owned service or schedule, and one that names what is missing.
func (r *demoResult) consider(c correlate.Chain) {
	slot := -1
	switch c.Status {
	case correlate.Attributed:
		slot = 0
	case correlate.Automated:
		slot = 1
	case correlate.Partial, correlate.Ambiguous, correlate.Unattributed:
		slot = 2
	}
	if c.Class == correlate.Auth || !c.Primary || slot < 0 {
		return
	}
	if old := r.samples[slot]; old == nil || showier(&c, old) > 0 {
		r.samples[slot] = &c
	}
}

// showier orders chains by how much they show: hops, kinds of logs, approvals.
func showier(a, b *correlate.Chain) int {
	logs := func(c *correlate.Chain) int {
		seen := map[string]bool{c.Source: true}
		for _, h := range c.Hops {
			seen[h.Source] = true
		}
		return len(seen)
	}
	return cmp.Or(
		cmp.Compare(logs(a), logs(b)), cmp.Compare(len(a.Hops), len(b.Hops)), cmp.Compare(min(len(a.Approvers), 1), min(len(b.Approvers), 1)),
		cmp.Compare(min(len(a.Candidates), 2), min(len(b.Candidates), 2)), cmp.Compare(b.ID.String(), a.ID.String()))
}

func (r *demoResult) print(w io.Writer, color bool) {
	s := r.score
	row := func(name string, n int, note string) { fmt.Fprintf(w, "  %-13s %7d  %s\n", name, n, note) }
	fmt.Fprintf(w, "\nScored against the truth, after %.0f s in all:\n\n", r.seconds)
	row("actions", s.Actions, "log lines with somebody behind them")
	row("attributed", s.Attributed, "the walk ends at a person")
	row("automated", s.Automated, "it ends at a service or schedule with an accountable owner")
	row("ambiguous", s.Ambiguous, "several candidates remain, all listed")
	row("partial", s.Partial, "something above the credential is known, the root is not")
	row("unattributed", s.Unattributed, "nothing above the credential is known")
	row("wrong", s.Wrong, "a stated requestor that is not the true one")
	row("missed", s.Missed, "knowable from the logs, and not found")
	fmt.Fprintf(w, "  %-13s %6.1fs  from the last line in Kafka until 99 of 100 chains were settled\n", "settle p99", r.p99())
	fmt.Fprintf(w, "  %-13s %7d  chains improved by facts that came late\n", "repaired", r.repaired.Improved)
	fmt.Fprintf(w, "  %-13s %7d  documents for a SIEM, and %d of alerts: on the topics %s and %s\n",
		"OCSF", r.siem[demoSIEM[0].Topic], r.siem[demoSIEM[1].Topic], demoSIEM[0].Topic, demoSIEM[1].Topic)
	for _, c := range r.samples {
		if c != nil {
			fmt.Fprintln(w)
			tree(w, *c, color)
		}
	}
}
