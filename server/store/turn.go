package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"statuspage/shared/status"
)

// Job is one message for one subscriber, leased to whoever claimed it.
type Job struct {
	ID        int64
	OrgID     string
	MessageID int64
	Since     int64 // the oldest message that it also tells
	Thread    string
	Host      string
	Lane      Lane
	Tries     int64 // that were made already
	Lease     string
	Until     status.Time // when the lease ends
	To        *Subscriber // nil when it is gone
}

// DueLanes says in which lanes there is something to do.
func (db *DB) DueLanes(ctx context.Context, now status.Time) (map[Lane]bool, error) {
	due := map[Lane]bool{}
	query, args := "SELECT ''", []any{}
	for _, l := range Lanes {
		query += " UNION ALL SELECT '" + string(l) +
			"' WHERE EXISTS (SELECT 1 FROM jobs WHERE state = 'due' AND lane = ? AND slow = ? AND due_at <= ?)"
		args = append(args, laneOf[l].kind, laneOf[l].slow, int64(now))
	}
	err := db.rows(ctx, query, args, func(rows *sql.Rows) error {
		var l Lane
		if err := rows.Scan(&l); err != nil {
			return err
		}
		due[l] = l != ""
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for jobs: %w", err)
	}
	return due, nil
}

// Turn is whose turn it is in a lane: an organisation, and in the lanes of slow receivers one of its receiving hosts. N
// is how many of its jobs may be claimed.
type Turn struct {
	OrgID, Host string
	N           int
}

// hops bounds how many organisations, or hosts of them, one look for turns passes over.
const hops = 2000

// Turns lists those who have something due in a lane, from the one after a given one on, and then from the beginning.
func (db *DB) Turns(ctx context.Context, lane Lane, after Turn, limit int, now status.Time) ([]Turn, error) {
	found, err := db.turns(ctx, lane, after, limit, now)
	if err == nil && len(found) < limit && after != (Turn{}) {
		var rest []Turn
		rest, err = db.turns(ctx, lane, Turn{}, limit-len(found), now)
		for _, t := range rest {
			if t.OrgID > after.OrgID || t.OrgID == after.OrgID && t.Host > after.Host {
				break // it was found before
			}
			found = append(found, t)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("look for whose turn it is: %w", err)
	}
	return found, nil
}

func (db *DB) turns(ctx context.Context, lane Lane, after Turn, limit int, now status.Time) ([]Turn, error) {
	kind := laneOf[lane].kind
	if !lane.Apart() {
		next := func(than string) string {
			return `(SELECT org_id FROM jobs WHERE state = 'due' AND lane = ?1 AND slow = 0 AND org_id > ` + than +
				` ORDER BY org_id LIMIT 1)`
		}
		return list(ctx, db, `WITH RECURSIVE subquery (org) AS (SELECT `+next("?2")+` UNION ALL SELECT `+next("org")+
			` FROM subquery WHERE org IS NOT NULL LIMIT ?3)
SELECT org, '' FROM subquery WHERE org IS NOT NULL
 AND EXISTS (SELECT 1 FROM jobs WHERE state = 'due' AND lane = ?1 AND slow = 0 AND org_id = org AND due_at <= ?4) LIMIT
 ?5`,
			[]any{kind, after.OrgID, hops, int64(now), limit}, scanTurn)
	}
	next := func(org, host string) string {
		return `(SELECT json_array(org_id, host) FROM jobs WHERE state = 'due' AND lane = ?1 AND slow = 1 AND (org_id,
  host) > (` + org + `, ` + host + `) ORDER BY org_id, host LIMIT 1)`
	}
	return list(ctx, db, `WITH RECURSIVE subquery (pair) AS (SELECT `+next("?2", "?3")+` UNION ALL
 SELECT `+next("pair ->> 0", "pair ->> 1")+` FROM subquery WHERE pair IS NOT NULL LIMIT ?4)
SELECT pair ->> 0, pair ->> 1 FROM subquery WHERE pair IS NOT NULL
 AND EXISTS (SELECT 1 FROM jobs WHERE state = 'due' AND lane = ?1 AND slow = 1 AND org_id = pair ->> 0 AND host = pair
 ->> 1 AND due_at <= ?5) LIMIT ?6`,
		[]any{kind, after.OrgID, after.Host, hops, int64(now), limit}, scanTurn)
}

func scanTurn(rows *sql.Rows, t *Turn) error { return rows.Scan(&t.OrgID, &t.Host) }

// Claim leases the jobs of a lane that have been due for longest, in equal parts for everybody whose turn it is. Nobody
// else gets them before the lease ends.
func (db *DB) Claim(ctx context.Context, lane Lane, n int, lease string, now, until status.Time) ([]Job, error) {
	if err := db.FreeExpired(ctx, now); err != nil {
		return nil, err
	}
	turns, err := db.Turns(ctx, lane, Turn{}, n, now)
	if err != nil || len(turns) == 0 {
		return nil, err
	}
	for i := range turns {
		turns[i].N = n / len(turns)
		if i < n%len(turns) {
			turns[i].N++
		}
	}
	return db.ClaimTurns(ctx, lane, turns, lease, "", now, until)
}

// ClaimTurns leases so many of each turn's jobs, those that have been due for longest. Of two messages about the same
// thing to the same subscriber only one is ever leased. process is the holder's, "" when it need not be known.
func (db *DB) ClaimTurns(ctx context.Context, lane Lane, turns []Turn, lease, process string, now,
	until status.Time) ([]Job, error) {
	if len(turns) == 0 {
		return nil, nil
	}
	kind, slow := laneOf[lane].kind, laneOf[lane].slow
	var which []string
	args := []any{lease, int64(until)}
	for _, t := range turns {
		host := ""
		args = append(args, kind, slow, t.OrgID)
		if lane.Apart() {
			host = ` AND j.host = ?`
			args = append(args, t.Host)
		}
		which = append(which, `SELECT * FROM (SELECT j.id FROM jobs j WHERE j.state = 'due' AND j.lane = ? AND j.slow =
  ? AND j.org_id = ?`+host+` AND j.due_at <= ? AND j.lease = ''
 AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.thread = j.thread AND o.thread <> '' AND o.subscriber = j.subscriber AND
 o.state = 'due' AND o.lease <> '')
 ORDER BY j.due_at, j.id LIMIT ?)`)
		args = append(args, int64(now), t.N)
	}
	var b Batch
	if process != "" {
		holder, _, _ := strings.Cut(lease, ":")
		b.Add(`INSERT INTO workers (id, process, beat) VALUES (?, ?, 1) ON CONFLICT (id) DO UPDATE SET beat = beat + 1`,
			holder, process)
	}
	b.Add(`UPDATE jobs SET lease = ?, due_at = ? WHERE id IN (`+strings.Join(which, ` UNION ALL `)+`)`, args...)
	if err := db.Do(ctx, &b); err != nil {
		return nil, fmt.Errorf("claim jobs: %w", err)
	}
	var spoilt []string
	jobs, err := everybodys(ctx, db, "job", `SELECT j.id, j.org_id, j.message_id, j.since, j.thread, j.host, j.tries,
  j.lease, j.due_at,
 s.num, s.id, s.channel, s.address, s.state, s.token, s.secret, s.language, s.base, s.failures
FROM jobs j LEFT JOIN subscribers s ON s.num = j.subscriber WHERE j.lease = ? AND j.lease <> '' ORDER BY j.id`,
		[]any{lease}, scanJob, func(u *Unreadable) { spoilt = append(spoilt, u.ID) })
	if err != nil {
		return nil, fmt.Errorf("read what was claimed: %w", err)
	}
	for i := range jobs {
		jobs[i].Lane = lane
	}
	return jobs, db.buryJobs(ctx, spoilt, lease, now)
}

// buryJobs gives up jobs that cannot be read: they would be claimed again and again.
func (db *DB) buryJobs(ctx context.Context, ids []string, lease string, now status.Time) error {
	var b Batch
	for _, id := range ids {
		b.Add(`UPDATE jobs SET state = 'dead', done_at = ?, lease = '', problem = 'This delivery cannot be read.' WHERE
  CAST(id AS TEXT) = ? AND lease = ?`, int64(now), id, lease)
	}
	return db.Do(ctx, &b)
}

func scanJob(rows *sql.Rows, j *Job) error {
	var num, failures sql.NullInt64
	var id, channel, address, state, token, secret, language, base sql.NullString
	if err := rows.Scan(&j.ID, &j.OrgID, &j.MessageID, &j.Since, &j.Thread, &j.Host, &j.Tries, &j.Lease, &j.Until,
		&num, &id, &channel, &address, &state, &token, &secret, &language, &base, &failures); err != nil {
		return err
	}
	if num.Valid {
		j.To = &Subscriber{Num: num.Int64, ID: id.String, Channel: Channel(channel.String), Address: address.String,
			State: state.String,
			Token: token.String, Secret: secret.String, Language: language.String, Base: base.String,
			Failures: failures.Int64}
	}
	return nil
}

// Standing is what is known of a job in the moment of its try.
type Standing struct {
	State  string // of the subscriber
	Seq    int64  // of the organisation's newest event
	Told   bool   // something about this was told to this subscriber
	Failed bool   // something about this could not be told
	Newer  bool   // something newer about this is about to get its job
	Late   bool   // something newer about this was told to this subscriber
}

// Standing reads how a job stands; ErrNone when it is nobody's any more: its subscriber is gone, or its lease is
// another's.
func (db *DB) Standing(ctx context.Context, j *Job) (Standing, error) {
	var s Standing
	about := `EXISTS (SELECT 1 FROM jobs o WHERE o.thread = j.thread AND o.thread <> '' AND o.subscriber = j.subscriber
  AND o.state = `
	err := db.row(ctx, `SELECT s.state, coalesce((SELECT max(seq) FROM events e WHERE e.org_id = j.org_id), 0), `+about+
		`'sent'), `+about+`'dead'),
 `+about+`'sent' AND o.message_id > j.message_id),
 EXISTS (SELECT 1 FROM messages m WHERE m.thread = j.thread AND m.thread <> '' AND m.id > j.message_id AND m.upto >=
 s.num AND m.cursor < s.num)
FROM jobs j JOIN subscribers s ON s.num = j.subscriber WHERE j.id = ? AND j.lease = ? AND j.state = 'due'`,
		[]any{j.ID, j.Lease}, &s.State, &s.Seq, &s.Told, &s.Failed, &s.Late, &s.Newer)
	return s, err
}

// SentJob puts a success into a batch. Like the others it changes nothing once the lease is somebody else's.
func SentJob(b *Batch, j *Job, at status.Time) {
	b.Add(`UPDATE jobs SET state = 'sent', tries = tries + 1, done_at = ?, lease = '', problem = '' WHERE id = ? AND
  lease = ?`, int64(at), j.ID, j.Lease)
	if j.To != nil && j.To.Failures > 0 {
		b.Add(`UPDATE subscribers SET failures = 0, problem = '' WHERE num = ?`, j.To.Num)
	}
}

// newer is true of a job when something newer about the same thing waits for the same subscriber.
const newer = `EXISTS (SELECT 1 FROM jobs n WHERE n.thread = jobs.thread AND n.thread <> '' AND n.subscriber =
  jobs.subscriber AND n.message_id > jobs.message_id AND n.state = 'due')`

// RetryJob puts a failure into a batch that will be tried again, unless something newer about the same thing is told
// instead.
func RetryJob(b *Batch, j *Job, due status.Time, lane Lane, problem string) {
	retryJob(b, j, due, lane, problem, false)
}

// DoubtJob is RetryJob for a try that ended without an answer: it may have arrived.
func DoubtJob(b *Batch, j *Job, due status.Time, lane Lane, problem string) {
	retryJob(b, j, due, lane, problem, true)
}

func retryJob(b *Batch, j *Job, due status.Time, lane Lane, problem string, doubt bool) {
	l := laneOf[lane]
	b.Add(`UPDATE jobs SET tries = tries + 1, due_at = ?, lane = ?, slow = ?, problem = ?, doubt = max(doubt, ?) WHERE
  id = ? AND lease = ?`,
		int64(due), l.kind, l.slow, problem, doubt, j.ID, j.Lease)
	letGo(b, `id = ? AND lease = ?`, due, j.ID, j.Lease)
	failed(b, j, problem)
}

// letGo ends the leases of some jobs. One that something newer replaces is gone, or noted as one that may have arrived.
func letGo(b *Batch, which string, now status.Time, args ...any) {
	b.Add(`UPDATE jobs SET since = min(since, coalesce((SELECT min(o.since) FROM jobs o WHERE o.thread = jobs.thread AND
  o.subscriber = jobs.subscriber AND o.message_id < jobs.message_id
  AND o.state = 'due' AND o.id IN (SELECT id FROM jobs WHERE `+which+`)), since))
WHERE thread <> '' AND state = 'due' AND id IN (SELECT n.id FROM jobs n JOIN jobs x ON n.thread = x.thread AND
 n.subscriber = x.subscriber AND n.message_id > x.message_id
  WHERE n.thread <> '' AND n.state = 'due' AND x.id IN (SELECT id FROM jobs WHERE `+which+`))`,
		append(append([]any{}, args...), args...)...)
	b.Add(`UPDATE jobs SET state = 'sent', done_at = ?, lease = '', problem = ? WHERE `+which+
		` AND state = 'due' AND doubt = 1 AND `+newer, append([]any{int64(now), mayHave}, args...)...)
	b.Add(`DELETE FROM jobs WHERE `+which+` AND state = 'due' AND doubt = 0 AND `+newer, args...)
	b.Add(`UPDATE jobs SET lease = '' WHERE `+which, args...)
}

// DeadJob puts a failure into a batch that nobody tries again by itself.
func DeadJob(b *Batch, j *Job, at status.Time, problem string) {
	b.Add(`UPDATE jobs SET state = 'dead', tries = tries + 1, done_at = ?, lease = '', problem = ? WHERE id = ? AND
  lease = ?`, int64(at), problem, j.ID, j.Lease)
	failed(b, j, problem)
}

func failed(b *Batch, j *Job, problem string) {
	if j.To != nil {
		b.Add(`UPDATE subscribers SET failures = failures + 1, problem = ? WHERE num = ?`, problem, j.To.Num)
	}
}

// DropJob puts the end of a job into a batch that concerns nobody any more.
func DropJob(b *Batch, j *Job) {
	b.Add(`DELETE FROM jobs WHERE id = ? AND lease = ?`, j.ID, j.Lease)
}

// ReleaseJob gives a job back untried.
func ReleaseJob(b *Batch, j *Job, due status.Time) {
	b.Add(`UPDATE jobs SET due_at = ? WHERE id = ? AND lease = ?`, int64(due), j.ID, j.Lease)
	letGo(b, `id = ? AND lease = ?`, due, j.ID, j.Lease)
}

// SlowHost lets so many of the jobs that wait in a lane for a host wait apart from now on; done says that there are no
// more.
func (db *DB) SlowHost(ctx context.Context, lane Lane, host string, n int) (done bool, err error) {
	kind, more := laneOf[lane].kind, 0
	where := `state = 'due' AND host = ? AND lane = ? AND slow = 0`
	err = db.row(ctx, `SELECT count(*) FROM (SELECT 1 FROM jobs WHERE `+where+` LIMIT ?)`, []any{host, kind, n}, &more)
	if err != nil || more == 0 {
		return err == nil, err
	}
	var b Batch
	b.Add(`UPDATE jobs SET slow = 1 WHERE id IN (SELECT id FROM jobs WHERE `+where+` LIMIT ?)`, host, kind, n)
	return more < n, db.Do(ctx, &b)
}

// GiveUp gives up so many of the jobs whose messages are older than a moment; done says that there are no more.
func (db *DB) GiveUp(ctx context.Context, before, now status.Time, n int) (done bool, err error) {
	var last int64
	if err := db.row(ctx, `SELECT coalesce((SELECT max(id) FROM messages WHERE created_at < ?), 0)`,
		[]any{int64(before)}, &last); err != nil || last == 0 {
		return err == nil, err
	}
	const old = `SELECT id FROM jobs INDEXED BY jobs_turn WHERE state = 'due' AND lane IN ('prompt', 'mail', 'hook') AND
  slow IN (0, 1) AND message_id <= ? AND lease = '' LIMIT ?`
	more := 0
	if err := db.row(ctx, `SELECT count(*) FROM (`+old+`)`, []any{last, n}, &more); err != nil || more == 0 {
		return err == nil, err
	}
	var b Batch
	b.Add(`UPDATE jobs SET state = 'dead', done_at = ?, problem = CASE problem WHEN '' THEN
  'It could not be sent for days.' ELSE problem END WHERE id IN (`+old+`)`, int64(now), last, n)
	return more < n, db.Do(ctx, &b)
}
