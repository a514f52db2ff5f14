package usecase

import (
	"context"
	"errors"

	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// maxTemplates bounds the templates of an organisation.
const maxTemplates = 200

// TemplateText is what somebody writes of a template; what is nil stays.
type TemplateText struct {
	ReadVersion
	ID       *string
	Name     *string
	Title    *string
	Body     *string
	Status   *string
	Services *[]page.Move
}

// Wire is the body of POST and PATCH templates.
func (t *TemplateText) Wire(f *wire.Fields) {
	f.OptStr("id", &t.ID)
	f.OptInt("version", &t.Version)
	f.OptStr("name", &t.Name)
	f.OptStr("title", &t.Title)
	f.OptStr("body", &t.Body)
	f.OptStr("status", &t.Status)
	var services []page.Move
	if wire.OptList(f, "services", &services, (*page.Move).Wire); f.Reading() && services != nil {
		t.Services = &services
	}
}

func (t *TemplateText) onto(x *store.Template) *fault.Error {
	set := func(field *string, change *string) {
		if change != nil {
			*field = *change
		}
	}
	set(&x.Name, t.Name)
	set(&x.Title, t.Title)
	set(&x.Body, t.Body)
	set((*string)(&x.Status), t.Status)
	if t.Services != nil {
		x.Services = *t.Services
	}
	var c status.Checks
	c.ID("id", x.ID)
	c.Name("name", x.Name, status.TitleMax, true)
	c.Name("title", x.Title, status.TitleMax, false)
	c.Text("body", x.Body, status.BodyMax, false)
	c.OneOf("status", string(x.Status), x.Status == "" || x.Status.Valid(), status.Names(status.IncidentStatuses))
	c.That(len(x.Services) <= page.MaxAffected, "services", "An incident may affect %s services at most.",
		wire.Itoa(page.MaxAffected))
	// beyond, each would cost time and a sentence
	for i, m := range x.Services[:min(len(x.Services), page.MaxAffected)] {
		field := "services[" + wire.Itoa(int64(i)) + "]."
		c.ID(field+"id", m.ID)
		c.OneOf(field+"to_state", string(m.To), m.To == "" || m.To.Valid(), status.Names(status.ServiceStatuses))
	}
	return c.Err()
}

// CreateTemplate keeps a new template.
func (d *UseCases) CreateTemplate(ctx context.Context, by Caller, orgID string,
	text TemplateText) (store.Template, error) {
	return once(ctx, d, by, orgID, func(b *store.Batch) (store.Template, error) {
		org, now := d.db.Org(orgID), status.Time(d.now().UnixMilli())
		x := store.Template{ID: newID(), CreatedAt: now, UpdatedAt: now, Version: 1}
		if text.ID != nil {
			x.ID = *text.ID
		}
		var list status.Checks
		list.Made("id", x.ID)
		if no := fault.Together(list.Err(), text.onto(&x)); no != nil {
			return x, no
		}
		org.Room(b, store.CountTemplates, maxTemplates,
			fault.New(fault.Conflict, "There are %s templates already, which is the limit.", wire.Itoa(maxTemplates)))
		b.Taken("templates.id",
			fault.New(fault.Conflict, "There is a template with this id already.").With("id", "This id is taken."))
		org.AddTemplate(b, x)
		org.AddAudit(b, by.audit("create_template", "template", x.ID, "", string(encode(&x)), d.now()))
		return x, nil
	})
}

// EditTemplate changes a template.
func (d *UseCases) EditTemplate(ctx context.Context, by Caller, orgID, id string,
	text TemplateText) (store.Template, error) {
	return once(ctx, d, by, orgID, func(b *store.Batch) (store.Template, error) {
		x, err := d.template(ctx, orgID, id, text.Version)
		if err != nil {
			return x, err
		}
		before := string(encode(&x))
		if no := text.onto(&x); no != nil {
			return x, no
		}
		if string(encode(&x)) == before {
			return x, nil
		}
		x.Version++
		x.UpdatedAt = status.Time(d.now().UnixMilli())
		org := d.db.Org(orgID)
		org.EditTemplate(b, x)
		org.AddAudit(b, by.audit("edit_template", "template", x.ID, before, string(encode(&x)), d.now()))
		return x, nil
	})
}

// DeleteTemplate takes a template away; the audit trail keeps it.
func (d *UseCases) DeleteTemplate(ctx context.Context, by Caller, orgID, id string, version *int64) error {
	_, err := once(ctx, d, by, orgID, func(b *store.Batch) (store.Template, error) {
		x, err := d.template(ctx, orgID, id, version)
		if err != nil {
			return x, err
		}
		org := d.db.Org(orgID)
		org.DeleteTemplate(b, &x, status.Time(d.now().UnixMilli()))
		org.AddAudit(b, by.audit("delete_template", "template", id, string(encode(&x)), "", d.now()))
		return x, nil
	})
	return err
}

// template is the one that the caller means, if it is as the caller read it.
func (d *UseCases) template(ctx context.Context, orgID, id string, version *int64) (store.Template, error) {
	x, err := d.db.Org(orgID).Template(ctx, id)
	if errors.Is(err, store.ErrNone) {
		return x, fault.New(fault.NotFound, "There is no such template.")
	}
	if err == nil && version != nil && *version != x.Version {
		no := fault.New(fault.Conflict, "This template was changed meanwhile: you read version %s, it is now at %s.",
			wire.Itoa(*version), wire.Itoa(x.Version))
		no.Current = encode(&x)
		return x, no
	}
	return x, err
}
