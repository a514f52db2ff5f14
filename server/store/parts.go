package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	entriesAtOnce = 40 // of a timeline, in one question
	partTries     = 3  // a page that changes while it is read in parts is read again
)

// headsQuery is stateQuery without timelines, which are what grows.
var headsQuery = sync.OnceValue(func() string { return stateOfObjects(false) })

// objectJSON is the expression of a whole object, or of one without its timeline.
func objectJSON(k *kept, alias string, timelines bool) string {
	if !timelines {
		k = headOnly(k)
	}
	return whole(k.json(), alias)
}

// headOnly leaves out a timeline.
func headOnly(k *kept) *kept {
	head, _, _ := strings.Cut(k.others, `'updates', `)
	return &kept{columns: k.columns, others: head + `'updates', json('[]')`}
}

// stateInParts reads a page that is more than a remote database answers at once. It is of one moment: what changes the
// page gives it another seq, and then it is read again.
func (o *Org) stateInParts(ctx context.Context, now status.Time) (s page.State, head int64, err error) {
	for range partTries {
		s, head, err = o.stateOf(ctx, headsQuery(), now)
		if err != nil && !unreadable(err) {
			return s, head, err
		}
		bad := err
		if err := o.timelines(ctx, &s); err != nil {
			return page.State{}, 0, fmt.Errorf("read the page in parts: %w", err)
		}
		var seq int64
		if err := o.db.row(ctx, `SELECT max(seq) FROM events WHERE org_id = ?`, []any{o.id}, &seq); err != nil {
			return page.State{}, 0, fmt.Errorf("read the page in parts: %w", err)
		}
		if seq == s.Seq {
			return page.Assemble(s), head, bad // with the bytes of the timelines
		}
	}
	return page.State{}, 0, &Failure{Trouble: Locked, err: errors.New("the page changed each time while it was read " +
		"in parts")}
}

func (o *Org) timelines(ctx context.Context, s *page.State) error {
	for _, kind := range page.Nouns() {
		if n := nouns[kind]; n.timelines != nil {
			if err := n.timelines(ctx, o, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// entries reads a timeline, oldest first, fewer at a time where the database answers less.
func entries[T any, P interface {
	*T
	wire.Object
}](ctx context.Context, o *Org, query, id string) ([]T, error) {
	var all []T
	for seq, n := int64(0), entriesAtOnce; ; {
		var last int64
		part, err := list(ctx, o.db, query, []any{o.id, id, seq, n}, func(rows *sql.Rows, x *T) error {
			var body []byte
			if err := rows.Scan(&last, &body); err != nil {
				return err
			}
			return decoded(body, P(x))
		})
		if errors.Is(err, ErrAnswerTooLarge) && n > 1 {
			n /= 2
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if len(part) < n {
			return all, nil
		}
		seq = last
	}
}
