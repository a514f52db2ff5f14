// Package doctor looks at a deployment from outside, as its operator would: whether the regions answer, agree with each
// other and with fly.toml, how far they are behind, what their database promises and what its tokens may do. It changes
// nothing.
package doctor

import (
	"context"
	"net/http"
	"time"

	"statuspage/server/config"
)

// Level is how bad a finding is.
type Level string

// The levels. Only Fail ends the command with 1.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail"
)

// Finding is one thing that was looked at. Do says what to do about it; it is empty when all is well.
type Finding struct {
	Level  Level  `json:"level"`
	Check  string `json:"check"`
	Region string `json:"region,omitempty"`
	Says   string `json:"says"`
	Do     string `json:"do,omitempty"`
}

// Address is where one region is asked. With a Region, Fly's proxy is told by fly-force-region which one must answer,
// and falls back to no other.
type Address struct {
	URL, Region string
}

// Options are what is looked at. Files that have no name are not read.
type Options struct {
	Addresses         []Address
	Database          config.Database
	Version           string // of this program
	App, DatabaseFile string // fly.toml of the program and of its database
	StaleAfter        time.Duration
	Now               func() time.Time
}

const (
	// patience is how long one question may take.
	patience = 10 * time.Second
	// lagWarn is what a replica is behind at most while all is well: a beat comes once a second.
	lagWarn = 2 * time.Second
	// skewWarn is by how much two clocks may differ before times in logs mislead; skewFail is what the program itself
	// does not believe.
	skewWarn, skewFail = time.Second, time.Minute
)

// Look makes all checks, and answers what was found in the order in which one would ask.
func Look(ctx context.Context, o Options) []Finding {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.StaleAfter == 0 {
		o.StaleAfter = config.Default(o.Database).StaleAfter
	}
	regions := askAll(ctx, o)
	var out []Finding
	var up []*region
	for _, r := range regions {
		out = append(out, r.reached())
		if r.err == nil {
			up = append(up, r)
		}
	}
	for _, r := range up {
		out = append(out, r.well(), r.lag(o.StaleAfter), r.skew())
	}
	if len(up) > 0 {
		out = append(out, versions(up, o.Version), writers(up), epochs(up), durability(up))
	}
	out = append(out, tokens(ctx, o.Database)...)
	return append(out, files(o, up)...)
}

// Worst is the worst level among findings.
func Worst(all []Finding) Level {
	worst := OK
	for _, f := range all {
		if f.Level == Fail || f.Level == Warn && worst == OK {
			worst = f.Level
		}
	}
	return worst
}

var client = &http.Client{Timeout: patience,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
