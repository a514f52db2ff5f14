package notify

import (
	"math"
	"strconv"

	"statuspage/shared/status"
)

// house is the accent of an organisation that has not chosen one.
const house = "#3448c5"

// colours of the states, readable as text on a light and on a dark ground; "" is what has none.
var colours = map[status.ServiceStatus]struct{ light, dark string }{
	status.Operational:      {"#1a7f4b", "#3ecf8e"},
	status.Degraded:         {"#9a6700", "#e3b341"},
	status.Partial:          {"#bc4c00", "#f0883e"},
	status.Major:            {"#c62828", "#ff7b72"},
	status.UnderMaintenance: {"#0a66c2", "#6cb6ff"},
	"":                      {"#5b6068", "#a1a6ae"},
}

func accent(own string) string {
	if own == "" {
		return house
	}
	return own
}

// ink is black or white, whichever reads better on a colour (WCAG 2.2, relative luminance).
func ink(colour string) string {
	l := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return "#ffffff"
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	if 1.05/(l+0.05) >= (l+0.05)/0.05 {
		return "#ffffff"
	}
	return "#000000"
}

// number is a colour as Discord takes it.
func number(colour string) int64 {
	n, _ := strconv.ParseInt(colour[1:], 16, 64) // one of our own table
	return n
}
