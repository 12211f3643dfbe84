package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// docsHead begins a page that is not there yet.
const docsHead = `# Performance

What is between the markers is written by ` + "`go run ./cmd/bench -docs docs/performance.md`" + ` and
` + "`make bench-growth`" + `; all else is written by hand.
`

// document puts an axis's table and plot into the page, between its markers, or at
// the end when it has none.
func document(o options, a axis, lines []line) error {
	dir := strings.TrimSuffix(o.docs, filepath.Ext(o.docs))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	plot := filepath.Join(dir, "growth-"+a.name+".svg")
	if err := os.WriteFile(plot, plotOf(a, lines), 0o644); err != nil {
		return err
	}
	return rewrite(o.docs, "bench:growth:"+a.name, section(o, a, lines))
}

// page puts what was measured end to end and by stages between its markers.
func (r *report) page(o options) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d rounds of %d events, %d cores; %d live sessions, %s; %d partitions, %d rules, %g %% unresolved, inserts %s. Medians.\n",
		o.rounds, o.events, runtime.NumCPU(), o.sessions, o.locality, o.partitions, o.rules, o.unknown*100, o.compress)
	if len(r.stages) > 0 {
		b.WriteString("\n| stage | CPU, ns an event | allocations | bytes | |\n|---|---:|---:|---:|---|\n")
		for _, s := range r.stages {
			fmt.Fprintf(&b, "| %s | %.0f | %.3f | %.0f | %s |\n", s, r.values[s+".cpu_ns"], r.values[s+".allocs"], r.values[s+".bytes"], r.notes[s+".cpu_ns"])
		}
	}
	b.WriteString("\n| | | |\n|---|---:|---|\n")
	for n := range r.others {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", n, number(r.values[n]), r.notes[n])
	}
	b.WriteString("\n")
	return rewrite(o.docs, "bench:results", b.String())
}

// rewrite puts text between the markers of that name in a page.
func rewrite(path, name, text string) error {
	page, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		page, err = []byte(docsHead), nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(replaceBetween(string(page), name, text)), 0o644)
}

// section is the Markdown of an axis.
func section(o options, a axis, lines []line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n![CPU per event against %s](performance/growth-%s.svg)\n\n", a.title, a.name)
	fmt.Fprintf(&b, "| %s | sessions act | CPU, us an event | per doubling | over the floors | found finished | rows an event | rows an insert | peak RSS, MiB |\n|---:|---|---:|---:|---:|---:|---:|---:|---:|\n", a.title)
	for _, l := range lines {
		for i, p := range l.points {
			doubling := ""
			if i > 0 {
				doubling = fmt.Sprintf("%+.1f %%", 100*p.doubling(&l.points[i-1]))
			}
			fmt.Fprintf(&b, "| %s | %s | %.2f | %s | %.2f | %.0f %% | %.3f | %.0f | %.0f |\n",
				grouped(p.value), l.locality, p.cpu, doubling, p.ratio, 100*p.reused, p.rows, p.insertRows, p.rss)
		}
	}
	fmt.Fprintf(&b, "\nMedians of %d rounds of %d events on %d cores; all else: %d sessions, %d partitions, %d rules, %g %% unresolved, inserts %s.\n\n",
		o.rounds, o.events, runtime.NumCPU(), o.sessions, o.partitions, o.rules, o.unknown*100, o.compress)
	return b.String()
}

// replaceBetween puts text between the markers of that name.
func replaceBetween(page, name, text string) string {
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	i := strings.Index(page, begin)
	if i >= 0 {
		if n := strings.Index(page[i:], end); n >= 0 {
			return page[:i] + begin + text + page[i+n:]
		}
	}
	return strings.TrimRight(page, "\n") + "\n\n" + begin + text + end + "\n"
}
