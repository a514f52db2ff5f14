package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// One answer of an export ends with either of these; its Link header says where the rest begins.
const (
	maxExported   = 10_000
	exportedBytes = 4 << 20
	exportChunk   = 50 // rows a query
)

func listAudit(c *call) error {
	if _, err := c.page(); err != nil { // waits for what the caller has seen
		return err
	}
	filter, err := c.auditFilter()
	if err != nil {
		return err
	}
	switch format, err := c.oneOf("format", []string{"json", "csv", "jsonl"}); {
	case err != nil:
		return err
	case format == "csv":
		return c.export(filter, "text/csv; charset=utf-8; header=present", "audit-log.csv", newAuditCSV())
	case format == "jsonl":
		return c.export(filter, "application/jsonl; charset=utf-8", "audit-log.jsonl", &auditLines{})
	}
	return spanned(c, func(ctx context.Context, s store.Span) ([]store.Audit, int, error) {
		return c.org().AuditLog(ctx, filter, s)
	}, wireAudit)
}

func (c *call) auditFilter() (store.AuditFilter, error) {
	f := store.AuditFilter{Actor: c.Query("actor"), Object: c.Query("object")}
	if since := c.Query("since"); since != "" {
		at, ok := wire.ParseTime(since)
		if !ok {
			if err := c.refuse(fault.OnField("since",
				"since must be a time such as 2026-01-31T14:00:00Z.")); err != nil {
				return f, err
			}
		}
		f.Since = at
	}
	if before := c.Query("before"); before != "" {
		id, ok := wire.Atoi(before)
		if !ok || id < 1 {
			if err := c.refuse(fault.OnField("before", "before must be the id of an entry.")); err != nil {
				return f, err
			}
		}
		f.Before = id
	}
	return f, nil
}

func wireAudit(a *store.Audit, f *wire.Fields) {
	f.Int("id", &a.ID)
	f.Time("at", &a.At)
	wire.One(f, "actor", a, func(a *store.Audit, f *wire.Fields) {
		f.Str("kind", &a.ActorKind)
		f.Str("id", &a.ActorID)
		f.Str("name", &a.ActorName)
	})
	f.Str("action", &a.Action)
	wire.One(f, "object", a, func(a *store.Audit, f *wire.Fields) {
		f.Str("kind", &a.ObjectKind)
		f.Str("id", &a.ObjectID)
	})
	f.Str("address", &a.Address)
	f.Str("request_id", &a.RequestID)
	f.Raw("before", orNull(a.Before))
	f.Raw("after", orNull(a.After))
	if a.Abridged {
		f.Bool("abridged", &a.Abridged)
	}
}

func orNull(json string) []byte {
	if json == "" {
		return []byte("null")
	}
	return []byte(json)
}

// auditFormat writes entries as a file.
type auditFormat interface {
	add(*store.Audit)
	bytes() []byte
}

// export answers with as much of the log as one answer may hold, newest first.
func (c *call) export(f store.AuditFilter, mediaType, name string, into auditFormat) error {
	rest, err := c.gather(f, into)
	if err != nil {
		return err
	}
	if rest != 0 {
		query := url.Values{}
		for k, v := range c.Context().QueryArgs().All() {
			query.Add(string(k), string(v))
		}
		query.Set("before", wire.Itoa(rest))
		c.Set(fiber.HeaderLink, "<"+c.BaseURL()+c.Path()+"?"+query.Encode()+`>; rel="next"`)
	}
	c.Set(fiber.HeaderContentType, mediaType)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	return c.Send(into.bytes())
}

// gather reads by chunks. rest is the id before which there is more, or 0.
func (c *call) gather(f store.AuditFilter, into auditFormat) (rest int64, err error) {
	for n := 0; n < maxExported && len(into.bytes()) < exportedBytes; n += exportChunk {
		found, err := c.org().AuditRows(c.ctx, f, store.Span{Limit: exportChunk})
		if err != nil {
			return 0, err
		}
		for i := range found {
			into.add(&found[i])
			f.Before = found[i].ID
		}
		if len(found) < exportChunk {
			return 0, nil
		}
	}
	return f.Before, nil
}

// auditLines is JSON Lines: one entry a line, as in the list.
type auditLines struct{ buf bytes.Buffer }

func (l *auditLines) bytes() []byte { return l.buf.Bytes() }

func (l *auditLines) add(a *store.Audit) {
	l.buf.Write(wire.Marshal(mapping(func(f *wire.Fields) { wireAudit(a, f) })))
	l.buf.WriteByte('\n')
}

// auditCSV is RFC 4180 with a header line.
type auditCSV struct{ buf bytes.Buffer }

func newAuditCSV() *auditCSV {
	t := &auditCSV{}
	t.row("id", "at", "actor_kind", "actor_id", "actor_name", "action", "object_kind", "object_id", "address",
		"request_id", "before", "after")
	return t
}

func (t *auditCSV) add(a *store.Audit) {
	t.row(wire.Itoa(a.ID), a.At.String(), a.ActorKind, a.ActorID, cell(a.ActorName), a.Action, a.ObjectKind, a.ObjectID,
		a.Address, cell(a.RequestID),
		a.Before, a.After)
}

func (t *auditCSV) bytes() []byte { return t.buf.Bytes() }

func (t *auditCSV) row(cells ...string) {
	w := csv.NewWriter(&t.buf)
	w.UseCRLF = true
	_ = w.Write(cells) // a buffer takes everything
	w.Flush()
}

// cell keeps a spreadsheet from taking for a formula what somebody wrote as a name (OWASP, CSV injection).
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
