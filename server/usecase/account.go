package usecase

import (
	"context"
	"errors"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
)

// What a person does with their own account. It stands in no organisation's audit log, but for what happens to a
// membership there.

// person is the account of whoever is signed in.
func (d *UseCases) person(ctx context.Context, who auth.Principal) (store.User, error) {
	if d.local == nil {
		return store.User{}, errNoLocal()
	}
	if who.Kind != auth.KindUser {
		return store.User{}, fault.New(fault.Forbidden, "An API key has no account.")
	}
	user, err := d.db.User(ctx, who.ID)
	if errors.Is(err, store.ErrNone) {
		return user, fault.New(fault.Unauthenticated, "This account is not there any more.")
	}
	return user, err
}

// Person is the account of whoever is signed in, for them alone.
func (d *UseCases) Person(ctx context.Context, who auth.Principal) (store.User, error) {
	return d.person(ctx, who)
}

// Rename changes a person's name.
func (d *UseCases) Rename(ctx context.Context, by Caller, name string) (store.User, error) {
	user, err := d.person(ctx, by.Who)
	if err != nil {
		return user, err
	}
	var c status.Checks
	c.Name("name", name, status.TitleMax, true)
	if no := c.Err(); no != nil {
		return user, no
	}
	var b store.Batch
	store.Rename(&b, user.ID, name, d.now())
	user.Name = name
	return user, d.db.Do(ctx, &b)
}

// proves holds a password against the account's, for what a session alone may not do.
func (d *UseCases) proves(ctx context.Context, user store.User, password string) error {
	right, err := d.passwords.Matches(ctx, user.Password, password)
	if err == nil && !right {
		err = fault.OnField("password", "This is not your password.")
	}
	return err
}

// ChangePassword puts a new password in the present one's place. Every other session ends, and every link.
func (d *UseCases) ChangePassword(ctx context.Context, by Caller, present, next string) error {
	user, err := d.person(ctx, by.Who)
	if err != nil {
		return err
	}
	if no := passwordFault(next); no != nil {
		no.Fields[0].Name = "new_password"
		return no
	}
	if err := d.proves(ctx, user, present); err != nil {
		return err
	}
	hash, err := d.passwords.Hash(ctx, next)
	if err != nil {
		return err
	}
	var b store.Batch
	store.SetCredentials(&b, user, hash, false, by.Who.SessionID, d.now())
	defer d.ended()
	return moved(d.db.Do(ctx, &b))
}

// moved turns what undid a change of credentials into a sentence.
func moved(err error) error {
	if store.Overtaken(err) {
		return fault.New(fault.Conflict, "Your account was changed at the same time. Please try again.")
	}
	return err
}

// Provable says whether somebody's address is one that nobody has proved, where ChangeAddress can mail a link that
// does.
func (d *UseCases) Provable(ctx context.Context, who auth.Principal, door Door) (bool, error) {
	if d.local == nil || who.Kind != auth.KindUser || !door.Mails {
		return false, nil
	}
	user, err := d.person(ctx, who)
	return err == nil && !user.Proved, err
}

// ChangeAddress mails a link to a new address, or to the present one that nobody has proved; nothing changes before it
// is used. The answer is the same whoever has the address.
func (d *UseCases) ChangeAddress(ctx context.Context, by Caller, email, password string, door Door) error {
	user, err := d.person(ctx, by.Who)
	if err != nil {
		return err
	}
	if !door.Mails {
		return fault.New(fault.NotFound, "This installation sends no mail, which would have to prove the new address.")
	}
	kept, no := accountAddress(email)
	if no != nil {
		return no
	}
	if user.Proved && kept == user.Email {
		return fault.OnField("email", "This is your address already.")
	}
	if err := d.proves(ctx, user, password); err != nil {
		return err
	}
	kind := notify.AddressLetter
	if sameAddress(kept, user.Email) {
		kind = notify.ProofLetter
	}
	secret, now := auth.NewOpaque(), d.now()
	var b store.Batch
	store.AddLink(&b, secret.Hash, store.Link{Purpose: store.AddressLink, UserID: user.ID, Version: user.Version,
		Email: kept}, now, now.Add(addressFor))
	if err := moved(d.db.Do(ctx, &b)); err != nil {
		return err
	}
	d.Post(notify.Account{Kind: kind, To: kept, Base: door.Base, URL: linkURL(door.Base, secret), Lasts: addressFor})
	return nil
}

// ConfirmAddress puts the new address in the old one's place, which its mailbox has proved with the link, and the
// account's owner with the password: whoever answers every mail would give a stranger's account their own address
// otherwise. Every session ends. The old mailbox hears of it and can undo it. tries is asked before the password is
// looked at.
func (d *UseCases) ConfirmAddress(ctx context.Context, token, password string, door Door,
	tries func(userID string) error) (store.User, error) {
	if d.local == nil {
		return store.User{}, errNoLocal()
	}
	l, hash, err := d.open(ctx, token, store.AddressLink)
	if err != nil {
		return store.User{}, err
	}
	user, err := d.db.User(ctx, l.UserID)
	if err != nil {
		return user, err
	}
	if err := tries(user.ID); err != nil {
		return user, err
	}
	if err := d.proves(ctx, user, password); err != nil {
		return user, err
	}
	undo, now := auth.NewOpaque(), d.now()
	var b store.Batch
	store.UseLink(&b, hash, now)
	store.SetAddress(&b, user, l.Email, "", now)
	if user.Proved { // an address that nobody proved gets no way back: its mailbox may be a stranger's
		store.AddLink(&b, undo.Hash, store.Link{Purpose: store.UndoLink, UserID: user.ID, Version: user.Version + 1,
			Email: user.Email}, now, now.Add(undoFor))
	}
	err = d.db.Do(ctx, &b)
	var c *store.Constraint
	if errors.As(err, &c) && c.Kind == "UNIQUE" {
		return user, errAddressTaken()
	}
	if err != nil {
		return user, usedUp(err)
	}
	d.ended()
	if user.Proved {
		d.Post(notify.Account{Kind: notify.MovedLetter, To: user.Email, Base: door.Base, URL: linkURL(door.Base, undo),
			Lasts: undoFor, Moved: l.Email})
	}
	user.Email = l.Email
	return user, nil
}

// EndSession ends one of a person's own sessions.
func (d *UseCases) EndSession(ctx context.Context, by Caller, id string) error {
	user, err := d.person(ctx, by.Who)
	if err != nil {
		return err
	}
	if is, err := d.db.SessionOf(ctx, user.ID, id, d.now()); err != nil || !is {
		return errors.Join(err, fault.New(fault.NotFound, "There is no such session."))
	}
	return d.endSession(ctx, user.ID, id)
}

// LeaveOrg ends a person's own membership. The last admin stays.
func (d *UseCases) LeaveOrg(ctx context.Context, by Caller, orgID string) error {
	user, err := d.person(ctx, by.Who)
	if err != nil {
		return err
	}
	org := d.db.Org(orgID)
	was, err := org.Member(ctx, user.ID)
	if errors.Is(err, store.ErrNone) {
		return fault.New(fault.NotFound, "There is no such organization.")
	}
	if err != nil {
		return err
	}
	var b store.Batch
	if err := d.leave(ctx, &b, by, org, user, was); err != nil {
		return err
	}
	if err := d.db.Do(ctx, &b); err != nil {
		if store.Overtaken(err) {
			return errLastAdmin()
		}
		return err
	}
	d.ended()
	return nil
}

func (d *UseCases) leave(ctx context.Context, b *store.Batch, by Caller, org *store.Org, user store.User,
	was store.Member) error {
	org.Leave(b, user.ID)
	by.Who = auth.Principal{Kind: auth.KindUser, ID: user.ID, Name: user.Name, Email: user.Email}
	org.AddAudit(b, by.audit("leave_organization", "member", user.ID, memberJSON(was), "", d.now()))
	keys, err := org.KeysOf(ctx, user.ID)
	d.endedKeys(b, by, org, keys, "")
	return err
}

// DeleteAccount deletes a person's account, by its typed address and its password. Nobody does who is the last admin of
// an organisation.
func (d *UseCases) DeleteAccount(ctx context.Context, by Caller, email, password string) error {
	user, err := d.person(ctx, by.Who)
	if err != nil {
		return err
	}
	if !sameAddress(asTyped(email), user.Email) {
		return fault.OnField("email", "Type the address of your account to delete it.")
	}
	if err := d.proves(ctx, user, password); err != nil {
		return err
	}
	all, err := d.db.OwnMemberships(ctx, user.ID)
	if err != nil {
		return err
	}
	var b store.Batch
	for _, m := range all {
		org := d.db.Org(m.OrgID)
		was, err := org.Member(ctx, user.ID)
		if err != nil {
			return err
		}
		if last, err := d.lastAdmin(ctx, org); err != nil {
			return err
		} else if last && was.Role == auth.Admin {
			return fault.New(fault.Conflict, "You are the last admin of %s. Make somebody else an admin there first, "+
				"or delete it.", m.Name)
		}
		if err := d.leave(ctx, &b, by, org, user, was); err != nil {
			return err
		}
	}
	if user.Proved || len(all) == 0 { // one that nobody has proved has ended with its last membership
		store.DeleteUser(&b, user)
	}
	if err := moved(d.db.Do(ctx, &b)); err != nil {
		return err
	}
	d.ended()
	return nil
}
