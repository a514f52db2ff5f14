package status

import "statuspage/shared/wire"

// Observation is one look at a target from one region.
type Observation struct {
	Region  string
	At      Time
	OK      bool
	Ms      int64
	Error   string
	Reached bool // something answered, be it an error
	Blind   bool // the region sees everything fail, see Blind
	Certain bool // it needs no second: a program said itself how it is
}

// Seen is what a region saw last.
type Seen struct {
	Region string
	At     Time
	OK     bool
	Ms     int64
	Error  string
	Row    int64 // how many observations in a row were like the last one
	Turned Time  // when the row began
	Blind  bool
}

// Wire is how a window keeps it.
func (s *Seen) Wire(f *wire.Fields) {
	f.Str("region", &s.Region)
	f.Time("at", &s.At)
	f.Bool("ok", &s.OK)
	f.Int("ms", &s.Ms)
	f.Str("error", &s.Error)
	f.Int("row", &s.Row)
	f.Time("turned", &s.Turned)
	f.Bool("blind", &s.Blind)
}

// Window is what is kept of a monitor's past to decide on.
type Window struct {
	State   MonitorState // "" is unknown
	Since   Time         // when State began
	Held    MonitorState // up or down, whichever it was last; "" is neither yet
	Seen    []Seen       // by region
	Changes []Time       // between up and down, within the last hour
}

// Wire is how it is kept.
func (w *Window) Wire(f *wire.Fields) {
	f.Str("state", (*string)(&w.State))
	f.Time("since", &w.Since)
	f.Str("held", (*string)(&w.Held))
	wire.List(f, "seen", &w.Seen, (*Seen).Wire)
	wire.List(f, "changes", &w.Changes, func(t *Time, f *wire.Fields) { f.Time("at", t) })
}

// last is {region: {at, ok, ms, error}}.
func (w *Window) last() []byte {
	return wire.Marshal(lastOf(w.Seen))
}

type lastOf []Seen

func (l lastOf) Wire(f *wire.Fields) {
	for i := range l {
		wire.One(f, l[i].Region, &l[i], func(s *Seen, f *wire.Fields) {
			f.Time("at", &s.At)
			f.Bool("ok", &s.OK)
			f.Int("ms", &s.Ms)
			f.Str("error", &s.Error)
		})
	}
}

// Verdict is what observations mean.
type Verdict struct {
	Window  Window
	Changed bool     // the state is another one
	Firing  bool     // it is down, and nothing says to be silent about it
	Clear   bool     // it is up, and that is certain
	Regions []string // that see it down
	Error   string   // what one of them saw last
}

const (
	// calm is how long a change counts as flapping.
	calm = 60 * wire.Minute
	// flaps is how many changes within calm are flapping.
	flaps = 4
	// steady is how many times as many successes end what flaps.
	steady = 4
	// sure is more in a row than anybody asks for.
	sure = 1000
	// missed is how many intervals a region may be silent.
	missed = 3
	// grace is how long it may be silent beside that, in milliseconds.
	grace = 30_000
	// known is how long a region counts after it spoke last.
	known = 24 * 60 * wire.Minute
)

// Observe is the deciding: a change needs as many failures in a row as the monitor says, in a quorum of the regions
// that have spoken lately, and recovery likewise. A region that is blind has no vote. When more than half of the
// regions are silent or blind the state is unknown, never up; an incident then stays as it is. What has changed often
// within an hour needs more successes to be up again. A paused monitor and one whose service is under maintenance fire
// nothing.
func Observe(m Monitor, w Window, list []Observation, at Time) Verdict {
	w = w.copied()
	if m.Paused {
		w.Seen, w.State, w.Since = nil, "", 0
		return Verdict{Window: w}
	}
	for _, o := range sorted(list) {
		if len(m.Regions) == 0 || contains(m.Regions, o.Region) || m.Kind == HeartbeatMonitor {
			w.see(o, at, m.silence())
		}
	}
	v := w.decide(&m, at)
	v.Firing = v.Firing && !m.Quiet
	return v
}

// silence is after how long a region counts as silent.
func (m *Monitor) silence() Time { return Time(missed*m.Interval*1000 + m.Timeout + grace) }

func (w Window) copied() Window {
	w.Seen = append([]Seen(nil), w.Seen...)
	w.Changes = append([]Time(nil), w.Changes...)
	return w
}

// sorted is by time; of equal times, by region.
func sorted(list []Observation) []Observation {
	out := append([]Observation(nil), list...)
	for i := 1; i < len(out); i++ {
		for k := i; k > 0 && (out[k].At < out[k-1].At || out[k].At == out[k-1].At &&
			out[k].Region < out[k-1].Region); k-- {
			out[k], out[k-1] = out[k-1], out[k]
		}
	}
	return out
}

// see takes an observation in. One that is not newer than its region's last is known; one of the future is of now.
func (w *Window) see(o Observation, now, silence Time) {
	o.At = min(o.At, now)
	i := 0
	for i < len(w.Seen) && w.Seen[i].Region != o.Region {
		i++
	}
	if i == len(w.Seen) {
		if i >= MaxRegions {
			return
		}
		w.Seen = append(w.Seen, Seen{Region: o.Region, Turned: o.At})
	}
	s := &w.Seen[i]
	if s.At > 0 && o.At <= s.At {
		return
	}
	if o.Blind && !o.OK {
		s.At, s.Blind, s.Row, s.OK, s.Ms, s.Error = o.At, true, 0, false, o.Ms, o.Error
		return
	}
	if s.Row == 0 || s.OK != o.OK || o.At-s.At > silence {
		s.Row, s.Turned = 0, o.At
	}
	if s.Row++; o.Certain {
		s.Row = sure
	}
	s.At, s.OK, s.Ms, s.Error, s.Blind = o.At, o.OK, o.Ms, o.Error, false
	if o.OK {
		s.Error = ""
	}
}

// decide counts votes.
func (w *Window) decide(m *Monitor, at Time) Verdict {
	kept := w.Seen[:0]
	for _, s := range w.Seen {
		if at-s.At <= max(known, m.silence()) && (len(m.Regions) == 0 || contains(m.Regions, s.Region) ||
			m.Kind == HeartbeatMonitor) {
			kept = append(kept, s)
		}
	}
	w.Seen = kept
	w.forget(at)
	voters, down, up := 0, 0, 0
	var v Verdict
	first := at
	for _, s := range w.Seen {
		if s.Blind || at-s.At > m.silence() {
			continue
		}
		voters++
		switch {
		case !s.OK && s.Row >= m.Failures:
			down++
			first = min(first, s.Turned)
			v.Regions, v.Error = append(v.Regions, s.Region), s.Error
		case s.OK && s.Row >= w.wins(m):
			up++
		}
	}
	need := voters/2 + 1
	if m.Quorum > 0 {
		need = min(int(m.Quorum), len(w.Seen))
	}
	was := w.State
	switch {
	case voters == 0, (len(w.Seen)-voters)*2 > len(w.Seen):
		w.turn(MonitorUnknown, at, at)
	case down >= need:
		w.turn(MonitorDown, first, at)
	case up >= need:
		w.turn(MonitorUp, at, at)
	case w.State == MonitorUnknown && w.Held == MonitorDown:
		w.turn(MonitorDown, at, at) // it is heard of again, and nobody says that it recovered
	}
	v.Window, v.Changed = *w, was != w.State && (was != "" || w.State != MonitorUnknown)
	v.Firing, v.Clear = w.State == MonitorDown, w.State == MonitorUp
	if !v.Firing {
		v.Regions, v.Error = nil, ""
	}
	return v
}

// wins is how many successes in a row say that the target is up: one where it was not known to be down.
func (w *Window) wins(m *Monitor) int64 {
	switch {
	case w.Held != MonitorDown:
		return 1
	case len(w.Changes) >= flaps:
		return m.Successes * steady
	}
	return m.Successes
}

// forget leaves out the changes that are long ago.
func (w *Window) forget(at Time) {
	kept := w.Changes[:0]
	for _, t := range w.Changes {
		if at-t < calm {
			kept = append(kept, t)
		}
	}
	w.Changes = kept
}

func (w *Window) turn(to MonitorState, since, at Time) {
	if w.State == to {
		return
	}
	if to == MonitorUnknown && w.State == "" {
		w.State, w.Since = to, since
		return
	}
	if to != MonitorUnknown && w.Held != "" && w.Held != to {
		if w.Changes = append(w.Changes, at); len(w.Changes) > 4*flaps {
			w.Changes = w.Changes[1:]
		}
	}
	if to != MonitorUnknown {
		w.Held = to
	}
	w.State, w.Since = to, since
}

// Blind says that a region sees nothing: every look at three hosts or more failed, and none of them answered anything.
func Blind(hosts []string, looks []Observation) bool {
	var different []string
	for i, o := range looks {
		if o.OK || o.Reached {
			return false
		}
		if !contains(different, hosts[i]) {
			different = append(different, hosts[i])
		}
	}
	return len(different) >= blindHosts
}

const blindHosts = 3

// Replay is what a monitor would have done with what was seen, by time: how often it would have fired, and for how
// long in milliseconds.
func Replay(m Monitor, list []Observation, until Time) (fired, lasted int64) {
	m.Paused, m.Quiet = false, false
	var w Window
	firing, since := false, Time(0)
	for _, o := range sorted(list) {
		v := Observe(m, w, []Observation{o}, o.At)
		w = v.Window
		switch {
		case v.Firing && !firing:
			firing, since = true, o.At
			fired++
		case v.Clear && firing:
			firing = false
			lasted += int64(o.At - since)
		}
	}
	if firing {
		lasted += int64(until - since)
	}
	return fired, lasted
}
