package usecase

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Limits of drafts.
const (
	MaxDrafts       = 100     // of an organisation that are not published
	KeptDrafts      = 100     // that were published, of an organisation
	MaxDraft        = 100_000 // bytes of a draft's command
	MaxDraftNote    = 2_000   // characters of a note, and of the words of an approval
	MaxDraftAhead   = 366 * 24 * time.Hour
	MaxDraftLate    = time.Hour // after that one is not published by itself any more
	maxDraftProblem = 1_000     // characters of the sentence why one was not published
)

// draftable says whether a command may wait as a draft: one of the page that people are told of in words.
func draftable(s *page.Spec) bool {
	return s.Method != "" && s.Who == page.Writers && s.Hears == page.AsAsked
}

// DraftKinds are the commands that a draft may hold.
func DraftKinds() (kinds []string) {
	for i := range page.Commands {
		if draftable(&page.Commands[i]) {
			kinds = append(kinds, page.Commands[i].Kind)
		}
	}
	return kinds
}

// DraftText is what somebody writes of a draft; what is nil stays.
type DraftText struct {
	ReadVersion
	ID      *string
	Command wire.JSON // with its kind
	Note    *string
}

// Wire is the body of POST and PATCH drafts.
func (t *DraftText) Wire(f *wire.Fields) {
	f.OptStr("id", &t.ID)
	f.OptInt("version", &t.Version)
	f.JSON("command", &t.Command)
	f.OptStr("note", &t.Note)
}

// DraftStep is a step that somebody takes with a draft as they read it.
type DraftStep struct {
	ReadVersion
	Member string       // that its body may have beside the version: words, due_at, or ""
	Words  string       // of who approves it
	DueAt  *status.Time // when it is to be published by itself; nil is not by itself
}

// Wire is the body of the steps, with the members that each has.
func (t *DraftStep) Wire(f *wire.Fields) {
	f.OptInt("version", &t.Version)
	switch t.Member {
	case "words":
		f.Str("words", &t.Words)
	case "due_at":
		f.NullTime("due_at", &t.DueAt)
	}
}

// onto writes what was said over what is there. A command gets the ids of what it makes now, so that it makes nothing
// twice.
func (t *DraftText) onto(x *store.Draft) *fault.Error {
	set(&x.Note, t.Note)
	var c status.Checks
	c.Made("id", x.ID)
	c.Text("note", x.Note, MaxDraftNote, false)
	if t.Command == nil {
		c.That(x.Command != nil, "command", "Say what is to be published: command.")
		return c.Err()
	}
	command, no := page.UnmarshalCommand(t.Command)
	if no == nil {
		c.OneOf("command.kind", command.Kind(), draftable(page.Known(command)), DraftKinds())
		page.FillIDs(command, newID)
		no = page.CheckMade(command)
	}
	if no != nil {
		return fault.Together(c.Err(), within("command.", no))
	}
	if spec := page.Known(command); spec.Effect != page.Creates {
		c.ID("command."+page.PartsOf(command).ID.Field, page.TargetOf(command))
	}
	x.Command = page.MarshalCommand(command)
	c.That(len(x.Command) <= MaxDraft, "command", "A draft may have %s bytes at most.", wire.Itoa(MaxDraft))
	return c.Err()
}

// within says of a refusal's fields where they stand.
func within(where string, no *fault.Error) *fault.Error {
	moved := *no
	moved.Fields = slices.Clone(no.Fields)
	for i := range moved.Fields {
		moved.Fields[i].Name = where + moved.Fields[i].Name
	}
	return &moved
}

// sign is the caller's signature, now.
func (d *UseCases) sign(by Caller) store.Signature {
	id := by.actor()
	return store.Signature{ID: id, Name: by.name(), At: status.Time(d.now().UnixMilli())}
}

// write makes the caller the draft's author: nobody has approved it as it is now.
func (d *UseCases) write(ctx context.Context, by Caller, org *store.Org, x *store.Draft) error {
	people := []string{by.Who.ID}
	if by.Who.Kind == auth.KindKey {
		var err error
		if people, err = org.PeopleBehind(ctx, by.Who.ID); err != nil {
			return err
		}
	}
	x.Author, x.People = d.sign(by), strings.Join(people, " ")
	x.State, x.Approval, x.Words, x.Problem = store.Drafted, nil, "", ""
	x.UpdatedAt = x.Author.At
	return nil
}

// CreateDraft keeps a new draft.
func (d *UseCases) CreateDraft(ctx context.Context, by Caller, orgID string, text DraftText) (store.Draft, error) {
	return once(ctx, d, by, orgID, func(b *store.Batch) (store.Draft, error) {
		org := d.db.Org(orgID)
		x := store.Draft{ID: newID(), CreatedAt: status.Time(d.now().UnixMilli()), Version: 1}
		set(&x.ID, text.ID)
		if no := text.onto(&x); no != nil {
			return x, no
		}
		if err := d.write(ctx, by, org, &x); err != nil {
			return x, err
		}
		org.Room(b, store.CountDrafts, MaxDrafts,
			fault.New(fault.Conflict, "There are %s drafts already, which is the limit.", wire.Itoa(MaxDrafts)))
		b.Taken("drafts.id",
			fault.New(fault.Conflict, "There is a draft with this id already.").With("id", "This id is taken."))
		org.AddDraft(b, &x)
		org.AddAudit(b, by.audit("create_draft", "draft", x.ID, "", string(encode(&x)), d.now()))
		return x, nil
	})
}

// draftState is a draft as the audit log keeps what became of it: without its words, which do not change.
type draftState struct{ *store.Draft }

func (s draftState) Wire(f *wire.Fields) { s.WireState(f) }

// step changes a draft that is not published, once: as, under the name of the action, is what it does. A step that
// changes nothing leaves it as it is.
func (d *UseCases) step(ctx context.Context, by Caller, orgID, id string, version *int64, action string,
	as func(*store.Batch, *store.Org, *store.Draft) error) (store.Draft, error) {
	x, err := once(ctx, d, by, orgID, func(b *store.Batch) (store.Draft, error) {
		x, err := d.openDraft(ctx, orgID, id, version)
		if err != nil {
			return x, err
		}
		org, before := d.db.Org(orgID), x
		if err := as(b, org, &x); err != nil {
			return before, err
		}
		if string(encode(&x)) == string(encode(&before)) {
			return x, nil
		}
		x.Version++
		x.UpdatedAt = status.Time(d.now().UnixMilli())
		org.KeepDraft(b, &x)
		was, is := encode(draftState{&before}), encode(draftState{&x})
		if action == "edit_draft" {
			was, is = encode(&before), encode(&x)
		}
		org.AddAudit(b, by.audit(action, "draft", id, string(was), string(is), d.now()))
		return x, nil
	})
	return x, d.overtaken(ctx, orgID, id, err)
}

// EditDraft changes a draft. Whoever does is its author from then on, and an approval is void.
func (d *UseCases) EditDraft(ctx context.Context, by Caller, orgID, id string, text DraftText) (store.Draft, error) {
	return d.step(ctx, by, orgID, id, text.Version, "edit_draft",
		func(_ *store.Batch, org *store.Org, x *store.Draft) error {
			command, note := string(x.Command), x.Note
			if no := text.onto(x); no != nil {
				return no
			}
			if string(x.Command) == command && x.Note == note {
				return nil
			}
			return d.write(ctx, by, org, x)
		})
}

// DeleteDraft discards a draft, or the record of one that was published.
func (d *UseCases) DeleteDraft(ctx context.Context, by Caller, orgID, id string, version *int64) error {
	_, err := once(ctx, d, by, orgID, func(b *store.Batch) (store.Draft, error) {
		x, err := d.draft(ctx, orgID, id, version)
		if err != nil {
			return x, err
		}
		org := d.db.Org(orgID)
		org.DeleteDraft(b, &x)
		org.AddAudit(b, by.audit("discard_draft", "draft", id, string(encode(&x)), "", d.now()))
		return x, nil
	})
	return d.overtaken(ctx, orgID, id, err)
}

// AskReview hands a draft to a second person: the team is told.
func (d *UseCases) AskReview(ctx context.Context, by Caller, orgID, id string, step DraftStep) (store.Draft, error) {
	x, err := d.step(ctx, by, orgID, id, step.Version, "ask_review",
		func(b *store.Batch, org *store.Org, x *store.Draft) error {
			switch x.State {
			case store.InReview:
				return nil
			case store.Approved:
				return fault.New(fault.Conflict, "This draft is approved already.")
			}
			x.State = store.InReview
			d.tellTeam(org, b, &notify.TeamNote{Event: "draft", Title: "A draft waits for a second person: " + draftTitle(x),
				Text: x.Note, Source: "draft/" + id, URL: d.draftURL(id)}, "draft/"+id+"/review/"+wire.Itoa(x.Version), "proposal")
			return nil
		})
	if err == nil {
		d.Told()
	}
	return x, err
}

// ApproveDraft says that a draft may be published as it is. Only a person does who is not behind its author, and only
// as they read it: any change of it voids the approval.
func (d *UseCases) ApproveDraft(ctx context.Context, by Caller, orgID, id string, step DraftStep) (store.Draft, error) {
	if by.Who.Kind != auth.KindUser {
		return store.Draft{}, fault.New(fault.Forbidden, "Only a person approves a draft, not an API key.")
	}
	var c status.Checks
	c.Text("words", step.Words, MaxDraftNote, false)
	c.That(step.Version != nil, "version", "Say which version you have read: version, or If-Match.")
	if no := c.Err(); no != nil {
		return store.Draft{}, no
	}
	return d.step(ctx, by, orgID, id, step.Version, "approve_draft",
		func(_ *store.Batch, _ *store.Org, x *store.Draft) error {
			people := strings.Fields(x.People)
			switch {
			case len(people) == 0:
				return fault.New(fault.Conflict, "Nobody can tell who is behind the key that wrote this draft. "+
					"It can be approved when a person has saved it.")
			case slices.Contains(people, by.Who.ID):
				return fault.New(fault.Forbidden, "You wrote this draft: a second person has to approve it.")
			case x.State != store.InReview:
				return fault.New(fault.Conflict, "This draft is not in review: it is %s.", draftWord(x.State))
			}
			by := d.sign(by)
			x.State, x.Approval, x.Words = store.Approved, &by, step.Words
			return nil
		})
}

func draftWord(s store.DraftState) string {
	if s == store.Drafted {
		return "still a draft"
	}
	return string(s)
}

// PublishDraft brings a draft's command, decided on the state now, and ends the draft in the batch of its events. What
// is refused stays a draft, with the sentence.
func (d *UseCases) PublishDraft(ctx context.Context, by Caller, orgID, id string,
	version *int64) (store.Draft, error) {
	if err := by.mayEdit(orgID); err != nil {
		return store.Draft{}, err
	}
	x, err := d.draft(ctx, orgID, id, nil)
	if err == nil && x.State == store.Published {
		if _, known, before := d.answered(ctx, by, orgID); known || before != nil {
			return x, before // this key published it
		}
		return x, published(&x)
	}
	if err == nil {
		x, err = d.draft(ctx, orgID, id, version)
	}
	if err != nil {
		return x, err
	}
	if err := d.mayPublish(ctx, orgID, &x); err != nil {
		return x, err
	}
	done, err := d.bringDraft(ctx, by, orgID, x)
	var refused *fault.Error
	if errors.As(err, &refused) && refused.Code != fault.Unavailable {
		x.Problem = sentence(refused)
		var b store.Batch
		org := d.db.Org(orgID)
		org.ProblemOfDraft(&b, &x)
		if failed := d.db.Do(ctx, &b); failed != nil {
			slog.Warn("why a draft was refused is not kept", "error", failed)
		}
	}
	return done, err
}

// mayPublish refuses a draft without an approval where the organisation asks for one.
func (d *UseCases) mayPublish(ctx context.Context, orgID string, x *store.Draft) error {
	if x.Approval != nil {
		return nil
	}
	asks, err := d.db.Org(orgID).AsksSecond(ctx)
	if err == nil && asks {
		return fault.New(fault.Conflict, "Drafts of this organisation are published when a second person has approved them.")
	}
	return err
}

// bringDraft brings the command of a draft that may be published.
func (d *UseCases) bringDraft(ctx context.Context, by Caller, orgID string, x store.Draft) (store.Draft, error) {
	c, no := page.UnmarshalCommand(x.Command)
	if no != nil {
		return x, no
	}
	org, before, ended := d.db.Org(orgID), x, false
	end := func(b *store.Batch) {
		ended, x = true, before
		sign := d.sign(by)
		x.State, x.Publication, x.Problem, x.DueAt = store.Published, &sign, "", nil
		x.Scheduler = ""
		x.UpdatedAt, x.Version = sign.At, before.Version+1
		org.PublishDraft(b, &x, KeptDrafts)
		d.tellTeam(org, b, &notify.TeamNote{Event: store.Up, Title: "The draft is published: " + draftTitle(&x),
			Source: "draft/" + x.ID, URL: d.draftURL(x.ID)}, "draft/"+x.ID+"/published")
		org.AddAudit(b, by.audit("publish_draft", "draft", x.ID, string(encode(draftState{&before})),
			string(encode(draftState{&x})), d.now()))
	}
	by.Beside = end
	_, err := d.Change(ctx, by, orgID, c)
	if err == nil && !ended {
		if now, read := d.draft(ctx, orgID, x.ID, nil); read != nil || now.State == store.Published {
			return now, read // the key had done it before
		}
		var b store.Batch // it changes nothing any more
		end(&b)
		err = d.db.Do(ctx, &b)
	}
	if err == nil {
		d.Told()
		return x, nil
	}
	if now, read := d.draft(ctx, orgID, x.ID, nil); read == nil && now.State == store.Published {
		return now, published(&now) // the schema may have said first that what it makes is there
	}
	return before, d.overtaken(ctx, orgID, x.ID, err)
}

// sentence is what a refusal says, with what it says of fields.
func sentence(no *fault.Error) string {
	s := no.Message
	for _, f := range no.Fields {
		if !strings.Contains(s, f.Message) {
			s += " " + f.Message
		}
	}
	if r := []rune(s); len(r) > maxDraftProblem {
		return string(r[:maxDraftProblem-1]) + "…"
	}
	return s
}

func published(x *store.Draft) *fault.Error {
	if x.Publication == nil {
		return fault.New(fault.Conflict, "This draft is published already.")
	}
	return fault.New(fault.Conflict, "%s has published this draft already.", x.Publication.Name)
}

// overtaken says what became of a draft that somebody else was faster with.
func (d *UseCases) overtaken(ctx context.Context, orgID, id string, err error) error {
	if !store.Overtaken(err) {
		return err
	}
	x, read := d.draft(ctx, orgID, id, nil)
	switch {
	case read != nil:
		return read
	case x.State == store.Published:
		return published(&x)
	}
	return cmp.Or(d.mayPublish(ctx, orgID, &x),
		error(fault.New(fault.Conflict, "Somebody else has changed this draft just now. Please read it again.")))
}

// ScheduleDraft says when a draft is published by itself; no time is not by itself. It voids no approval.
func (d *UseCases) ScheduleDraft(ctx context.Context, by Caller, orgID, id string,
	step DraftStep) (store.Draft, error) {
	return d.step(ctx, by, orgID, id, step.Version, "schedule_draft",
		func(_ *store.Batch, _ *store.Org, x *store.Draft) error {
			now := status.Time(d.now().UnixMilli())
			if step.DueAt == nil {
				x.DueAt, x.Scheduler = nil, ""
				return nil
			}
			var c status.Checks
			c.That(*step.DueAt > now && *step.DueAt <= now+status.Time(MaxDraftAhead.Milliseconds()), "due_at",
				"due_at must be after now, and within %s days.", wire.Itoa(int64(MaxDraftAhead/(24*time.Hour))))
			if no := c.Err(); no != nil {
				return no
			}
			x.DueAt, x.Scheduler, x.Problem = step.DueAt, by.actor(), ""
			return nil
		})
}

// openDraft is one that is not published.
func (d *UseCases) openDraft(ctx context.Context, orgID, id string, version *int64) (store.Draft, error) {
	x, err := d.draft(ctx, orgID, id, version)
	if x.State == store.Published {
		return x, published(&x)
	}
	return x, err
}

// draft is the one that the caller means, if it is as the caller read it.
func (d *UseCases) draft(ctx context.Context, orgID, id string, version *int64) (store.Draft, error) {
	x, err := d.db.Org(orgID).Draft(ctx, id)
	if errors.Is(err, store.ErrNone) {
		return x, fault.New(fault.NotFound, "There is no such draft.")
	}
	if err == nil && version != nil && *version != x.Version {
		no := fault.New(fault.Conflict, "This draft was changed meanwhile: you read version %s, it is now at %s.",
			wire.Itoa(*version), wire.Itoa(x.Version))
		no.Current = encode(&x)
		return x, no
	}
	return x, err
}

func (d *UseCases) draftURL(id string) string { return d.Base + "/dashboard/drafts/" + id }

// draftTitle is what a draft is called: what its command does, and its title where it has one.
func draftTitle(x *store.Draft) string {
	var t titled
	if no := wire.Unmarshal(x.Command, &t); no != nil {
		return ""
	}
	does := t.kind
	for i := range page.Commands {
		if page.Commands[i].Kind == t.kind {
			does = page.Commands[i].Does
		}
	}
	return strings.TrimSpace(does + " " + t.title)
}

type titled struct{ kind, title string }

func (t *titled) Wire(f *wire.Fields) {
	f.Str("kind", &t.kind)
	f.Str("title", &t.title)
}
