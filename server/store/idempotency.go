package store

import (
	"context"
	"time"
)

// KeepAnswers is for how long the same idempotency key gets the same answer.
const KeepAnswers = 48 * time.Hour

// Answer is what a write was answered, kept under the caller's key.
type Answer struct {
	Fingerprint string // of the request: another one under the same key is refused
	Status      int
	ETag        string
	Seq         int64
	Body        string
	// About is what the Body shows, as it was after event Seq. What is in the log is not kept as a body but made again,
	// since its words may be withdrawn.
	About Shown
}

// Shown is an object of the log, or one entry of its timeline.
type Shown struct{ Kind, ID, Entry string }

// expiredAtOnce is how many old rows a write takes along. It adds one, so that they grow fewer.
const expiredAtOnce = 20

// AddAnswer keeps an answer in the batch of the write itself, and lets some of those that are too old go.
func (o *Org) AddAnswer(b *Batch, actor, key string, a Answer, now time.Time) {
	b.Add(`DELETE FROM idempotency WHERE (org_id, actor, key) IN (SELECT org_id, actor, key FROM idempotency WHERE at <
  ? ORDER BY at LIMIT ?)`,
		now.Add(-KeepAnswers).UnixMilli(), expiredAtOnce)
	if !logged(a.About.Kind) {
		a.About = Shown{}
	} else {
		a.Body = ""
	}
	b.Add(`INSERT INTO idempotency (org_id, actor, key, fingerprint, status, etag, seq, body, at, object_kind,
  object_id, entry_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.id, actor, key, a.Fingerprint, a.Status, a.ETag, a.Seq, a.Body, now.UnixMilli(), a.About.Kind, a.About.ID,
		a.About.Entry)
}

// Answer finds what a key was answered; ErrNone. Where About says something, the body is to be made again.
func (o *Org) Answer(ctx context.Context, actor, key string, now time.Time) (Answer, error) {
	var a Answer
	err := o.db.row(ctx, `SELECT fingerprint, status, etag, seq, body, object_kind, object_id, entry_id FROM idempotency
  WHERE org_id = ? AND actor = ? AND key = ? AND at >= ?`,
		[]any{o.id, actor, key, now.Add(-KeepAnswers).UnixMilli()}, &a.Fingerprint, &a.Status, &a.ETag, &a.Seq, &a.Body,
		&a.About.Kind, &a.About.ID, &a.About.Entry)
	return a, err
}

// CommandSeq is the last seq that a command caused; ErrNone when it never happened. It settles a commit whose answer
// was lost.
func (o *Org) CommandSeq(ctx context.Context, command string) (seq int64, err error) {
	err = o.db.row(ctx, `SELECT seq FROM events WHERE org_id = ? AND command = ? AND command <> '' ORDER BY seq DESC
  LIMIT 1`, []any{o.id, command}, &seq)
	return seq, err
}
