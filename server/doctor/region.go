package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// report is what /readyz says, as far as it is looked at.
type report struct {
	Region        string   `json:"region"`
	Primary       bool     `json:"primary"`
	PrimaryRegion string   `json:"primary_region"`
	Version       string   `json:"version"`
	Epoch         string   `json:"epoch"`
	Lag           *float64 `json:"lag_seconds"`
	Database      string   `json:"database"`
	Migrations    string   `json:"migrations"`
	Relay         string   `json:"relay"`
	Clock         string   `json:"clock"`
	Durability    string   `json:"durability"`
	Time          string   `json:"time"`
	Ready         bool     `json:"ready"`
}

// region is one that was asked.
type region struct {
	Address
	report
	err   error
	ahead time.Duration // of its clock to ours
	take  time.Duration // what the question took: the clock is known no better than half of it
}

// name is what it calls itself, or how it was asked.
func (r *region) name() string {
	switch {
	case r.report.Region != "":
		return r.report.Region
	case r.Address.Region != "":
		return r.Address.Region
	}
	return r.URL
}

func askAll(ctx context.Context, o Options) []*region {
	out := make([]*region, len(o.Addresses))
	var all sync.WaitGroup
	for i, a := range o.Addresses {
		out[i] = &region{Address: a}
		all.Go(func() { out[i].err = out[i].ask(ctx, o.Now) })
	}
	all.Wait()
	return out
}

func (r *region) ask(ctx context.Context, now func() time.Time) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(r.URL, "/")+"/readyz", nil)
	if err != nil {
		return err
	}
	if r.Address.Region != "" {
		req.Header.Set("Fly-Force-Region", r.Address.Region)
	}
	began, first := time.Now(), now()
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	r.take = time.Since(began)
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&r.report); err != nil || r.report.Region == "" {
		return fmt.Errorf("/readyz answers %s, and nothing of Status Page", res.Status)
	}
	if at, err := time.Parse(time.RFC3339, r.Time); err == nil {
		r.ahead = at.Sub(first.Add(r.take / 2))
	}
	return nil
}

func (r *region) reached() Finding {
	f := Finding{Level: OK, Check: "reachable", Region: r.name(),
		Says: fmt.Sprintf("answers in %s", r.take.Round(time.Millisecond))}
	switch asked := r.Address.Region; {
	case r.err != nil:
		f.Level, f.Says, f.Do = Fail, "does not answer: "+r.err.Error(),
			"look at its Machine (fly machine list) and its log"
	case asked != "" && asked != r.report.Region:
		f.Level, f.Says, f.Do = Fail, asked+" was asked, and "+r.report.Region+" answered", "is there a Machine in "+
			asked+"? fly machine list"
	}
	return f
}

// remedies are what to do about each part of /readyz that is not ok.
var remedies = map[string]string{
	"migrations missing":      "at the primary: statuspage migrate; elsewhere wait for the replica",
	"database writes stalled": "restart sqld at the primary",
	"database full":           "give the database room",
	"relay behind":            "look at the replica's log, and at the primary's clock",
}

// well says which part of /readyz is not ok.
func (r *region) well() Finding {
	f := Finding{Level: OK, Check: "ready", Region: r.name(), Says: "ready"}
	if r.Ready {
		return f
	}
	var parts, do []string
	for _, x := range [][2]string{{"database", r.Database}, {"migrations", r.Migrations}, {"relay", r.Relay},
		{"clock", r.Clock}} {
		if x[1] != "ok" {
			parts = append(parts, x[0]+" "+x[1])
			if remedy := remedies[x[0]+" "+x[1]]; remedy != "" {
				do = append(do, remedy)
			}
		}
	}
	f.Level, f.Says, f.Do = Fail, "not ready: "+strings.Join(parts, ", "),
		strings.Join(append(do, "docs/operations.md, \"When something is wrong\""), "; ")
	return f
}

func (r *region) lag(stale time.Duration) Finding {
	f := Finding{Level: OK, Check: "lag", Region: r.name()}
	if r.Lag == nil {
		f.Level, f.Says, f.Do = Fail, "nothing of the primary has arrived",
			"look at the replica's log: does it reach the primary?"
		return f
	}
	lag := time.Duration(*r.Lag * float64(time.Second))
	f.Says = lag.Round(time.Millisecond).String() + " behind"
	switch {
	case lag > stale:
		f.Level, f.Do = Fail, "its pages say that they are old: look at the replica's log and at the link to the "+
			"primary"
	case lag > lagWarn:
		f.Level, f.Do = Warn, "what is written is seen there late: look again, then at the replica's log"
	}
	return f
}

// skew compares the region's clock with this machine's. What the answer took may be all on one way.
func (r *region) skew() Finding {
	f := Finding{Level: OK, Check: "clock", Region: r.name()}
	if r.Time == "" {
		f.Level, f.Says, f.Do = Warn, "its version does not say what time it is there", "deploy this version"
		return f
	}
	off := r.ahead.Abs()
	word := "ahead of"
	if r.ahead < 0 {
		word = "behind"
	}
	f.Says = fmt.Sprintf("%s %s this machine's, give or take %s", off.Round(time.Millisecond), word,
		(r.take / 2).Round(time.Millisecond))
	switch {
	case off-r.take/2 > skewFail:
		f.Level, f.Do = Fail, "set the clock right, here or there: ntp"
	case off-r.take/2 > skewWarn:
		f.Level, f.Do = Warn, "set the clock right, here or there: lag is measured by it"
	}
	return f
}
