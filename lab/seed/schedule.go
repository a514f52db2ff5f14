package seed

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Kind is what breaks.
type Kind string

// The kinds of faults. Those behind Restore begin another log: the epoch changes, and what was acknowledged may be
// gone.
const (
	KillApp      Kind = "kill -9 of an app"
	KillDatabase Kind = "kill -9 of a database"
	KillRegion   Kind = "kill -9 of an app and its database"
	Partition    Kind = "a region cut off, and back"
	CutDatabase  Kind = "a database out of its app's reach"
	Lag          Kind = "a replica that falls behind"
	Pause        Kind = "a replica that stands still"
	Slow         Kind = "a slow network"
	RestartAll   Kind = "everything killed and restarted"
	Backup       Kind = "a backup"
	Restore      Kind = "the newest backup restored"
	Promotion    Kind = "the primary region lost, another one promoted"
	LoseCommits  Kind = "the newest commits of the database are gone"
)

// The first of the regions that a fault may hit: any, or any but the primary.
const anyRegion, noPrimary = 0, 1

// order is fixed: a schedule may not depend on the order of a map.
var order = []struct {
	kind   Kind
	victim int
}{
	{KillApp, anyRegion}, {KillDatabase, anyRegion}, {KillRegion, anyRegion}, {Partition, anyRegion},
	{CutDatabase, anyRegion}, {Lag, noPrimary}, {Pause, noPrimary},
	{Slow, anyRegion}, {RestartAll, anyRegion}, {Restore, anyRegion}, {Promotion, noPrimary}, {LoseCommits, anyRegion},
}

// Fault is one entry of a schedule.
type Fault struct {
	Kind   Kind
	Region string        // the victim
	For    time.Duration // how long it goes on
	By     time.Duration // by how much a replica lags or the network is slow
	After  int           // so many writes are accepted before it begins
	Count  int           // of commits that are lost
	// Beside says that the next fault begins before this one ends.
	Beside bool
}

// Forks says whether the fault begins another log.
func (f Fault) Forks() bool { return f.Kind == Restore || f.Kind == Promotion || f.Kind == LoseCommits }

// lasting faults have an end, so that another one can begin before it.
func (f Fault) lasting() bool {
	return f.cuts() || f.Kind == Lag || f.Kind == Pause || f.Kind == Slow
}

func (f Fault) String() string {
	text := fmt.Sprintf("after %2d writes: %s", f.After, f.Kind)
	if f.Region != "" {
		text += ", " + f.Region
	}
	if f.By > 0 {
		text += fmt.Sprintf(", by %v", f.By)
	}
	if f.Count > 0 {
		text += fmt.Sprintf(", %d of them", f.Count)
	}
	if f.For > 0 {
		text += fmt.Sprintf(", for %v", f.For)
	}
	if f.Beside {
		text += ", while the next begins"
	}
	return text
}

// Schedule is faults in their order.
type Schedule []Fault

// Schedule draws so many rounds for regions whose first one is the primary. In a round each kind comes once, a backup
// some faults before what restores it. Each round has a stream of its own: a run of fewer rounds is the beginning of a
// longer one.
func (s Seed) Schedule(regions []string, rounds int) (out Schedule) {
	regions = slices.Clone(regions)
	for n := range rounds {
		out = append(out, round(s.Stream("faults", n), regions)...)
	}
	return out
}

// round draws one, and puts the region that writes at its end before the others.
func round(r *rand.Rand, regions []string) (out Schedule) {
	for _, n := range r.Perm(len(order)) {
		if order[n].kind == Restore {
			out = slices.Insert(out, max(out.lastFork()+1, len(out)-r.IntN(3)),
				Fault{Kind: Backup, After: 5 + r.IntN(10)})
		}
		f := draw(r, order[n].kind, order[n].victim, regions)
		if f.Kind == Promotion { // from here on it is the one that writes
			at := slices.Index(regions, f.Region)
			regions[0], regions[at] = regions[at], regions[0]
		}
		out = append(out, f)
	}
	return out.apart()
}

func draw(r *rand.Rand, kind Kind, victim int, regions []string) Fault {
	f := Fault{Kind: kind, After: 5 + r.IntN(25), Region: regions[victim+r.IntN(len(regions)-victim)]}
	part := func(least, most time.Duration) time.Duration {
		return (least + time.Duration(r.Int64N(int64(most-least)))).Round(10 * time.Millisecond)
	}
	beside := r.IntN(3) == 0
	if f.lasting() {
		f.For, f.Beside = part(300*time.Millisecond, 1500*time.Millisecond), beside
	}
	switch kind {
	case Lag:
		f.By = part(100*time.Millisecond, 2*time.Second)
	case Slow:
		f.By = part(10*time.Millisecond, 200*time.Millisecond)
	case LoseCommits:
		f.Region, f.Count = regions[0], 1+r.IntN(12)
	case RestartAll, Restore:
		f.Region = ""
	}
	return f
}

// lastFork is where the last fault stands that began another log, or -1: a backup is of the log that its restore
// replaces.
func (s Schedule) lastFork() int {
	for n := len(s) - 1; n >= 0; n-- {
		if s[n].Forks() {
			return n
		}
	}
	return -1
}

// apart lets no fault go on beside one that begins another log or stops everything, or beside one of its own kind. What
// was killed is not started while something that it needs is cut off.
func (s Schedule) apart() Schedule {
	for n := range s {
		if n+1 == len(s) || s[n+1].Kind == s[n].Kind || !s[n+1].lasting() && (!s[n+1].kills() || s[n].cuts()) {
			s[n].Beside = false
		}
	}
	return s
}

func (f Fault) kills() bool {
	return f.Kind == KillApp || f.Kind == KillDatabase || f.Kind == KillRegion
}

func (f Fault) cuts() bool { return f.Kind == Partition || f.Kind == CutDatabase }

// String has a line for each fault.
func (s Schedule) String() string {
	var b strings.Builder
	for n, f := range s {
		fmt.Fprintf(&b, "%3d  %s\n", n+1, f)
	}
	return b.String()
}
