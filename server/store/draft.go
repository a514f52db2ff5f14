package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// DraftState is how far a draft is. One that is discarded is gone; the audit log keeps it.
type DraftState string

const (
	Drafted   DraftState = "draft"
	InReview  DraftState = "review"   // a second person is asked
	Approved  DraftState = "approved" // by a second person, as it is
	Published DraftState = "published"
)

// DraftStates lists them.
var DraftStates = []DraftState{Drafted, InReview, Approved, Published}

// Draft is a command that somebody has written and that was not brought yet.
type Draft struct {
	ID        string
	State     DraftState
	Command   wire.JSON // with its kind, see page.UnmarshalCommand
	Note      string    // for the others of the organisation
	Author    Signature // who wrote it as it is
	People    string    // ids of the accounts behind the author, by spaces: none of them may approve it
	CreatedAt status.Time
	UpdatedAt status.Time
	Version   int64

	Approval  *Signature
	Words     string       // of who approved it
	DueAt     *status.Time // when it is published by itself
	Scheduler string       // kind and id of who said so
	Problem   string       // why it was not published when it should have been

	Publication *Signature
}

// Signature says who did something and when.
type Signature struct {
	ID   string // kind and id, as in user:…
	Name string // what they were called then
	At   status.Time
}

// Wire is {id, name, at}.
func (s *Signature) Wire(f *wire.Fields) {
	f.Str("id", &s.ID)
	f.Str("name", &s.Name)
	f.Time("at", &s.At)
}

// Wire is the `draft` of the REST API.
func (d *Draft) Wire(f *wire.Fields) {
	d.WireState(f)
	f.JSON("command", &d.Command)
	f.Str("note", &d.Note)
}

// WireState are the members that say what became of it, without its words.
func (d *Draft) WireState(f *wire.Fields) {
	f.Str("id", &d.ID)
	f.Str("state", (*string)(&d.State))
	wire.One(f, "author", &d.Author, (*Signature).Wire)
	signed(f, "approval", &d.Approval)
	f.Str("approval_words", &d.Words)
	f.NullTime("due_at", &d.DueAt)
	f.Str("problem", &d.Problem)
	signed(f, "publication", &d.Publication)
	if c, no := page.UnmarshalCommand(d.Command); no == nil && !f.Reading() {
		f.Derived("noun", string(page.Known(c).Noun))
		f.Derived("object", page.TargetOf(c))
	}
	f.Time("created_at", &d.CreatedAt)
	f.Time("updated_at", &d.UpdatedAt)
	f.Int("version", &d.Version)
}

func signed(f *wire.Fields, key string, s **Signature) {
	if !f.Reading() && *s == nil {
		f.Raw(key, []byte("null"))
		return
	}
	wire.Opt(f, key, s, (*Signature).Wire)
}

const draftColumns = `SELECT id, state, command, note, author_id, author_name, written_at, people, approver_id,
 approver_name, coalesce(approved_at, 0), words, due_at, scheduler, problem, publisher_id, publisher_name,
 coalesce(published_at, 0), created_at, updated_at, version FROM drafts WHERE org_id = ?`

func scanDraft(rows *sql.Rows, d *Draft) error {
	var approval, publication Signature
	var due sql.NullInt64
	var command string
	if err := rows.Scan(&d.ID, &d.State, &command, &d.Note, &d.Author.ID, &d.Author.Name, &d.Author.At, &d.People,
		&approval.ID, &approval.Name, &approval.At, &d.Words, &due, &d.Scheduler, &d.Problem, &publication.ID,
		&publication.Name, &publication.At, &d.CreatedAt, &d.UpdatedAt, &d.Version); err != nil {
		return err
	}
	d.Command, d.DueAt = wire.JSON(command), nullTime(due)
	if approval.At != 0 {
		d.Approval = &approval
	}
	if publication.At != 0 {
		d.Publication = &publication
	}
	return nil
}

// Drafts lists them, newest first, and counts them all; "" is every state.
func (o *Org) Drafts(ctx context.Context, state string, s Span) ([]Draft, int, error) {
	where, args, n := "", []any{o.id}, 0
	if state != "" {
		where, args = ` AND state = ?`, append(args, state)
	}
	if err := o.db.row(ctx, `SELECT count(*) FROM drafts WHERE org_id = ?`+where, args, &n); err != nil {
		return nil, 0, fmt.Errorf("count drafts: %w", err)
	}
	found, err := list(ctx, o.db, draftColumns+where+` ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?`,
		append(args, s.Limit, s.Offset), scanDraft)
	if err != nil {
		return nil, 0, fmt.Errorf("list drafts: %w", err)
	}
	return found, n, nil
}

// Draft reads one; ErrNone.
func (o *Org) Draft(ctx context.Context, id string) (Draft, error) {
	return first(list(ctx, o.db, draftColumns+` AND id = ?`, []any{o.id, id}, scanDraft))
}

// AddDraft puts a new draft into a batch.
func (o *Org) AddDraft(b *Batch, d *Draft) {
	b.Add(`INSERT INTO drafts (org_id, id, state, command, note, author_id, author_name, written_at, people, created_at,
 updated_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, o.id, d.ID, string(d.State),
		string(d.Command), d.Note, d.Author.ID, d.Author.Name, int64(d.Author.At), d.People, int64(d.CreatedAt),
		int64(d.UpdatedAt), d.Version)
}

// KeepDraft puts what a draft is now into a batch, which is undone unless it is the one before in the database and was
// not published.
func (o *Org) KeepDraft(b *Batch, d *Draft) {
	o.needsDraft(b, d)
	var approval, publication Signature
	if d.Approval != nil {
		approval = *d.Approval
	}
	if d.Publication != nil {
		publication = *d.Publication
	}
	b.Add(`UPDATE drafts SET state = ?, command = ?, note = ?, author_id = ?, author_name = ?, written_at = ?,
 people = ?,
 approver_id = ?, approver_name = ?, approved_at = ?, words = ?, due_at = ?, scheduler = ?, problem = ?,
 publisher_id = ?, publisher_name = ?, published_at = ?, updated_at = ?, version = ? WHERE org_id = ? AND id = ?`,
		string(d.State), string(d.Command), d.Note, d.Author.ID, d.Author.Name, int64(d.Author.At), d.People,
		approval.ID, approval.Name, moment(approval.At), d.Words, when(d.DueAt), d.Scheduler, d.Problem,
		publication.ID, publication.Name, moment(publication.At), int64(d.UpdatedAt), d.Version, o.id, d.ID)
}

// needsDraft undoes a batch unless the draft has the version before d's and was not published.
func (o *Org) needsDraft(b *Batch, d *Draft) {
	b.Require(`EXISTS (SELECT 1 FROM drafts WHERE org_id = ? AND id = ? AND version = ? AND published_at IS NULL)`,
		o.id, d.ID, d.Version-1)
}

// PublishDraft puts into the batch of a draft's events that it is published. It is undone when somebody else changed or
// published the draft meanwhile, and when the organisation asks for a second person's approval that the draft lacks.
// Of those that were published the newest stay.
func (o *Org) PublishDraft(b *Batch, d *Draft, keep int) {
	if d.Approval == nil {
		b.Require(`NOT EXISTS (SELECT 1 FROM organization_security WHERE org_id = ? AND second_person = 1)`, o.id)
	}
	o.KeepDraft(b, d)
	b.Add(`DELETE FROM drafts WHERE org_id = ?1 AND published_at IS NOT NULL AND id NOT IN (SELECT id FROM drafts
 WHERE org_id = ?1 AND published_at IS NOT NULL ORDER BY published_at DESC, id DESC LIMIT ?2)`, o.id, keep)
}

// ProblemOfDraft puts into a batch why a draft was refused, unless it is another one by now.
func (o *Org) ProblemOfDraft(b *Batch, d *Draft) {
	b.Add(`UPDATE drafts SET problem = ? WHERE org_id = ? AND id = ? AND version = ? AND published_at IS NULL`,
		d.Problem, o.id, d.ID, d.Version)
}

// DeleteDraft puts into a batch that a draft is gone, unless it is another one by now; the audit log keeps it.
func (o *Org) DeleteDraft(b *Batch, d *Draft) {
	b.Require(`EXISTS (SELECT 1 FROM drafts WHERE org_id = ? AND id = ? AND version = ?)`, o.id, d.ID, d.Version)
	b.Add(`DELETE FROM drafts WHERE org_id = ? AND id = ?`, o.id, d.ID)
}

// AsksSecond says whether the organisation's drafts need a second person's approval.
func (o *Org) AsksSecond(ctx context.Context) (asks bool, err error) {
	err = o.db.row(ctx, `SELECT EXISTS (SELECT 1 FROM organization_security WHERE org_id = ? AND second_person = 1)`,
		[]any{o.id}, &asks)
	return asks, err
}

// AskSecond puts into a batch whether they do.
func (o *Org) AskSecond(b *Batch, asks bool, now status.Time) {
	b.Add(`INSERT INTO organization_security (org_id, second_factor, second_person, updated_at) VALUES (?, 0, ?, ?)
ON CONFLICT (org_id) DO UPDATE SET second_person = excluded.second_person, updated_at = excluded.updated_at`, o.id,
		number(asks), int64(now))
}

// maxBehind bounds the keys that made a key, as far as they are followed.
const maxBehind = 20

// PeopleBehind are the ids of who owns or made an API key, and of who owns or made the key that made it, and so on.
func (o *Org) PeopleBehind(ctx context.Context, key string) ([]string, error) {
	return list(ctx, o.db, `WITH RECURSIVE behind (maker, owner) AS (
 SELECT created_by, owner_id FROM api_keys WHERE org_id = ?1 AND id = ?2
 UNION SELECT k.created_by, k.owner_id FROM behind JOIN api_keys k ON k.org_id = ?1 AND k.id = behind.maker LIMIT ?3)
SELECT owner FROM behind WHERE owner <> '' UNION SELECT maker FROM behind WHERE maker <> ''`,
		[]any{o.id, key, maxBehind}, func(rows *sql.Rows, id *string) error { return rows.Scan(id) })
}

// DueDraft is a draft that is to be published by itself, and whose.
type DueDraft struct {
	OrgID string
	ID    string
	// Allowed says that who set the time may still write the page, as far as this installation keeps who may.
	Allowed bool
}

// DueDrafts lists those whose time has come, the longest due first.
func (db *DB) DueDrafts(ctx context.Context, now status.Time, n int) ([]DueDraft, error) {
	return list(ctx, db, `SELECT drafts.org_id, drafts.id,
 EXISTS (SELECT 1 FROM members m WHERE m.org_id = drafts.org_id AND m.role = 'admin'
  AND drafts.scheduler = 'user:' || m.user_id)
 OR EXISTS (SELECT 1 FROM api_keys k WHERE k.org_id = drafts.org_id AND drafts.scheduler = 'key:' || k.id
  AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ?1) AND `+owned+`)
FROM drafts WHERE due_at <= ?1 AND `+living("drafts")+` ORDER BY due_at, org_id, id LIMIT ?2`,
		[]any{int64(now), n}, func(rows *sql.Rows, d *DueDraft) error {
			return rows.Scan(&d.OrgID, &d.ID, &d.Allowed)
		})
}
