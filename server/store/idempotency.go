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
}

// AddAnswer keeps an answer in the batch of the write itself, and lets those that are too old go.
func (o *Org) AddAnswer(b *Batch, actor, key string, a Answer, now time.Time) {
	b.Add(`DELETE FROM idempotency WHERE at < ?`, now.Add(-KeepAnswers).UnixMilli())
	b.Add(`INSERT INTO idempotency (org_id, actor, key, fingerprint, status, etag, seq, body, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.id, actor, key, a.Fingerprint, a.Status, a.ETag, a.Seq, a.Body, now.UnixMilli())
}

// Answer finds what a key was answered; ErrNone.
func (o *Org) Answer(ctx context.Context, actor, key string, now time.Time) (Answer, error) {
	var a Answer
	err := o.db.row(ctx, `SELECT fingerprint, status, etag, seq, body FROM idempotency WHERE org_id = ? AND actor = ? AND key = ? AND at >= ?`,
		[]any{o.id, actor, key, now.Add(-KeepAnswers).UnixMilli()}, &a.Fingerprint, &a.Status, &a.ETag, &a.Seq, &a.Body)
	return a, err
}

// CommandSeq is the last seq that a command caused; ErrNone when it never happened. It settles a commit whose answer was lost.
func (o *Org) CommandSeq(ctx context.Context, command string) (seq int64, err error) {
	err = o.db.row(ctx, `SELECT seq FROM events WHERE org_id = ? AND command = ? AND command <> '' ORDER BY seq DESC LIMIT 1`, []any{o.id, command}, &seq)
	return seq, err
}
