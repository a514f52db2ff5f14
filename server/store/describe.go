package store

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"unicode/utf8"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// What a list of the audit log shows of its objects.
const (
	auditBytes  = 2 << 20  // of all rows together; beyond, texts are clipped
	auditWhole  = 64 << 10 // of one object's events, for it to be shown with its whole timeline
	auditEvents = 128      // likewise, how many
	auditClip   = 1_000    // characters of a clipped text
	auditList   = 5        // services of a clipped object
)

// described is what a row needs of the log.
type described struct {
	row           *Audit
	before, after int64 // ids of the events that made the object what it was; 0 is none
	size          int64 // bytes of these two
	whole         int64 // bytes of the events of a timeline, while they are few; 0 is too many
}

// describe fills Before and After of the rows that refer to the log, newest first, for as long as there is room; the
// others are abridged.
func (o *Org) describe(ctx context.Context, rows []Audit) error {
	todo, err := o.references(ctx, rows)
	if err != nil {
		return err
	}
	budget := int64(auditBytes)
	for i := range rows {
		budget -= int64(len(rows[i].Before) + len(rows[i].After))
	}
	var rest []described
	for _, d := range todo {
		if d.whole > 0 && 2*d.whole <= budget {
			err := o.describeWhole(ctx, d.row)
			if err == nil {
				budget -= 2 * d.whole
				continue
			}
			if !unreadable(err) {
				return err
			}
			d.row.Before, d.row.After = "", ""
		}
		rest = append(rest, d)
	}
	return o.describeHeads(ctx, rest, budget)
}

// references finds the events of the rows, without reading them.
func (o *Org) references(ctx context.Context, rows []Audit) ([]described, error) {
	byID, ids := map[int64]*Audit{}, make([]string, 0, len(rows))
	for i := range rows {
		if rows[i].Refers {
			byID[rows[i].ID] = &rows[i]
			ids = append(ids, wire.Itoa(rows[i].ID))
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	const last = `(SELECT id FROM events e WHERE e.org_id = a.org_id AND e.object = a.object_kind || ':' || a.object_id
  AND e.seq <= `
	found, err := list(ctx, o.db, `SELECT x.id, x.b, x.a, coalesce((SELECT octet_length(body) FROM events WHERE id =
  x.b), 0) + coalesce((SELECT octet_length(body) FROM events WHERE id = x.a), 0),
 CASE WHEN x.kind IN (`+timelines()+`) THEN (SELECT CASE WHEN count(*) < ?3 THEN sum(n) END FROM (SELECT
  octet_length(body) AS n FROM events e
  WHERE e.org_id = ?1 AND e.object = x.object AND e.seq <= x.until ORDER BY e.seq DESC LIMIT ?3)) END
FROM (SELECT a.id, a.object_kind AS kind, a.object_kind || ':' || a.object_id AS object, max(before_seq, after_seq) AS
 until,
 CASE WHEN before_seq > 0 THEN `+last+`before_seq ORDER BY seq DESC LIMIT 1) END AS b, CASE WHEN after_seq > 0 THEN `+
		last+`after_seq ORDER BY seq DESC LIMIT 1) END AS a
 FROM audit_log a WHERE a.org_id = ?1 AND a.id IN (SELECT value FROM json_each(?2))) x ORDER BY x.id DESC`,
		[]any{o.id, "[" + strings.Join(ids, ",") + "]", auditEvents}, func(rows *sql.Rows, d *described) error {
			var id int64
			var before, after, whole sql.NullInt64
			if err := rows.Scan(&id, &before, &after, &d.size, &whole); err != nil {
				return err
			}
			d.row, d.before, d.after = byID[id], before.Int64, after.Int64
			if whole.Int64 <= auditWhole {
				d.whole = whole.Int64
			}
			return nil
		})
	return found, err
}

// describeWhole shows an object with its whole timeline, as it was before and after.
func (o *Org) describeWhole(ctx context.Context, a *Audit) error {
	f := folded{kind: a.ObjectKind, id: a.ObjectID}
	taken := a.BeforeSeq == 0
	err := o.about(ctx, a.ObjectKind+":"+a.ObjectID, 0, max(a.BeforeSeq, a.AfterSeq), func(e *page.Event) error {
		if !taken && e.Seq > a.BeforeSeq {
			a.Before, taken = f.text(), true
		}
		f.add(e)
		return nil
	})
	if !taken {
		a.Before = f.text()
	}
	if a.AfterSeq > 0 {
		a.After = f.text()
	}
	return err
}

// describeHeads shows objects as their newest events have them: whole but for the timeline, of which there is what
// changed.
func (o *Org) describeHeads(ctx context.Context, todo []described, budget int64) error {
	for len(todo) > 0 {
		n, size := 0, int64(0)
		for n < len(todo) && (n == 0 || size+todo[n].size <= readBytes) {
			size += todo[n].size
			n++
		}
		events, err := o.eventsByID(ctx, todo[:n])
		if err != nil {
			return err
		}
		for _, d := range todo[:n] {
			cut := clipped(d.row.ObjectKind)
			if budget -= 2 * d.size; budget > 0 {
				cut = func(x wire.Object) wire.Object { return x }
			}
			d.head(events, cut)
			d.row.Abridged = budget <= 0 || timeline(d.row.ObjectKind)
			if d.row.Action == "correct_update" {
				if err := o.wasCorrected(ctx, d, events, cut); err != nil {
					return err
				}
			}
		}
		todo = todo[n:]
	}
	return nil
}

// eventsByID reads events; what cannot be read is left out and said in the log, so that one does not cost the whole
// list.
func (o *Org) eventsByID(ctx context.Context, of []described) (map[int64]*page.Event, error) {
	var ids []string
	for _, d := range of {
		ids = append(ids, wire.Itoa(d.before), wire.Itoa(d.after))
	}
	out := map[int64]*page.Event{}
	err := o.db.rows(ctx, `SELECT id, body FROM events WHERE org_id = ? AND id IN (SELECT value FROM json_each(?))`,
		[]any{o.id, "[" + strings.Join(ids, ",") + "]"}, func(rows *sql.Rows) error {
			var id int64
			var body []byte
			if err := rows.Scan(&id, &body); err != nil {
				return err
			}
			e := &page.Event{}
			if err := decoded(body, e); err != nil {
				slog.Error("an event of the audit log cannot be read", "organization", o.id, "event", id, "error", err)
				return nil
			}
			out[id] = e
			return nil
		})
	return out, err
}

func (d *described) head(events map[int64]*page.Event, cut func(wire.Object) wire.Object) {
	if e := events[d.before]; e != nil {
		d.row.Before = textOf(cut(headOf(e, false)))
	}
	if e := events[d.after]; e != nil {
		d.row.After = textOf(cut(headOf(e, d.after != d.before))) // the same event: the write changed nothing of it
	}
}

// headOf is the object as an event has it: of a timeline there is the event's own entry, or nothing.
func headOf(e *page.Event, entry bool) wire.Object {
	if n := nounOf(e); n != nil {
		return n.head(e, entry)
	}
	return nil
}

// wasCorrected shows an entry of a timeline as it was before it was corrected.
func (o *Org) wasCorrected(ctx context.Context, d described, events map[int64]*page.Event,
	cut func(wire.Object) wire.Object) error {
	after := events[d.after]
	if after == nil || after.Update == nil || after.Incident == nil {
		return nil
	}
	var body []byte
	err := o.db.row(ctx, `SELECT body FROM events WHERE org_id = ? AND object = ? AND seq <= ? AND octet_length(body) <=
  ? AND json_extract(body, '$.update.id') = ? ORDER BY seq DESC LIMIT 1`,
		[]any{o.id, "incident:" + d.row.ObjectID, d.row.BeforeSeq, readBytes, after.Update.ID}, &body)
	if err == ErrNone {
		return nil
	}
	if err != nil {
		return err
	}
	var old page.Event
	if err := decoded(body, &old); err != nil {
		return nil // said where the log is read
	}
	if before := events[d.before]; before != nil && before.Incident != nil && old.Update != nil {
		was := *before.Incident
		was.Updates = []status.Update{*old.Update}
		d.row.Before = textOf(cut(&was))
	}
	return nil
}

// clipped gives objects of a kind with the beginnings of their texts and lists.
func clipped(kind string) func(wire.Object) wire.Object {
	if n := nouns[page.Noun(kind)]; n != nil {
		return n.clip
	}
	return func(x wire.Object) wire.Object { return x }
}

func clip(text string) string {
	if utf8.RuneCountInString(text) <= auditClip {
		return text
	}
	return string([]rune(text)[:auditClip]) + "…"
}

// clipTold gives translations with the beginnings of their texts, of the first auditList languages.
func clipTold(list []status.Translation) []status.Translation {
	list = append([]status.Translation(nil), list[:min(len(list), auditList)]...)
	for i := range list {
		for _, text := range list[i].Texts() {
			*text = clip(*text)
		}
	}
	return list
}
