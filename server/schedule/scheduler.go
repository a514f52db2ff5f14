// Package schedule does what is due by the clock: it starts and ends maintenance windows and reminds subscribers of
// them. Which times a series of windows has is said by its package recurrence; the use cases plan the windows.
package schedule

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// Change brings a command to the use cases, in the program's own name, under an idempotency key.
type Change func(ctx context.Context, orgID, key string, c page.Command, at time.Time) error

// Scheduler starts and ends maintenance windows at their times and reminds subscribers of them, at the primary.
//
// Whether a window has started is in the database and nowhere else, so a restart forgets nothing and a clock that jumps
// back starts nothing again: each step has one idempotency key for ever, and behind it the state machine refuses a
// second time.
type Scheduler struct {
	db     *store.DB
	change Change
	now    func() time.Time
	later  map[string]retry // windows whose step was refused
}

type retry struct {
	at   time.Time
	wait time.Duration
}

const (
	windowsAtOnce = 200
	firstRetry    = 2 * time.Second
	lastRetry     = 5 * time.Minute
)

// New makes one; nil is time.Now.
func New(db *store.DB, change Change, now func() time.Time) *Scheduler {
	if now == nil {
		now = time.Now
	}
	return &Scheduler{db: db, change: change, now: now, later: map[string]retry{}}
}

// The words that a window begins and ends with by itself.
const (
	startWords = "Scheduled maintenance is currently in progress. We will provide updates as necessary."
	endWords   = "The scheduled maintenance has been completed."
)

// Tick does what is due. It is called once a second, by one goroutine at a time.
func (s *Scheduler) Tick(ctx context.Context) {
	now, ctx := s.now(), store.Unasked(ctx)
	for _, step := range []func(context.Context, time.Time) error{s.remind, s.start, s.end} {
		if err := step(ctx, now); err != nil && ctx.Err() == nil {
			slog.Error("the scheduler stands still", "error", err)
			return
		}
	}
	for id, r := range s.later {
		if now.Sub(r.at) > 2*lastRetry {
			delete(s.later, id)
		}
	}
}

func (s *Scheduler) start(ctx context.Context, now time.Time) error {
	due, err := s.db.WindowsToStart(ctx, moment(now), windowsAtOnce)
	if err != nil {
		return err
	}
	for i := range due {
		w := &due[i]
		// One that has ended meanwhile, since nobody was here, is told once: that it is over.
		s.move(ctx, w, "start", status.InProgress, startWords, w.Quiet || w.Until <= moment(now), now)
	}
	return nil
}

func (s *Scheduler) end(ctx context.Context, now time.Time) error {
	due, err := s.db.WindowsToEnd(ctx, moment(now), windowsAtOnce)
	if err != nil {
		return err
	}
	for i := range due {
		s.move(ctx, &due[i], "end", status.Completed, endWords, due[i].Quiet, now)
	}
	return nil
}

// move takes a window one step on. It says which version of the window it saw, so that one whose time was changed at
// the last moment is looked at again.
func (s *Scheduler) move(ctx context.Context, w *store.Window, step string, to status.MaintenanceStatus, words string,
	quiet bool, now time.Time) {
	name := step + " " + w.ID
	if r, waits := s.later[name]; waits && now.Before(r.at) && now.After(r.at.Add(-2*r.wait)) {
		return
	}
	key, word := stepID(w, step), string(to)
	var tell *bool // what it does by itself is told, unless it was planned without a word
	if quiet {
		tell = new(bool)
	}
	err := s.change(ctx, w.OrgID, key, &page.EditMaintenance{
		ID: w.ID, UpdateID: stepID(w, step+" update"), Version: &w.Version, Status: &word, Message: &words,
		Notify: tell}, now)
	var refused *fault.Error
	switch {
	case err == nil:
		delete(s.later, name)
		slog.Info("maintenance", "step", step, "organization", w.OrgID, "maintenance", w.ID)
	case errors.As(err, &refused) && refused.Code == fault.Conflict && s.later[name].wait == 0:
		// most likely somebody edited it just now: it is read again at the next tick
		s.later[name] = retry{now, firstRetry}
	default:
		wait := min(max(firstRetry, 2*s.later[name].wait), lastRetry)
		s.later[name] = retry{now.Add(wait), wait}
		slog.Warn("a maintenance step failed", "step", step, "organization", w.OrgID, "maintenance", w.ID, "again_in",
			wait.String(), "error", err)
	}
}

// stepID is the same for a window's step whoever takes it, and whenever.
func stepID(w *store.Window, step string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("maintenance/"+w.OrgID+"/"+w.ID+"/"+step)).String()
}

// remind sends the reminders that are due. Of several for one window, since nobody was here, only the nearest is sent,
// and none once the window has begun.
func (s *Scheduler) remind(ctx context.Context, now time.Time) error {
	due, err := s.db.DueReminders(ctx, moment(now), windowsAtOnce)
	if err != nil {
		return err
	}
	nearest := map[string]int64{}
	for _, r := range due {
		id := r.OrgID + r.MaintenanceID
		if minutes, there := nearest[id]; !there || r.Minutes < minutes {
			nearest[id] = r.Minutes
		}
	}
	for _, r := range due {
		err := s.remindOne(ctx, r, nearest[r.OrgID+r.MaintenanceID] == r.Minutes, now)
		if store.IsUnreadable(err) {
			continue // it was said; the others are reminded
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Scheduler) remindOne(ctx context.Context, r store.Reminder, nearest bool, now time.Time) error {
	org := s.db.Org(r.OrgID)
	m, err := org.Maintenance(ctx, r.MaintenanceID)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return err
	}
	if err != nil || !nearest || m.Status != status.Scheduled || m.ScheduledFor <= moment(now) {
		return org.DropReminder(ctx, r)
	}
	state, err := org.State(ctx, moment(now))
	if err != nil {
		return err
	}
	reminder, audience := notify.Reminder(&m, &state, r.Minutes, moment(now))
	return org.TellReminder(ctx, r, reminder, audience)
}

func moment(t time.Time) status.Time { return status.Time(t.UnixMilli()) }
