package notify_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"statuspage/server/schedule"
	"statuspage/server/usecase"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// window plans one on the Web service.
func (o *org) window(from, until time.Time, notify bool) string {
	c := &page.PlanMaintenance{ID: newID(), Title: "Disks", Services: []string{o.web},
		ScheduledFor: status.Time(from.UnixMilli()), ScheduledUntil: status.Time(until.UnixMilli())}
	if !notify {
		c.Notify = &notify
	}
	o.do(c)
	return c.ID
}

// steps is what happened to a window, from the log.
func (o *org) steps(id string) (out []string) {
	o.Helper()
	events, err := o.EventsSince(ctx, 0, 1000)
	if err != nil {
		o.Fatal(err)
	}
	for _, e := range events {
		if e.Maintenance != nil && e.Maintenance.ID == id {
			out = append(out, string(e.Maintenance.Status))
		}
	}
	return out
}

func (o *org) want(id string, steps ...string) {
	o.Helper()
	if got := o.steps(id); fmt.Sprint(got) != fmt.Sprint(steps) {
		o.Errorf("at %s the window went %v, not %v", o.clock.now().Format(time.RFC3339), got, steps)
	}
}

// told is what was put on its way, oldest first.
func (o *org) told() string {
	o.Helper()
	kinds := o.ask(`SELECT kind FROM messages WHERE org_id = ? ORDER BY id`, o.id)
	return strings.ReplaceAll(strings.Join(kinds, " "), "maintenance.", "")
}

func (s *stage) tick(at time.Time) {
	s.clock.jump(at)
	s.scheduler.Tick(ctx)
}

var noon = time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)

func TestAWindowStartsAndEndsByItselfOnceWhateverTheClockAndTheProcessDo(t *testing.T) {
	s := open(t, noon)
	o := s.org("acme")
	o.people(1)
	from, until := noon.Add(48*time.Hour), noon.Add(50*time.Hour)
	id := o.window(from, until, true)
	s.tick(from.Add(-time.Second))
	o.want(id, "scheduled")
	s.tick(from.Add(10 * time.Millisecond))
	o.want(id, "scheduled", "in_progress")
	s.tick(from.Add(time.Second))
	s.process = s.start() // a restart
	s.tick(from.Add(2 * time.Second))
	s.tick(from.Add(-time.Hour)) // the clock jumps back before the start
	s.process = s.start()
	s.tick(from.Add(-time.Hour))
	s.tick(from.Add(3 * time.Second))
	o.want(id, "scheduled", "in_progress")
	s.tick(until.Add(24 * time.Hour)) // and forward over the end
	s.tick(until.Add(-time.Minute))   // and back
	s.process = s.start()
	s.tick(until.Add(time.Second))
	s.tick(until.Add(100 * time.Hour)) // also when nobody remembers the keys any more
	o.want(id, "scheduled", "in_progress", "completed")
	if m, err := o.Maintenance(ctx, id); err != nil || m.StartedAt == nil || m.CompletedAt == nil ||
		len(m.Updates) != 2 || !strings.Contains(m.Updates[1].Body, "completed") {
		t.Errorf("%+v %v", m, err)
	}
	if got := o.told(); got != "planned reminder started completed" {
		t.Errorf("told %s", got)
	}
	state, err := o.State(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if web, _ := state.Service(o.web); web.Status != status.Operational {
		t.Errorf("the service is %s", web.Status)
	}
}

func TestAWindowThatPassedWhileNobodyWasHereIsStartedAndCompleted(t *testing.T) {
	s := open(t, noon)
	o, other := s.org("acme"), s.org("other")
	o.people(1)
	id := o.window(noon.Add(30*time.Minute), noon.Add(time.Hour), true)
	open := o.window(noon.Add(30*time.Minute), noon.Add(100*time.Hour), true)
	theirs := other.window(noon.Add(time.Hour), noon.Add(2*time.Hour), true)
	s.process = s.start()
	s.tick(noon.Add(10 * time.Hour))
	o.want(id, "scheduled", "in_progress", "completed")
	o.want(open, "scheduled", "in_progress")
	other.want(theirs, "scheduled", "in_progress", "completed")
	if got := o.told(); got != "planned planned started completed" { // of the first only that it is over
		t.Errorf("told %s", got)
	}
}

func TestSeveralSchedulersStepOnce(t *testing.T) {
	s := open(t, noon)
	o := s.org("acme")
	o.people(1)
	var ids []string
	for range 5 {
		ids = append(ids, o.window(noon.Add(10*time.Minute), noon.Add(20*time.Minute), true))
	}
	processes := []*process{s.process, s.start(), s.start()}
	for _, at := range []time.Duration{11 * time.Minute, 21 * time.Minute} {
		s.clock.jump(noon.Add(at))
		for range 3 {
			var all sync.WaitGroup
			for _, p := range processes {
				all.Go(func() { p.scheduler.Tick(ctx) })
			}
			all.Wait()
		}
	}
	// Whoever was refused because another was faster looks again.
	s.tick(noon.Add(25 * time.Minute))
	for _, id := range ids {
		o.want(id, "scheduled", "in_progress", "completed")
	}
	if got := o.told(); strings.Count(got, "started") != 5 || strings.Count(got, "completed") != 5 {
		t.Errorf("told %s", got)
	}
}

func TestRemindersComeADayAndAnHourBeforeIfTheWindowWasPlannedEarlier(t *testing.T) {
	for _, x := range []struct {
		what    string
		planned time.Duration // before the start
		ticks   []time.Duration
		want    string
	}{
		{"two days before", 48 * time.Hour, []time.Duration{30 * time.Hour, 23 * time.Hour, 23 * time.Hour,
			2 * time.Hour, 59 * time.Minute, 58 * time.Minute}, "planned reminder reminder"},
		{"ten hours before", 10 * time.Hour, []time.Duration{9 * time.Hour, 59 * time.Minute, 30 * time.Minute},
			"planned reminder"},
		{"half an hour before", 30 * time.Minute, []time.Duration{20 * time.Minute, time.Minute}, "planned"},
		{"nobody was here in the last day", 48 * time.Hour, []time.Duration{30 * time.Hour, 40 * time.Minute,
			20 * time.Minute}, "planned reminder"},
		{"nobody was here until it had begun", 48 * time.Hour, []time.Duration{30 * time.Hour, -5 * time.Minute},
			"planned started"},
		{"the clock jumps back", 48 * time.Hour, []time.Duration{23 * time.Hour, 30 * time.Hour, 23 * time.Hour,
			22 * time.Hour}, "planned reminder"},
	} {
		t.Run(x.what, func(t *testing.T) {
			start := noon.Add(72 * time.Hour)
			s := open(t, start.Add(-x.planned))
			o := s.org("acme")
			o.people(1)
			o.window(start, start.Add(time.Hour), true)
			for _, before := range x.ticks {
				s.process = s.start()
				s.tick(start.Add(-before))
				s.scheduler.Tick(ctx)
			}
			if got := o.told(); got != x.want {
				t.Errorf("told %q, not %q", got, x.want)
			}
		})
	}
}

func TestRemindersFollowTheWindow(t *testing.T) {
	start := noon.Add(72 * time.Hour)
	plan := func(t *testing.T) (*org, string) {
		s := open(t, noon)
		o := s.org("acme")
		o.people(1)
		return o, o.window(start, start.Add(time.Hour), true)
	}
	t.Run("to its new time", func(t *testing.T) {
		o, id := plan(t)
		later := start.Add(48 * time.Hour)
		o.do(&page.EditMaintenance{ID: id, ScheduledFor: ptr(status.Time(later.UnixMilli())),
			ScheduledUntil: ptr(status.Time(later.Add(time.Hour).UnixMilli()))})
		o.tick(start.Add(-23 * time.Hour))
		if got := o.told(); got != "planned rescheduled" {
			t.Errorf("told %s", got)
		}
		o.tick(later.Add(-23 * time.Hour))
		if got := o.told(); got != "planned rescheduled reminder" {
			t.Errorf("told %s", got)
		}
	})
	t.Run("not after it was cancelled", func(t *testing.T) {
		o, id := plan(t)
		o.do(&page.EditMaintenance{ID: id, Status: ptr("cancelled")})
		o.tick(start.Add(-23 * time.Hour))
		if got := o.told(); got != "planned cancelled" {
			t.Errorf("told %s", got)
		}
	})
	t.Run("not after it was deleted", func(t *testing.T) {
		o, id := plan(t)
		c := &page.DeleteMaintenance{}
		c.Remove(id, nil)
		o.do(c)
		o.tick(start.Add(-23 * time.Hour))
		o.tick(start.Add(time.Second))
		if got := o.told(); got != "planned deleted" {
			t.Errorf("told %s", got)
		}
		o.want(id, "scheduled", "scheduled")
	})
	t.Run("to those who chose the service", func(t *testing.T) {
		o, _ := plan(t)
		in := usecase.Import{Consent: true, Emails: []string{"web@example.com"}, Services: []string{o.web}}
		if _, err := o.cases.ImportSubscribers(ctx, usecase.Caller{System: true}, o.id, in); err != nil {
			t.Fatal(err)
		}
		in.Emails, in.Services = []string{"api@example.com"}, []string{o.api}
		if _, err := o.cases.ImportSubscribers(ctx, usecase.Caller{System: true}, o.id, in); err != nil {
			t.Fatal(err)
		}
		o.run(o.worker)
		o.mail.Wait(t, 1) // who was there when it was planned
		o.tick(start.Add(-23 * time.Hour))
		o.settled()
		o.mail.Wait(t, 3)
		if len(o.mail.To("web@example.com")) != 1 || len(o.mail.To("api@example.com")) != 0 {
			t.Errorf("%d and %d letters", len(o.mail.To("web@example.com")), len(o.mail.To("api@example.com")))
		}
	})
}

func TestAWindowThatWasPlannedWithoutAWordStaysQuiet(t *testing.T) {
	s := open(t, noon)
	o := s.org("acme")
	o.people(1)
	id := o.window(noon.Add(48*time.Hour), noon.Add(49*time.Hour), false)
	later := noon.Add(72 * time.Hour)
	quiet := false
	o.do(&page.EditMaintenance{ID: id, ScheduledFor: ptr(status.Time(later.UnixMilli())),
		ScheduledUntil: ptr(status.Time(later.Add(time.Hour).UnixMilli())), Notify: &quiet})
	s.tick(later.Add(-23 * time.Hour))
	s.tick(later.Add(time.Second))
	s.tick(later.Add(2 * time.Hour))
	o.want(id, "scheduled", "scheduled", "in_progress", "completed")
	if got := o.told(); got != "" {
		t.Errorf("told %s", got)
	}
}

// late is a change between the scheduler's look and its step.
func TestAWindowThatIsPutOffAtTheLastMomentDoesNotStart(t *testing.T) {
	s := open(t, noon)
	o := s.org("acme")
	id := o.window(noon.Add(time.Hour), noon.Add(2*time.Hour), true)
	put := func() {
		o.do(&page.EditMaintenance{ID: id, ScheduledFor: ptr(status.Time(noon.Add(5 * time.Hour).UnixMilli())),
			ScheduledUntil: ptr(status.Time(noon.Add(6 * time.Hour).UnixMilli()))})
	}
	s.scheduler = schedule.New(s.db, lateChange(s, put), s.clock.now)
	s.tick(noon.Add(61 * time.Minute))
	s.tick(noon.Add(62 * time.Minute))
	o.want(id, "scheduled", "scheduled")
	s.tick(noon.Add(301 * time.Minute))
	o.want(id, "scheduled", "scheduled", "in_progress")
}

// Windows are moments, whatever the clock on the wall does: in the night of 25 October 2026 the hour from two to three
// comes twice in Berlin, in that of 28 March 2027 it does not come at all.
func TestAWindowKeepsItsTimeAcrossADSTChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		from, until time.Time
		lasts       time.Duration
	}{
		{time.Date(2026, 10, 25, 1, 30, 0, 0, berlin), time.Date(2026, 10, 25, 3, 30, 0, 0, berlin), 3 * time.Hour},
		{time.Date(2027, 3, 28, 1, 30, 0, 0, berlin), time.Date(2027, 3, 28, 3, 30, 0, 0, berlin), time.Hour},
	} {
		if x.until.Sub(x.from) != x.lasts {
			t.Fatalf("from %s to %s is %s", x.from, x.until, x.until.Sub(x.from))
		}
		s := open(t, x.from.Add(-26*time.Hour))
		o := s.org("acme")
		o.people(1)
		o.do(&page.EditPage{TimeZone: ptr("Europe/Berlin")})
		id := o.window(x.from, x.until, true)
		s.clock.jump(x.from.Add(-24*time.Hour - time.Minute))
		for now := s.clock.now(); now.Before(x.until.Add(time.Minute)); now = now.Add(15 * time.Minute) {
			s.tick(now.In(berlin))
			m, err := o.Maintenance(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			want := status.Scheduled
			if !now.Before(x.from) {
				want = status.InProgress
			}
			if !now.Before(x.until) {
				want = status.Completed
			}
			if m.Status != want {
				t.Errorf("at %s it is %s, not %s", now.In(berlin), m.Status, want)
			}
		}
		s.tick(x.until.Add(time.Second))
		if got := o.told(); got != "planned reminder reminder started completed" {
			t.Errorf("told %s", got)
		}
	}
}
