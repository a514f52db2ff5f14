// Package pagetest writes random stories of a page for tests: commands that are mostly plausible, sometimes wrong in
// the ways in which people and programs are wrong. What rapid draws decides everything, so a story that failed can be
// told again.
package pagetest

import (
	"fmt"

	"pgregory.net/rapid"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Start is when every story begins: 2026-01-31T14:00:00Z.
const Start status.Time = 1_769_868_000_000

// Author makes the ids and the commands of one page's story. Authors of different Space share no id, so that their
// pages can stand in one database.
type Author struct {
	Space uint32
	n     uint64
}

// ID is a new UUID in the form of version 7, the same in every telling.
func (a *Author) ID() string {
	a.n++
	return fmt.Sprintf("%08x-%04x-7000-8000-%012x", a.Space, a.n>>48, a.n&0xffff_ffff_ffff)
}

// Birth is the event that a page begins with.
func (a *Author) Birth() page.Event {
	e, err := page.Create(a.ID(), fmt.Sprintf("page-%d", a.Space), "Acme", Start)
	if err != nil {
		panic(err)
	}
	return e
}

// Page is a new page of its own, with nothing on it yet.
func (a *Author) Page() page.State {
	e := a.Birth()
	return page.Evolve(page.State{}, &e)
}

// Later draws the next moment of a story: often soon, sometimes days later, now and then a clock that runs backwards.
func (a *Author) Later(t *rapid.T, at status.Time) status.Time {
	units := []status.Time{1, wire.Second, wire.Second, wire.Minute, wire.Minute, wire.Minute, wire.Hour, wire.Day}
	step := one(t, units, "unit") * status.Time(die(t, 50, "units")-1)
	return max(at+step, Start-wire.Day)
}

// Command draws the next command on a page.
func (a *Author) Command(t *rapid.T, s page.State, at status.Time) page.Command {
	if len(s.Services) == 0 {
		return a.createService(t, &s)
	}
	return one(t, plot, "kind")(a, t, &s, at)
}

type writer func(*Author, *rapid.T, *page.State, status.Time) page.Command

// plot holds each kind of command as often as it shall come up.
var plot = many(
	times{3, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command { return a.createService(t, s) }},
	times{5, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command { return a.editService(t, s) }},
	times{1, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command {
		c := &page.DeleteService{}
		c.Remove(a.service(t, s))
		return c
	}},
	times{6, func(a *Author, t *rapid.T, s *page.State, at status.Time) page.Command {
		return a.openIncident(t, s, at)
	}},
	times{1, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command { return a.correctUpdate(t, s) }},
	times{3, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command { return a.withdrawUpdate(t, s) }},
	times{8, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command { return a.updateIncident(t, s) }},
	times{4, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command { return a.editIncident(t, s) }},
	times{1, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command {
		c := &page.DeleteIncident{}
		c.Remove(a.incident(t, s))
		return c
	}},
	times{4, (*Author).planMaintenance},
	times{7, (*Author).editMaintenance},
	times{1, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command {
		c := &page.DeleteMaintenance{}
		c.Remove(a.maintenance(t, s))
		return c
	}},
	times{1, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command { return a.editPage(t, s) }},
	times{1, func(_ *Author, t *rapid.T, s *page.State, _ status.Time) page.Command {
		return &page.ProveHost{Hostname: pickOf(t, s.Org.Hostname, "other.acme.example"),
			Proved: pickOf(t, "yes", "no") == "yes"}
	}},
)

type times struct {
	n     int
	write writer
}

func many(list ...times) []writer {
	var out []writer
	for _, k := range list {
		for range k.n {
			out = append(out, k.write)
		}
	}
	return out
}

// die draws 0 to n-1, each about as often. rapid's own ranges prefer small numbers, and stories would be told of one
// service only.
func die(t *rapid.T, n int, what string) int {
	faces := 1
	for faces < 8*n {
		faces *= 2
	}
	x := 0
	for ; faces > 1; faces /= 2 {
		if x *= 2; rapid.Bool().Draw(t, what) {
			x++
		}
	}
	return x % n
}

// one draws a member of a list.
func one[T any](t *rapid.T, list []T, what string) T { return list[die(t, len(list), what)] }

// oneIn says yes once in n on average, and shrinks to no.
func oneIn(t *rapid.T, n int, what string) bool { return die(t, n, what) == n-1 }

// maybe draws a value that is there half of the time.
func maybe[T any](t *rapid.T, draw func() T, what string) *T {
	if !rapid.Bool().Draw(t, what) {
		return nil
	}
	x := draw()
	return &x
}
