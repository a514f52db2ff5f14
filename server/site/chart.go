package site

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"statuspage/server/site/visit"
	"statuspage/server/store"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Shown is a monitor that a page shows, with what it measured: buckets of all regions, oldest first.
type Shown struct {
	Name    string
	State   status.MonitorState
	Buckets []store.Measured
}

// chartRange is a stretch of time that a chart shows: ?range= of a service's page.
type chartRange struct {
	Of   string // as the address says it
	Days int64
	step status.Time // between two points of the chart
	rows status.Time // between two rows of the table
}

// chartRanges are those there are; the first one is shown when none is asked for.
var chartRanges = []chartRange{
	{"24h", 1, 5 * wire.Minute, wire.Hour}, {"7d", 7, wire.Hour, 6 * wire.Hour}, {"30d", 30, wire.Day, wire.Day},
	{"90d", 90, wire.Day, wire.Day},
}

// Words is the range for people.
func (r chartRange) Words() string {
	if r.Days == 1 {
		return "24 hours"
	}
	return strconv.FormatInt(r.Days, 10) + " days"
}

// rangeOf is what ?range= asks for.
func rangeOf(v *visit.Visit) chartRange {
	of := v.Ctx.Query("range")
	i := slices.IndexFunc(chartRanges, func(r chartRange) bool { return r.Of == of })
	return chartRanges[max(i, 0)]
}

// timesView is the response times of a service.
type timesView struct {
	Range  chartRange
	Charts []chartView
}

// Ranges are the links to all ranges.
func (t *timesView) Ranges() []chartRange { return chartRanges }

const (
	chartWidth  = 680.0
	chartHeight = 120.0
	chartHead   = 6.0 // above the highest point
)

// chartView is a chart of response times, drawn, with its values.
type chartView struct {
	Name, Line, Area, Failed, Top, Median, Failures string
	From, Until                                     status.Time
	Rows                                            []chartRow
}

// chartRow is a row of the table.
type chartRow struct {
	At                 status.Time
	Count, Failed      int64
	Min, P50, P95, Max string
}

// times is what the monitors of a service measured; nil when the page shows none.
func (s *site) times(v *visit.Visit, service string, r chartRange) (*timesView, error) {
	if s.Measures == nil {
		return nil, nil
	}
	found, err := s.Measures.Shown(v.Ctx.UserContext(), v.State.Org.ID, service, r.Of, s.now())
	if err != nil || len(found) == 0 {
		return nil, err
	}
	out := &timesView{Range: r}
	for i := range found {
		out.Charts = append(out.Charts, newChart(&found[i], r, s.now()))
	}
	return out, nil
}

// together is one bucket of all regions for each step, of buckets that are in the order of time. Medians are weighed by
// how many answers they stand for.
func together(list []store.Measured, step status.Time) []store.Measured {
	var out []store.Measured
	for i := range list {
		m := list[i]
		m.At, m.Region = m.At-m.At%step, ""
		if n := len(out); n == 0 || out[n-1].At != m.At {
			out = append(out, m)
			continue
		}
		o := &out[len(out)-1]
		was, is := o.Count-o.Failed, m.Count-m.Failed
		switch {
		case was == 0:
			o.Min, o.P50 = m.Min, m.P50
		case is > 0:
			o.Min, o.P50 = min(o.Min, m.Min), (o.P50*was+m.P50*is)/(was+is)
		}
		o.P95, o.Max = max(o.P95, m.P95), max(o.Max, m.Max)
		o.Count, o.Failed = o.Count+m.Count, o.Failed+m.Failed
	}
	return out
}

func newChart(m *Shown, r chartRange, now status.Time) chartView {
	until := now - now%r.step + r.step
	c := chartView{Name: m.Name, From: until - status.Time(r.Days)*wire.Day, Until: until}
	list := together(m.Buckets, r.step)
	list = slices.DeleteFunc(list, func(b store.Measured) bool { return b.At < c.From || b.At >= until })
	c.draw(list, r.step)
	for _, b := range together(list, r.rows) {
		row := chartRow{At: b.At, Count: b.Count, Failed: b.Failed, Min: "–", P50: "–", P95: "–", Max: "–"}
		if b.Count > b.Failed {
			row.Min, row.P50, row.P95, row.Max = millis(b.Min), millis(b.P50), millis(b.P95), millis(b.Max)
		}
		c.Rows = append(c.Rows, row)
	}
	slices.Reverse(c.Rows)
	return c
}

func millis(ms int64) string { return strconv.FormatInt(ms, 10) + " ms" }

// draw makes the paths: a line of medians, an area up to the 95th percentile, and strokes where checks failed. Where
// nothing was measured for longer there is a gap.
func (c *chartView) draw(list []store.Measured, step status.Time) {
	var count, failed, top int64
	var medians []int64
	for i := range list {
		count, failed = count+list[i].Count, failed+list[i].Failed
		if b := &list[i]; b.Count > b.Failed {
			top, medians = max(top, b.P95), append(medians, b.P50)
		}
	}
	if count == 0 {
		return
	}
	c.Failures = fmt.Sprintf("%d of %d checks failed", failed, count)
	x := func(at status.Time) float64 {
		return float64(at+step/2-c.From) / float64(c.Until-c.From) * chartWidth
	}
	y := func(ms int64) float64 {
		return chartHeight - float64(ms)/float64(max(top, 1))*(chartHeight-chartHead)
	}
	var line, area, strokes strings.Builder
	var run []store.Measured
	end := func() {
		for i := range run {
			fmt.Fprintf(&line, "%s%.1f,%.1f", move(i), x(run[i].At), y(run[i].P50))
			fmt.Fprintf(&area, "%s%.1f,%.1f", move(i), x(run[i].At), y(run[i].P95))
		}
		if len(run) == 1 {
			line.WriteString("h1")
		}
		for i := len(run) - 1; i >= 0; i-- {
			fmt.Fprintf(&area, "L%.1f,%.1f", x(run[i].At), y(run[i].P50))
		}
		if len(run) > 0 {
			area.WriteString("Z")
		}
		run = run[:0]
	}
	for i := range list {
		b := list[i]
		if b.Failed > 0 {
			fmt.Fprintf(&strokes, "M%.1f,%.0fv-%.0f", x(b.At), chartHeight,
				max(5, float64(b.Failed)/float64(b.Count)*24))
		}
		if b.Count == b.Failed {
			continue
		}
		if len(run) > 0 && b.At-run[len(run)-1].At > 2*step {
			end()
		}
		run = append(run, b)
	}
	end()
	c.Line, c.Area, c.Failed = line.String(), area.String(), strokes.String()
	if slices.Sort(medians); len(medians) > 0 {
		c.Top, c.Median = millis(top), "Median "+millis(medians[len(medians)/2])
	}
}

// move is the command of a path's point.
func move(i int) string {
	if i == 0 {
		return "M"
	}
	return "L"
}

// Summary is what the chart says, in words.
func (c *chartView) Summary() string {
	switch {
	case c.Failures == "":
		return "Nothing was measured in this time."
	case c.Median == "":
		return c.Failures
	}
	return c.Median + " · " + c.Failures
}

// lately is of how long a badge of the response time speaks.
const lately = time.Hour

// timeBadge is what a badge says of a service's response time: the median of the last hour.
func (s *site) timeBadge(v *visit.Visit, service string) (badgeView, error) {
	svc, there := v.State.Service(service)
	if !there {
		return badgeView{}, noService()
	}
	doc, err := v.Doc("badge/time/"+svc.ID, fresh, func() (string, []byte, error) {
		words, err := s.timeWords(v, svc.ID)
		return "text/plain", []byte(words), err
	})
	if err != nil {
		return badgeView{}, err
	}
	b := badgeView{Label: svc.Name, Words: string(doc.Body), Colour: colours[status.Operational]}
	switch b.Words {
	case noTime:
		b.Colour = colours[""]
	case isDown:
		b.Colour = colours[status.Major]
	}
	return b, nil
}

// What a badge of the response time says beside a time.
const (
	noTime = "no data"
	isDown = "down"
)

func (s *site) timeWords(v *visit.Visit, service string) (string, error) {
	if s.Measures == nil {
		return noTime, nil
	}
	found, err := s.Measures.Shown(v.Ctx.UserContext(), v.State.Org.ID, service, chartRanges[0].Of, s.now())
	if err != nil {
		return "", err
	}
	var last []store.Measured
	for i := range found {
		if found[i].State == status.MonitorDown {
			return isDown, nil
		}
		for _, m := range found[i].Buckets {
			if m.At > s.now()-status.Time(lately.Milliseconds()) {
				last = append(last, m)
			}
		}
	}
	if all := together(last, 1<<62); len(all) > 0 && all[0].Count > all[0].Failed {
		return millis(all[0].P50), nil
	}
	return noTime, nil
}
