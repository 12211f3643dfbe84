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

What is between the markers is written by ` + "`make bench-growth`" + `; all else is written by hand.
`

// document puts an axis's table and plot into the page, between its markers, or at
// the end when it has none.
func document(o options, a axis, points []point) error {
	dir := strings.TrimSuffix(o.docs, filepath.Ext(o.docs))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	plot := filepath.Join(dir, "growth-"+a.name+".svg")
	if err := os.WriteFile(plot, plotOf(a, points), 0o644); err != nil {
		return err
	}
	page, err := os.ReadFile(o.docs)
	if errors.Is(err, fs.ErrNotExist) {
		page, err = []byte(docsHead), nil
	}
	if err != nil {
		return err
	}
	text := replaceBetween(string(page), "bench:growth:"+a.name, section(o, a, points))
	return os.WriteFile(o.docs, []byte(text), 0o644)
}

// section is the Markdown of an axis.
func section(o options, a axis, points []point) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n![CPU per event against %s](performance/growth-%s.svg)\n\n", a.title, a.name)
	fmt.Fprintf(&b, "| %s | CPU, us an event | over the floors | rows an event | rows an insert | peak RSS, MiB |\n|---:|---:|---:|---:|---:|---:|\n", a.title)
	for _, p := range points {
		fmt.Fprintf(&b, "| %s | %.2f | %.2f | %.3f | %.0f | %.0f |\n", plain(p.value), p.cpu, p.ratio, p.rows, p.insertRows, p.rss)
	}
	fmt.Fprintf(&b, "\nMedians of %d rounds of %d events on %d cores; all else: %d sessions, %d partitions, %d rules, %g %% unresolved.\n\n",
		o.rounds, o.events, runtime.NumCPU(), o.sessions, o.partitions, o.rules, o.unknown*100)
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
