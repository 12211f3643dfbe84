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

// plotOf draws CPU per event against an axis as SVG. Points are spread evenly and
// labelled, as values that grow tenfold want; the upright axis starts at zero, so
// that what looks flat is flat.
func plotOf(a axis, points []point) []byte {
	top := 0.0
	for _, p := range points {
		top = max(top, p.cpu)
	}
	step := niceStep(top)
	top = math.Ceil(top/step) * step
	x := func(i int) float64 {
		if len(points) == 1 {
			return (plotLeft + plotWidth - plotRight) / 2
		}
		return plotLeft + 20 + float64(i)*(plotWidth-plotLeft-plotRight-40)/float64(len(points)-1)
	}
	y := func(v float64) float64 {
		return plotHeight - plotBottom - v/top*(plotHeight-plotTop-plotBottom)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="14">CPU of whence, us an event</text>`+"\n", plotLeft)
	for v := 0.0; v <= top+step/2; v += step {
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/>`+"\n", plotLeft, y(v), plotWidth-plotRight, y(v))
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", plotLeft-8, y(v)+4, plain(v))
	}
	b.WriteString(`<polyline fill="none" stroke="#1f6feb" stroke-width="2" points="`)
	for i, p := range points {
		fmt.Fprintf(&b, "%.1f,%.1f ", x(i), y(p.cpu))
	}
	b.WriteString("\"/>\n")
	for i, p := range points {
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="4" fill="#1f6feb"/>`+"\n", x(i), y(p.cpu))
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%.1f</text>`+"\n", x(i), y(p.cpu)-10, p.cpu)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x(i), plotHeight-plotBottom+18, plain(p.value))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n</svg>\n", plotWidth/2, plotHeight-8, html.EscapeString(a.title))
	return b.Bytes()
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
