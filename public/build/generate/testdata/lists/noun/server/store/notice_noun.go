package store

import (
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

var keptNotice = keep(&status.Notice{}, columns("n.", "id created_at version"), "")

func init() {
	nouns[page.NoticeNoun] = &noun{
		tables:  []orgTable{{"notices", "rowid"}},
		project: projectNotice,
		state: func(bool) []string {
			return []string{`SELECT ` + whole(keptNotice.json(), "n.") + ` AS x FROM notices n WHERE n.org_id = ?1`}
		},
		words: `SELECT ` + whole(keptNotice.json(), "n.") + ` AS x FROM notices n WHERE n.org_id = ?1
 AND n.id IN (SELECT value FROM json_each(?2))`,
		add: func(s *page.State, body []byte) error {
			return added(&s.Notices, body, func(x *status.Notice) wire.Object { return x })
		},
		word: func(w *page.Words, body []byte) error {
			return addWord(w.Notices, body, func(x *status.Notice) string { return x.ID })
		},
		head: func(e *page.Event, _ bool) wire.Object { return e.Notice },
		clip: func(x wire.Object) wire.Object {
			c := *x.(*status.Notice)
			c.Body = clip(c.Body)
			return &c
		},
		events: func(x wire.Object) []page.Event { return []page.Event{{Notice: x.(*status.Notice)}} },
		again:  func(events []page.Event, _ wire.Object, _ *page.Words) wire.Object { return events[0].Notice },
	}
}

func projectNotice(b *Batch, org string, e *page.Event, _ page.State) {
	n := e.Notice
	if e.Type == page.NoticeDeleted {
		b.Add(`DELETE FROM notices WHERE org_id = ? AND id = ?`, org, n.ID)
		return
	}
	b.Add(`INSERT INTO notices (org_id, id, created_at, version, more) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (org_id, id) DO UPDATE SET version = excluded.version, more = excluded.more`,
		org, n.ID, int64(n.CreatedAt), n.Version, keptNotice.more(n))
}
