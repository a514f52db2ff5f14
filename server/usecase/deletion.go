package usecase

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
)

const (
	// eraseAfter is how long a deleted organisation can be restored.
	eraseAfter = 7 * 24 * time.Hour
	// erasePause lets others write between two batches of an erasure.
	erasePause = 20 * time.Millisecond
)

// DeleteOrg hides an organisation at once and has it erased after eraseAfter, by an admin who has typed its slug. Its
// pages, tokens and keys are refused from now on, in every region within a second. An API key cannot do it.
func (d *UseCases) DeleteOrg(ctx context.Context, by Caller, orgID, slug string) (store.Deleted, error) {
	if err := by.mayAdminister(orgID); err != nil {
		return store.Deleted{}, err
	}
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return store.Deleted{}, err
	}
	if p.State.Org.Slug != slug {
		return store.Deleted{}, fault.OnField("slug", "Type the short name of the organization, %s, to delete it.",
			p.State.Org.Slug)
	}
	if !by.System && by.Who.Kind != auth.KindUser {
		return store.Deleted{}, fault.New(fault.Forbidden, "An organization is deleted by one of its admins, not by "+
			"an API key.")
	}
	now := d.now()
	gone := store.Deleted{OrgID: orgID, DeletedAt: now, EraseAt: now.Add(eraseAfter)}
	org := d.db.Org(orgID)
	var b store.Batch
	org.Delete(&b, now, gone.EraseAt)
	org.AddAudit(&b, by.audit("delete_organization", "organization", orgID, "", "", now))
	if err := d.db.Do(ctx, &b); err != nil {
		var c *store.Constraint
		if errors.As(err, &c) {
			err = fault.New(fault.Conflict, "This organization was deleted at the same time.")
		}
		return store.Deleted{}, err
	}
	d.depart(ctx)
	return gone, nil
}

// depart lets the relay and the sockets of this process know of a deletion at once; other regions look once a second.
func (d *UseCases) depart(ctx context.Context) {
	if err := d.relay.Depart(context.WithoutCancel(ctx)); err != nil {
		slog.Warn("a deletion could not be read back; the next poll will", "error", err)
	}
	d.ended()
}

// RestoreOrg is the way back, for those who were admins when the organisation was deleted.
func (d *UseCases) RestoreOrg(ctx context.Context, by Caller, orgID string) error {
	org := d.db.Org(orgID)
	if !by.System {
		user, err := d.person(ctx, by.Who)
		if err != nil {
			return err
		}
		m, err := org.Member(ctx, user.ID)
		if errors.Is(err, store.ErrNone) {
			return fault.New(fault.NotFound, "There is no such organization.")
		}
		if err != nil {
			return err
		}
		if m.Role != auth.Admin {
			return fault.New(fault.Forbidden, "Only an admin of this organization can restore it.")
		}
		if lacks, err := d.db.LacksFactor(ctx, orgID, by.Who.SessionID); err != nil {
			return err
		} else if lacks {
			return auth.ErrNeedsFactor()
		}
		by.Who = auth.Principal{Kind: auth.KindUser, ID: user.ID, Name: user.Name, Email: user.Email}
	}
	var b store.Batch
	org.Restore(&b)
	org.AddAudit(&b, by.audit("restore_organization", "organization", orgID, "", "", d.now()))
	if err := d.db.Do(ctx, &b); err != nil {
		if store.Overtaken(err) {
			return fault.New(fault.NotFound, "This organization is not deleted, or is erased by now.")
		}
		return err
	}
	d.depart(ctx)
	return nil
}

// EraseOrg erases a deleted organisation now. Nothing of it is left but its id.
func (d *UseCases) EraseOrg(ctx context.Context, orgID string) error {
	if err := d.db.Org(orgID).Erase(ctx, d.now(), erasePause); err != nil {
		if store.Overtaken(err) {
			return fault.New(fault.NotFound, "Only an organization that was deleted can be erased.")
		}
		return err
	}
	d.depart(ctx)
	return nil
}

// EraseDue erases the organisations whose time has come. What was cut off goes on the next time.
func (d *UseCases) EraseDue(ctx context.Context) {
	due, err := d.db.ToErase(ctx, d.now())
	for _, id := range due {
		if err = d.EraseOrg(ctx, id); err != nil {
			break
		}
		slog.Info("an organisation was erased", "organization", id)
	}
	if err != nil && ctx.Err() == nil {
		slog.Error("a deleted organisation could not be erased; it is tried again", "error", err)
	}
}
