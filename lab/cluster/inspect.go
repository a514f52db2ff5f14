package cluster

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Report is what can be seen of a region from outside. Numbers that the app does not tell are -1.
type Report struct {
	Region, Role, URL string
	App, DB           bool // the processes run
	Ready             bool // the app says so
	Partitioned       bool
	Seq               int64         // the last event that the region has
	Lag               time.Duration // how old its data is
	Sockets           int64         // open WebSockets
}

// Inspect looks at every region, at most for a second or two.
func (c *Cluster) Inspect() []Report {
	out := make([]Report, len(c.Regions))
	done := make(chan struct{})
	for i, r := range c.Regions {
		go func() {
			out[i] = r.Inspect()
			done <- struct{}{}
		}()
	}
	for range c.Regions {
		<-done
	}
	return out
}

// Inspect looks at the region. It takes the app's numbers from wherever it finds them: the contract fixes the addresses
// /readyz and /metrics, not every name in them.
func (r *Region) Inspect() Report {
	out := Report{Region: r.Name, Role: "replica", URL: r.url, App: r.App.Alive(), DB: r.DB.Alive(),
		Partitioned: r.Partitioned(), Seq: -1, Lag: -1, Sockets: -1}
	if r.isPrimary() {
		out.Role = "primary"
	}
	if out.App {
		r.askReadiness(&out)
		r.askMetrics(&out)
	}
	if out.DB && out.Seq < 0 {
		r.askEvents(&out)
	}
	return out
}

var inspector = &http.Client{Timeout: time.Second}

func (r *Region) askReadiness(out *Report) {
	res, err := inspector.Get(r.AppURL() + "/readyz")
	if err != nil {
		return
	}
	defer res.Body.Close()
	out.Ready = res.StatusCode == http.StatusOK
	var body map[string]any
	if json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&body) != nil {
		return
	}
	for name, value := range flatten(body) {
		out.note(name, value)
	}
}

// flatten makes numbers and durations of a document findable by the last part of their names.
func flatten(body map[string]any) map[string]float64 {
	out := map[string]float64{}
	for name, value := range body {
		switch v := value.(type) {
		case float64:
			out[name] = v
		case string:
			if d, err := time.ParseDuration(v); err == nil {
				out[name+"_seconds"] = d.Seconds()
			}
		case map[string]any:
			for inner, n := range flatten(v) {
				out[name+"_"+inner] = n
			}
		}
	}
	return out
}

// note takes a number for what its name says it is.
func (out *Report) note(name string, value float64) {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r < 'a' || r > 'z' })
	has := func(any ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(any, w) })
	}
	switch {
	case has("lag") && has("ms", "milliseconds", "millis"):
		out.Lag = time.Duration(value * float64(time.Millisecond))
	case has("lag"):
		out.Lag = time.Duration(value * float64(time.Second))
	case has("sockets", "websockets") && !has("total", "limit", "max"):
		out.Sockets = max(out.Sockets, 0) + int64(value)
	case has("seq") || has("event", "events") && has("id", "last"):
		out.Seq = max(out.Seq, int64(value))
	}
}

func (r *Region) askMetrics(out *Report) {
	res, err := inspector.Get(r.address(&r.metrics) + "/metrics")
	if err != nil {
		return
	}
	defer res.Body.Close()
	out.Sockets = -1 // what the metrics say is exact
	lines := bufio.NewScanner(io.LimitReader(res.Body, 1<<20))
	for lines.Scan() {
		name, value, ok := sample(lines.Text())
		if ok && !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			out.note(name, value)
		}
	}
}

// Metric is a number of the region's /metrics by its name, which has no labels; false when there is none.
func (r *Region) Metric(want string) (float64, bool) {
	res, err := inspector.Get(r.address(&r.metrics) + "/metrics")
	if err != nil {
		return 0, false
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if name, value, ok := sample(lines.Text()); ok && name == want {
			return value, true
		}
	}
	return 0, false
}

// sample reads one line of Prometheus' text format.
func sample(line string) (string, float64, bool) {
	if strings.HasPrefix(line, "#") {
		return "", 0, false
	}
	end := strings.LastIndex(line, "}") + 1
	fields := strings.Fields(line[end:])
	name, _, _ := strings.Cut(line, "{")
	if end == 0 && len(fields) > 0 {
		name, fields = fields[0], fields[1:]
	}
	if len(fields) == 0 {
		return "", 0, false
	}
	value, err := strconv.ParseFloat(fields[0], 64)
	return name, value, err == nil
}

// askEvents reads the log itself where the app does not say how far it is.
func (r *Region) askEvents(out *Report) {
	r.Query(`SELECT coalesce(max(id), 0) FROM events`, func(answer []byte) error {
		var body struct {
			Results []struct {
				Response struct {
					Result struct {
						Rows [][]struct{ Value string }
					}
				}
			}
		}
		if err := json.Unmarshal(answer, &body); err != nil || len(body.Results) == 0 ||
			len(body.Results[0].Response.Result.Rows) == 0 {
			return err
		}
		seq, err := strconv.ParseInt(body.Results[0].Response.Result.Rows[0][0].Value, 10, 64)
		if err == nil {
			out.Seq = seq
		}
		return err
	})
}
