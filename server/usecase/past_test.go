package usecase_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"statuspage/server/app/apptest"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// ledger is the story of one page as a simple mind keeps it: what each service was recorded to be in each second, and
// what each incident held.
type ledger struct {
	t        *rapid.T
	o        *apptest.Org
	at       status.Time // whole seconds
	start    status.Time
	services []string
	recorded map[string][]status.ServiceStatus // by second since start
	told     []*tale
}

// tale is an incident with what it held of each service in each second since its beginning.
type tale struct {
	id       string
	begun    status.Time
	ended    status.Time // 0 while it is active
	written  status.Time
	steps    []step
	excluded bool
	deleted  bool
}

type step struct {
	at   status.Time
	held map[string]status.ServiceStatus
}

// held is the last thing that was said of a service before a second was over.
func (x *tale) held(service string, second status.Time) status.ServiceStatus {
	state := status.Operational
	if x.deleted || second < x.begun || x.ended != 0 && second >= x.ended {
		return state
	}
	for i, s := range x.steps {
		if h, said := s.held[service]; said && (i == 0 || s.at <= second) {
			state = h
		}
	}
	return state
}

func (l *ledger) do(c page.Command) bool {
	_, err := l.o.App.UseCases.ChangeAt(context.Background(), usecase.Caller{System: true}, l.o.ID, c,
		time.UnixMilli(int64(l.at)))
	var no *fault.Error
	if err != nil && !errors.As(err, &no) {
		l.t.Fatalf("%s: %v", c.Kind(), err)
	}
	return err == nil
}

func (l *ledger) state() page.State {
	p, err := l.o.App.Relay.Page(context.Background(), l.o.ID)
	if err != nil {
		l.t.Fatal(err)
	}
	return p.State
}

// pass lets seconds go by, in which everything stays as it is.
func (l *ledger) pass(seconds int) {
	s := l.state()
	for _, id := range l.services {
		svc, _ := s.Service(id)
		for range seconds {
			l.recorded[id] = append(l.recorded[id], svc.Status)
		}
	}
	l.at += status.Time(seconds) * 1000
}

var rank = []status.ServiceStatus{status.Operational, status.UnderMaintenance, status.Degraded, status.Partial,
	status.Major}

func worst(a, b status.ServiceStatus) status.ServiceStatus {
	return rank[max(slices.Index(rank, a), slices.Index(rank, b))]
}

// counts is what a second counts as.
func (l *ledger) counts(service string, n int) status.ServiceStatus {
	second := l.start + status.Time(n)*1000
	was := l.recorded[service][n]
	rest, forgiven := status.Operational, false
	if was == status.UnderMaintenance {
		rest = was
	}
	for _, x := range l.told {
		h := x.held(service, second)
		if h == status.Operational {
			continue
		}
		if second < x.written {
			was = worst(was, h)
		}
		if x.excluded {
			forgiven = true
		} else {
			rest = worst(rest, h)
		}
	}
	if forgiven && worst(was, rest) == was {
		return rest
	}
	return was
}

func (l *ledger) check(after string) {
	s := l.state()
	for _, id := range l.services {
		svc, _ := s.Service(id)
		want := map[int64]*status.Tally{}
		for n := range l.recorded[id] {
			day := (l.start + status.Time(n)*1000).DayNumber()
			if want[day] == nil {
				want[day] = &status.Tally{Day: day}
			}
			switch l.counts(id, n) {
			case status.Degraded:
				want[day].Degraded += 1000
			case status.Partial:
				want[day].Partial += 1000
			case status.Major:
				want[day].Major += 1000
			case status.UnderMaintenance:
				want[day].Maintenance += 1000
			}
		}
		days, _ := status.Uptime(svc, 4, l.at, status.DefaultWeights)
		for _, d := range days {
			if w := want[d.Day]; w != nil && d.Tally != *w {
				l.t.Fatalf("after %s: service %s has %+v, counted second by second %+v", after, id, d.Tally, *w)
			}
		}
	}
}

func (l *ledger) pick(what string) string {
	return rapid.SampledFrom(l.services).Draw(l.t, what)
}

func (l *ledger) tale(which func(*tale) bool) *tale {
	var some []*tale
	for _, x := range l.told {
		if !x.deleted && which(x) {
			some = append(some, x)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return rapid.SampledFrom(some).Draw(l.t, "incident")
}

var trouble = []status.ServiceStatus{status.Degraded, status.Partial, status.Major}

func (l *ledger) open(back bool) string {
	c := &page.OpenIncident{ID: apptest.NewID(), Title: "Trouble"}
	x := &tale{id: c.ID, begun: l.at, written: l.at, steps: []step{{held: map[string]status.ServiceStatus{}}}}
	for _, id := range l.services {
		if rapid.Bool().Draw(l.t, "affected") {
			to := rapid.SampledFrom(trouble).Draw(l.t, "to_state")
			c.Services = append(c.Services, page.Move{ID: id, To: to})
			x.steps[0].held[id] = to
		}
	}
	if back {
		x.begun = l.start + status.Time(rapid.Int64Range(0, int64(l.at-l.start)/1000).Draw(l.t, "began"))*1000
		c.StartedAt = &x.begun
		if rapid.Bool().Draw(l.t, "over") && x.begun < l.at {
			x.ended = x.begun + status.Time(rapid.Int64Range(1, int64(l.at-x.begun)/1000).Draw(l.t, "lasted"))*1000
			c.ResolvedAt = &x.ended
		}
	}
	if l.do(c) {
		l.told = append(l.told, x)
	}
	return fmt.Sprintf("open, back %v", back)
}

func (l *ledger) act() string {
	word := func(s string) *string { return &s }
	active := func(x *tale) bool { return x.ended == 0 }
	over := func(x *tale) bool { return x.ended != 0 }
	switch rapid.IntRange(0, 9).Draw(l.t, "act") {
	case 0, 1:
		l.do(&page.EditService{ID: l.pick("service"),
			Status: word(string(rapid.SampledFrom(status.ServiceStatuses).Draw(l.t, "by hand")))})
		return "by hand"
	case 2:
		return l.open(false)
	case 3, 4:
		return l.open(true)
	case 5:
		if x := l.tale(active); x != nil && l.do(&page.UpdateIncident{ID: x.id, Status: "resolved"}) {
			x.ended = l.at
		}
		return "resolve"
	case 6:
		if x := l.tale(active); x != nil {
			id, to := l.pick("service"), rapid.SampledFrom(status.ServiceStatuses[:4]).Draw(l.t, "regrip")
			if l.do(&page.UpdateIncident{ID: x.id, Services: []page.Move{{ID: id, To: to}}}) {
				x.steps = append(x.steps, step{l.at, map[string]status.ServiceStatus{id: to}})
			}
		}
		return "regrip"
	case 7, 8:
		if x := l.tale(over); x != nil {
			reason := "Not our fault."
			if x.excluded {
				reason = ""
			}
			if l.do(&page.EditIncident{ID: x.id, Excluded: &reason}) {
				x.excluded = !x.excluded
			}
		}
		return "exclude"
	}
	if x := l.tale(func(*tale) bool { return true }); x != nil {
		c := &page.DeleteIncident{}
		c.Remove(x.id, nil)
		x.deleted = l.do(c)
	}
	return "delete"
}

// Over midnight, overlaps, back-dated incidents, recoveries, exclusions and deletions.
func TestUptimeAgreesWithCountingEverySecond(t *testing.T) {
	site := apptest.Start(t, nil)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		begin := time.Date(2026, 3, 9, 23, 40, 0, 0, time.UTC)
		l := &ledger{t: rt, o: site.Org(fmt.Sprintf("page-%d", n), begin), at: status.Time(begin.UnixMilli()),
			recorded: map[string][]status.ServiceStatus{}}
		l.start = l.at
		for i := range rapid.IntRange(1, 2).Draw(rt, "services") {
			l.services = append(l.services, l.o.Service(begin, "", fmt.Sprint("Service ", i)))
		}
		for range rapid.IntRange(1, 40).Draw(rt, "acts") {
			l.pass(rapid.SampledFrom([]int{0, 1, 20, 137, 400, 900}).Draw(rt, "seconds"))
			what := l.act()
			l.check(what)
		}
		l.pass(60)
		l.check("a minute")
		// Whoever reads the page from the tables sees the same.
		read, err := l.o.App.DB.Org(l.o.ID).State(context.Background(), l.at)
		if err != nil {
			rt.Fatal(err)
		}
		now := l.state()
		for _, id := range l.services {
			a, _ := now.Service(id)
			b, _ := read.Service(id)
			if fmt.Sprint(a.Days, a.BookedUntil()) != fmt.Sprint(b.Days, b.BookedUntil()) {
				rt.Fatalf("in memory %+v, in the tables %+v", a, b)
			}
		}
	})
}
