package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report gathers tables and the words between them.
type report struct{ b strings.Builder }

func (r *report) say(format string, args ...any) { fmt.Fprintf(&r.b, format+"\n\n", args...) }

func (r *report) table(head string, rows [][]string) {
	columns := strings.Split(head, "|")
	fmt.Fprintf(&r.b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for _, row := range rows {
		fmt.Fprintf(&r.b, "| %s |\n", strings.Join(row, " | "))
	}
	r.b.WriteString("\n")
}

func (r *report) text(took time.Duration) string {
	return fmt.Sprintf(`# Performance

Made by `+"`make bench`"+
		` on %s with %s, %d cores of %s, %s; %.0f s, load average %s at its end. Every server is a process on the loopback; rounds of them are
interleaved, the client is on the same cores, and each number is the median of its rounds. What holds on other machines are the ratios, of which none within 15%% of 1 says
anything. CPU is the clock of the server's process. With others at work on a machine milliseconds swell, and CPU less.

Status pages of other makers are not among the peers: Gatus is not served by the module proxy, the others are no Go modules.

`, time.Now().UTC().Format("2 January 2006"), cpu(), runtime.NumCPU(), runtime.GOOS+"/"+runtime.GOARCH,
		runtime.Version(), took.Seconds(), load()) + r.b.String()
}

func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

func cpu() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unnamed processor"
}

func median[T int64 | float64 | time.Duration](of []T) T {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

func percentile(of []time.Duration, p float64) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*p))]
}

func us(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Nanoseconds())/1e3) }
func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Nanoseconds())/1e6) }
func kb(n int64) string         { return fmt.Sprintf("%.1f", float64(n)/1e3) }
func times(a, b float64) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", a/b)
}
