package clock

import (
	"testing"
	"time"
)

// machine is a computer whose clock can be set.
type machine struct {
	boot string
	up   time.Duration
	wall time.Time
}

func (m *machine) clock() *Clock {
	return &Clock{wall: func() time.Time { return m.wall }, uptime: func() (string, time.Duration) {
		return m.boot,
			m.up
	}}
}

func (m *machine) pass(d time.Duration) { m.up, m.wall = m.up+d, m.wall.Add(d) }

var noon = time.Date(2026, 12, 28, 12, 0, 0, 0, time.UTC)

const year = 365 * 24 * time.Hour

func TestAClockThatJumpsIsRefusedAndOneThatStepsIsNot(t *testing.T) {
	for _, c := range []struct {
		name   string
		jump   time.Duration
		refuse bool
	}{
		{"five years ahead", 5 * year, true}, {"five years back", -5 * year, true}, {"an hour ahead", time.Hour, true},
		{"an hour back", -time.Hour, true},
		{"half a minute ahead", 30 * time.Second, false}, {"half a minute back", -30 * time.Second, false},
		{"not at all", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &machine{"a", time.Hour, noon}
			clock := m.clock()
			clock.Now()
			m.pass(time.Hour)
			right := m.wall
			m.wall = m.wall.Add(c.jump)
			if got := clock.Now(); c.refuse && !got.Equal(right) || !c.refuse && !got.Equal(m.wall) {
				t.Errorf("it is %v, and was taken for %v", right, got)
			}
			if refused := clock.Refused(); (refused != 0) != c.refuse {
				t.Errorf("refused by %v", refused)
			}
			// A restart on the same machine knows better than the clock, too.
			again := m.clock()
			again.Remember(clock.Mark())
			m.pass(time.Minute)
			right = right.Add(time.Minute)
			if got := again.Now(); got.Sub(right).Abs() > Tolerance {
				t.Errorf("after a restart it is %v, and was taken for %v", right, got)
			}
			m.wall = right
			if got := again.Now(); !got.Equal(right) || again.Refused() != 0 {
				t.Errorf("set right, it is %v, and was taken for %v", right, got)
			}
		})
	}
}

func TestAMachineThatWasOffOrSleptIsBelieved(t *testing.T) {
	m := &machine{"a", time.Hour, noon}
	clock := m.clock()
	clock.Now()
	m.pass(24 * time.Hour) // asleep: the uptime counts it
	if !clock.Now().Equal(m.wall) {
		t.Error("sleep was taken for a jump")
	}
	mark := clock.Mark()
	off := &machine{"b", time.Minute, m.wall.Add(30 * 24 * time.Hour)}
	after := off.clock()
	after.Remember(mark)
	if !after.Now().Equal(off.wall) || after.Refused() != 0 {
		t.Error("a month off was taken for a jump")
	}
	before := (&machine{"b", time.Minute, m.wall.Add(-30 * 24 * time.Hour)}).clock()
	before.Remember(mark)
	if got := before.Now(); got.Sub(mark.At).Abs() > Tolerance || before.Refused() > -29*24*time.Hour {
		t.Errorf("a clock that lies before what was written down was believed: %v", got)
	}
}

func TestAClockThatWasWrongFromTheStartMayBeSetRight(t *testing.T) {
	m := &machine{"a", time.Hour, noon.Add(5 * year)}
	clock := m.clock()
	clock.Now()
	m.pass(time.Minute)
	m.wall = noon
	if got := clock.Now(); !got.Equal(noon) || clock.Refused() != 0 {
		t.Errorf("set right after a minute, it is %v", got)
	}
	m.wall = earliest.Add(-year) // which cannot be right
	if got := clock.Now(); !got.Equal(noon) || clock.Refused() == 0 {
		t.Errorf("before this program was written it is %v", got)
	}
	m = &machine{"a", time.Hour, noon.Add(5 * year)}
	clock = m.clock()
	clock.Now()
	m.pass(time.Minute)
	again := m.clock()
	again.Remember(clock.Mark())
	m.wall = noon
	if got := again.Now(); !got.Equal(noon) {
		t.Errorf("set right by a restart, it is %v", got)
	}
}

func TestAnotherMachinesClockDecides(t *testing.T) {
	m := &machine{"a", time.Hour, noon.Add(5 * year)} // wrong from the start
	clock := m.clock()
	clock.Confirm(noon)
	if got := clock.Now(); !got.Equal(noon) {
		t.Errorf("the database says %v, and it was taken for %v", noon, got)
	}
	m.wall = noon.Add(time.Second) // set right
	if got := clock.Now(); !got.Equal(m.wall) || clock.Refused() != 0 {
		t.Errorf("set right, it is %v", got)
	}
	m.wall = noon.Add(3 * 24 * time.Hour) // a jump that is right: the machine was frozen, uptime and all
	clock.Now()
	clock.Confirm(m.wall)
	if got := clock.Now(); !got.Equal(m.wall) {
		t.Errorf("both say %v, and it was taken for %v", m.wall, got)
	}
	m = &machine{"a", time.Hour, noon.Add(year)}
	clock = m.clock()
	clock.Now() // read before anybody else was asked
	clock.Confirm(noon)
	if got := clock.Now(); !got.Equal(noon) || clock.Refused() != year {
		t.Errorf("the database says %v, and it was taken for %v", noon, got)
	}
	slow := (&machine{"a", time.Hour, noon.Add(-5 * year)}).clock()
	slow.Confirm(noon) // nothing is written ahead of it
	if got := slow.Now(); got.After(noon) {
		t.Errorf("it is %v", got)
	}
}
