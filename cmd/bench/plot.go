package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
)

// The measures of a plot, in pixels.
const (
	plotWidth, plotHeight = 640, 320
	plotLeft, plotRight   = 56, 24
	plotTop, plotBottom   = 40, 48
)

// plotColours are of the lines, in their order.
var plotColours = []string{"#1f6feb", "#d1570b"}

// plotOf draws CPU per event against an axis as SVG, a line for each locality. Points
// are spread evenly and labelled, as values that grow tenfold want; the upright axis
// starts at zero, so that what looks flat is flat.
func plotOf(a axis, lines []line) []byte {
	top, n := 0.0, 0
	for _, l := range lines {
		n = max(n, len(l.points))
		for _, p := range l.points {
			top = max(top, p.cpu)
		}
	}
	step := niceStep(top)
	top = max(step, math.Ceil(top/step)*step)
	x := func(i int) float64 {
		if n == 1 {
			return (plotLeft + plotWidth - plotRight) / 2
		}
		return plotLeft + 20 + float64(i)*(plotWidth-plotLeft-plotRight-40)/float64(n-1)
	}
	y := func(v float64) float64 {
		return plotHeight - plotBottom - v/top*(plotHeight-plotTop-plotBottom)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="14">CPU of whence, us an event</text>`+"\n", plotLeft)
	for v := 0.0; v <= top+step/2; v += step {
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/>`+"\n", plotLeft, y(v), plotWidth-plotRight, y(v))
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", plotLeft-8, y(v)+4, tidy(v))
	}
	for i, l := range lines {
		colour := plotColours[i%len(plotColours)]
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, colour)
		for j, p := range l.points {
			fmt.Fprintf(&b, "%.1f,%.1f ", x(j), y(p.cpu))
		}
		b.WriteString("\"/>\n")
		for j, p := range l.points {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s"/>`+"\n", x(j), y(p.cpu), colour)
			fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle" fill="%s">%.1f</text>`+"\n", x(j), labelled(y, lines, i, j), colour, p.cpu)
			if i == 0 {
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x(j), plotHeight-plotBottom+18, grouped(p.value))
			}
		}
		if len(lines) > 1 {
			fmt.Fprintf(&b, `<text x="%d" y="20" text-anchor="end" fill="%s">%s</text>`+"\n", plotWidth-plotRight-100*(len(lines)-1-i), colour, html.EscapeString(l.locality))
		}
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n</svg>\n", plotWidth/2, plotHeight-8, html.EscapeString(a.title))
	return b.Bytes()
}

// labelled is where the number of a point stands: above it, or below if another
// line's point is the higher one there.
func labelled(y func(float64) float64, lines []line, i, j int) float64 {
	at := lines[i].points[j].cpu
	for other, l := range lines {
		if other != i && j < len(l.points) && (l.points[j].cpu > at || l.points[j].cpu == at && other < i) {
			return y(at) + 20
		}
	}
	return y(at) - 10
}

// tidy is v without what adding up steps has left behind it.
func tidy(v float64) string { return fmt.Sprintf("%.4g", v) }

// grouped is v as people read it: 10,000,000, 0.05.
func grouped(v float64) string {
	s := plain(v)
	if v != math.Trunc(v) {
		return s
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// niceStep is a round distance between lines, for five of them or so.
func niceStep(top float64) float64 {
	if top <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(top/5)))
	for _, n := range []float64{1, 2, 5} {
		if top/(n*unit) <= 6 {
			return n * unit
		}
	}
	return 10 * unit
}
