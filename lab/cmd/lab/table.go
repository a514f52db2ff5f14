package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"statuspage/lab/cluster"
)

// table draws the regions, one line each.
func table(reports []cluster.Report) string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "region\trole\tapp\tdatabase\tlinks\tseq\tlag\tsockets\tvisitors")
	for _, r := range reports {
		links := "whole"
		if r.Partitioned {
			links = "CUT"
		}
		fmt.Fprintln(w, strings.Join([]string{r.Region, r.Role, appState(r), state(r.DB), links, numeral(r.Seq),
			age(r.Lag),
			numeral(r.Sockets), r.URL}, "\t"))
	}
	w.Flush()
	return out.String()
}

func state(up bool) string {
	if up {
		return "up"
	}
	return "DOWN"
}

func appState(r cluster.Report) string {
	if r.App && !r.Ready {
		return "not ready"
	}
	return state(r.App)
}

func numeral(n int64) string {
	if n < 0 {
		return "–"
	}
	return strconv.FormatInt(n, 10)
}

func age(d time.Duration) string {
	if d < 0 {
		return "–"
	}
	return d.Round(time.Millisecond).String()
}
