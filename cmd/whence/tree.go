package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"whence/correlate"
)

// tree draws a chain for a person: who executed the action, through whom, and who
// asked, each with the proof and the log line that tells of it; then approvals,
// what is missing, and whom the walk did not settle on. With color it is for a
// terminal: colors, and lines that join. Errors of w are not reported.
func tree(w io.Writer, c correlate.Chain, color bool) {
	d := &drawing{pen: paper}
	if color {
		d.pen = terminal
	}
	d.head(&c)
	spine := d.spine(&c)
	for i, n := range spine {
		d.node(n, i == len(spine)-1)
	}
	d.aside(&c)
	_, _ = w.Write(d.out.Bytes())
}

// A pen is how lines and colors are written.
type pen struct {
	stem, branch, last                         string
	bold, dim, good, fair, poor, missing, none string
}

var (
	paper    = pen{stem: "|  ", branch: "|- ", last: "`- "}
	terminal = pen{
		stem: "\u2502  ", branch: "\u251c\u2500 ", last: "\u2514\u2500 ",
		bold: "\x1b[1m", dim: "\x1b[2m", good: "\x1b[32m", fair: "\x1b[33m", poor: "\x1b[31m", missing: "\x1b[1;31m", none: "\x1b[0m",
	}
)

func (p pen) status(s correlate.Status) string {
	switch s {
	case correlate.Attributed, correlate.Automated:
		return p.good
	case correlate.Ambiguous, correlate.Partial:
		return p.fair
	}
	return p.poor
}

// node is one step of the tree.
type node struct {
	label, title, color string
	details             []string
}

type drawing struct {
	pen pen
	out bytes.Buffer
}

const labelWidth = 11

func (d *drawing) head(c *correlate.Chain) {
	outcome := d.pen.good
	if c.Outcome != correlate.Success {
		outcome = d.pen.poor
	}
	fmt.Fprintf(&d.out, "%s  %s  %s\n", d.in(d.pen.bold, c.Action), d.in(outcome, joined(" ", string(c.Outcome), c.Error)), moment(c.Time))
	for _, r := range c.Resources {
		d.detail(d.pen.stem, "on "+joined(" ", r.Type, r.ID))
	}
	d.detail(d.pen.stem, joined(", ", labeled("from", c.Context.IP), labeled("account", c.Context.Account), labeled("region", c.Context.Region),
		labeled("session", c.Context.Session), labeled("trace", c.Context.Trace), labeled("ticket", c.Context.Ticket), labeled("app", c.Context.App)))
	d.detail(d.pen.stem, usage(c.Usage))
	d.detail(d.pen.stem, fmt.Sprintf("told by %s %s%s", c.Source, c.EventID, place(c.Evidence)))
	fmt.Fprintf(&d.out, "%s\n", strings.TrimRight(d.pen.stem, " "))
}

// spine is the chain, executor first, and what is missing at its end.
func (d *drawing) spine(c *correlate.Chain) []node {
	var nodes []node
	for i, h := range c.Hops {
		n := node{label: "through", title: who(h.Principal), color: d.pen.bold}
		last := i == len(c.Hops)-1 && !c.Requestor.IsZero()
		switch {
		case i == 0 && last:
			n.label, n.title, n.color = "requestor", who(c.Requestor), d.pen.good
			n.details = append(n.details, "asked for it and executed it")
		case i == 0:
			n.label = "executor"
		case last:
			n.label, n.title, n.color = "requestor", who(c.Requestor), d.pen.good
		}
		if last && h.Principal.ID != c.Requestor.ID {
			n.details = append(n.details, "listed in the directory for "+who(h.Principal))
		}
		n.details = append(n.details, h.Key.String(), evidence(h.Proof, h.Method, h.Source, h.EventID, h.Time))
		if h.State != "" {
			n.details = append(n.details, "it should not have worked any more, or not yet: "+h.State)
		}
		nodes = append(nodes, n)
	}
	if c.Requestor.IsZero() {
		nodes = append(nodes, d.unknown(c))
	}
	return nodes
}

// unknown is the end of a chain nobody is known to have asked for.
func (d *drawing) unknown(c *correlate.Chain) node {
	why, fix, _ := strings.Cut(c.Reason, "; ")
	if c.Status == correlate.Ambiguous {
		fix = cmp.Or(fix, "let the logs carry an id that the candidates do not share, such as a run id or a source identity")
	}
	return node{
		label: "missing", title: cmp.Or(c.Missing.String(), "who asked"), color: d.pen.missing,
		details: []string{why, labeled("to fix it:", fix)},
	}
}

// aside is what stands beside the walk.
func (d *drawing) aside(c *correlate.Chain) {
	for _, a := range c.Approvers {
		d.entry("approved", who(a.Principal), joined(", ", a.Via, moment(a.Time), labeled("event", a.EventID)))
	}
	for _, x := range c.Candidates {
		title := who(x.Principal)
		if x.Principal.IsZero() {
			title = x.Key.String()
		}
		if x.Principal.IsZero() || x.Key.IsZero() || x.Key == x.Principal.Key() {
			d.entry("not chosen", title, x.Why, evidence(x.Proof, x.Method, "", x.EventID, time.Time{}))
			continue
		}
		d.entry("not chosen", title, x.Why, x.Key.String(), evidence(x.Proof, x.Method, "", x.EventID, time.Time{}))
	}
	state := "may still improve"
	if c.Settled {
		state = "settled"
	}
	fmt.Fprintf(&d.out, "%s\n", joined(", ", d.in(d.pen.status(c.Status), string(c.Status)), labeled("proof", c.Proof.String()), state,
		fmt.Sprintf("rank %d", c.Rank)))
	fmt.Fprintf(&d.out, "%s\n", d.in(d.pen.dim, fmt.Sprintf("chain %s, version %d", c.ID, c.Version)))
}

func (d *drawing) node(n node, last bool) {
	lead, rest := d.pen.branch, d.pen.stem
	if last {
		lead, rest = d.pen.last, "   "
	}
	fmt.Fprintf(&d.out, "%s%s%s\n", lead, d.in(d.pen.dim, fmt.Sprintf("%-*s", labelWidth, n.label)), d.in(n.color, n.title))
	for _, text := range n.details {
		d.detail(rest+strings.Repeat(" ", labelWidth), text)
	}
}

// entry is something beside the spine.
func (d *drawing) entry(label, title string, details ...string) {
	fmt.Fprintf(&d.out, "%s%s\n", d.in(d.pen.dim, fmt.Sprintf("%-*s", labelWidth+3, label)), printable(title))
	for _, text := range details {
		d.detail(strings.Repeat(" ", labelWidth+3), text)
	}
}

// detail writes a line that is not empty.
func (d *drawing) detail(lead, text string) {
	if text != "" {
		fmt.Fprintf(&d.out, "%s%s\n", lead, d.in(d.pen.dim, text))
	}
}

// in writes text in a color. What logs say must not reach a terminal as it is.
func (d *drawing) in(color, text string) string {
	if color == "" {
		return printable(text)
	}
	return color + printable(text) + d.pen.none
}

// printable takes out of a text what a terminal would act on: escapes, and marks
// that turn the direction of writing.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
