package usecase

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	draftsAtOnce    = 100
	firstDraftRetry = 2 * time.Second
	lastDraftRetry  = 5 * time.Minute
)

// DueDrafts publishes drafts at their times, at the primary. What is due is in the database and nowhere else. A draft
// ends in the batch of its events, so that neither a restart nor a person who is as fast publishes it twice.
type DueDrafts struct {
	d     *UseCases
	later map[string]draftRetry // those that a fault is in the way of
}

type draftRetry struct {
	at   time.Time
	wait time.Duration
}

// NewDueDrafts makes what publishes drafts at their times.
func NewDueDrafts(d *UseCases) *DueDrafts { return &DueDrafts{d: d, later: map[string]draftRetry{}} }

// Tick publishes what is due. It is called once a second, by one goroutine at a time.
func (s *DueDrafts) Tick(ctx context.Context) {
	now, ctx := s.d.now(), store.Unasked(ctx)
	due, err := s.d.db.DueDrafts(ctx, status.Time(now.UnixMilli()), draftsAtOnce)
	if err != nil {
		if ctx.Err() == nil {
			slog.Error("drafts that are due wait", "error", err)
		}
		return
	}
	still := map[string]draftRetry{}
	for i := range due {
		x := &due[i]
		r, waits := s.later[x.ID]
		if !waits || !now.Before(r.at) {
			if err := s.publish(ctx, x, now, waits); err != nil {
				wait := min(max(firstDraftRetry, 2*r.wait), lastDraftRetry)
				r, waits = draftRetry{now.Add(wait), wait}, true
				slog.Warn("a draft that is due waits", "organization", x.OrgID, "draft", x.ID, "again_in", wait.String(),
					"error", err)
			} else {
				waits = false
			}
		}
		if waits {
			still[x.ID] = r
		}
	}
	s.later = still
}

// publish publishes one, or holds it where it may not be; an error is a fault, after which it is tried again. A
// conflict is tried a second time: most likely somebody changed the page just now.
func (s *DueDrafts) publish(ctx context.Context, due *store.DueDraft, now time.Time, again bool) error {
	d := s.d
	x, err := d.draft(ctx, due.OrgID, due.ID, nil)
	if err != nil {
		return err
	}
	if x.State == store.Published || x.DueAt == nil || int64(*x.DueAt) > now.UnixMilli() {
		return nil // somebody was faster
	}
	var refused *fault.Error
	switch {
	case now.UnixMilli()-int64(*x.DueAt) > MaxDraftLate.Milliseconds():
		return s.hold(ctx, due.OrgID, x, "It was due at "+x.DueAt.String()+
			", when nothing could be published, and it was too late afterwards.")
	case !due.Allowed:
		return s.hold(ctx, due.OrgID, x, "Who set its time may not publish any more.")
	}
	err = d.mayPublish(ctx, due.OrgID, &x)
	if err == nil {
		_, err = d.bringDraft(ctx, Caller{System: true}, due.OrgID, x)
		if errors.As(err, &refused) && (refused.Code == fault.Unavailable || refused.Code == fault.Conflict && !again) {
			return err
		}
	}
	if errors.As(err, &refused) {
		return s.hold(ctx, due.OrgID, x, sentence(refused))
	}
	return err
}

// hold takes a draft's time away and says why, to the team and to its author.
func (s *DueDrafts) hold(ctx context.Context, orgID string, x store.Draft, why string) error {
	d, org, before := s.d, s.d.db.Org(orgID), x
	now := d.now()
	x.DueAt, x.Scheduler, x.Problem = nil, "", why
	x.UpdatedAt, x.Version = status.Time(now.UnixMilli()), x.Version+1
	var b store.Batch
	org.KeepDraft(&b, &x)
	org.AddAudit(&b, Caller{System: true}.audit("hold_draft", "draft", x.ID, string(encode(draftState{&before})),
		string(encode(draftState{&x})), now))
	m := d.teamMessage(&notify.TeamNote{Event: "draft", Title: "A draft was not published: " + draftTitle(&x), Text: why,
		Source: "draft/" + x.ID, URL: d.draftURL(x.ID)}, "draft/"+x.ID+"/held/"+wire.Itoa(x.Version), "proposal")
	if people := strings.Fields(x.People); len(people) > 0 {
		m.User = people[0]
	}
	org.TellTeam(&b, m)
	err := d.db.Do(ctx, &b)
	if store.Overtaken(err) {
		return nil // it is another draft by now
	}
	if err == nil {
		d.Told()
	}
	return err
}
