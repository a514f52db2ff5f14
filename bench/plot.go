package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// curve is one line of a plot: what something costs at each size.
type curve struct {
	name   string
	at, is []float64
}

func (c *curve) add(at int, is float64) { c.at, c.is = append(c.at, float64(at)), append(c.is, is) }

const plotWide, plotHigh, plotEdge = 640.0, 300.0, 48.0

// plot writes curves as SVG, both axes logarithmic, and shows them in the report.
func (b *bench) plot(name, of string, all ...curve) error {
	left, right, low, high := 1.0, 10.0, math.Inf(1), 0.0
	for _, c := range all {
		for i := range c.at {
			right = max(right, c.at[i])
			if c.is[i] > 0 {
				low, high = min(low, c.is[i]), max(high, c.is[i])
			}
		}
	}
	low, high = math.Pow(10, math.Floor(math.Log10(low))), math.Pow(10, math.Ceil(math.Log10(high)*1.0001))
	x := func(v float64) float64 {
		return plotEdge + (plotWide-2*plotEdge)*math.Log(max(v, left)/left)/math.Log(right/left)
	}
	y := func(v float64) float64 {
		return plotHigh - plotEdge - (plotHigh-2*plotEdge)*math.Log(max(v, low)/low)/math.Log(high/low)
	}
	var s strings.Builder
	fmt.Fprintf(&s,
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="12" `+
			`role="img" aria-label="Growth by %s">`+"\n", plotWide, plotHigh, of)
	fmt.Fprintf(&s, `<rect width="%g" height="%g" fill="#fff"/>`+"\n", plotWide, plotHigh)
	for v := low; v <= high*1.001; v *= 10 {
		fmt.Fprintf(&s, `<path d="M%g %.1fH%g" stroke="#ddd"/><text x="4" y="%.1f" fill="#555">%g</text>`+"\n",
			plotEdge, y(v), plotWide-plotEdge, y(v)+4, v)
	}
	for v := left; v <= right*1.001; v *= 10 {
		fmt.Fprintf(&s,
			`<path d="M%.1f %gV%g" stroke="#ddd"/><text x="%.1f" y="%g" fill="#555" text-anchor="middle">%.0f</text>`+
				"\n", x(v), plotEdge, plotHigh-plotEdge, x(v), plotHigh-plotEdge+18, v)
	}
	fmt.Fprintf(&s, `<text x="%g" y="%g" fill="#333" text-anchor="middle">%s</text>`+"\n", plotWide/2, plotHigh-8, of)
	for k, c := range all {
		colour := []string{"#0a66c2", "#bc4c00", "#1a7f4b"}[k%3]
		var points []string
		for i := range c.at {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(c.at[i]), y(c.is[i])))
			fmt.Fprintf(&s, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x(c.at[i]), y(c.is[i]), colour)
		}
		fmt.Fprintf(&s, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n",
			strings.Join(points, " "), colour)
		fmt.Fprintf(&s, `<text x="%g" y="24" fill="%s">%s</text>`+"\n", plotEdge+float64(k)*180, colour, c.name)
	}
	s.WriteString("</svg>\n")
	b.report.say("![%s](img/%s.svg)", of, name)
	if b.plots == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(b.plots, name+".svg"), []byte(s.String()), 0o644) // #nosec G306 -- a public document
}
