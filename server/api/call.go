package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
	"statuspage/server/region"
	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// call is one request, with who made it.
type call struct {
	*fiber.Ctx
	*Server
	ctx context.Context
	who auth.Principal
	// device is the browser of somebody who is not signed in, as far as it is known.
	device auth.Device

	wrong      *fault.Error // what was refused before it was looked at whole
	rehearsing bool
}

// admit counts the caller, identifies it, and asks whether it may.
func (c *call) admit(need Access) error {
	if need == Public {
		c.shared()
		return c.Limits.Public(c.Ctx)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("Status-Primary", c.Region.PrimaryName)
	c.ctx = auth.Asking(c.ctx, auth.Asker{From: c.Limits.client(c.Ctx)})
	if need == Open {
		c.device, _ = c.Devices.Read(c.ctx, serve.Device(c.Ctx), time.Now())
		return c.Limits.Login(c.Ctx, c.device)
	}
	who, err := c.Verifier.Verify(c.ctx, c.token())
	if errors.Is(err, region.ErrAskPrimary) {
		if err := c.Region.ToPrimary(c.Ctx); err != nil {
			return err
		}
		return serve.ErrElsewhere
	}
	if err != nil {
		return c.stranger(err)
	}
	if err := c.Limits.Principal(c.Ctx, who); err != nil {
		return err
	}
	c.who = who
	if who.Kind == auth.KindKey && c.KeyUsed(who, c.Region.Brings(c.Ctx)) && c.Region.ToPrimary(c.Ctx) == nil {
		return serve.ErrElsewhere
	}
	switch {
	case need == Inside:
		return who.MayInspect(who.OrgID)
	case need == Write:
		return who.MayEdit(who.OrgID)
	case need == Admin:
		return who.MayAdminister(who.OrgID)
	case need == Self && who.OrgID == "":
		return nil
	case need == Self: // what is one's own needs no factor of an organisation, and is where one is set up
		who.LacksFactor = false
	}
	return who.MayRead(who.OrgID)
}

// stranger counts an attempt with a bad token by its address, so that nobody guesses keys at leisure.
func (c *call) stranger(err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Code == fault.Unauthenticated {
		if slower := c.Limits.Public(c.Ctx); slower != nil {
			return slower
		}
	}
	return err
}

// token is what the caller shows. Senders of alerts that can send no header show their key in the query.
func (c *call) token() string {
	if token := bearer(c.Ctx); token != "" || !strings.HasPrefix(c.Path(), "/api/v1/ingest/") {
		return token
	}
	return c.Query("key")
}

func bearer(c *fiber.Ctx) string {
	scheme, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// org is the caller's own data; there is no way to ask for another's.
func (c *call) org() *store.Org { return c.DB.Org(c.who.OrgID) }

// page is the caller's page, at least as new as what it has seen.
func (c *call) page() (*relay.Page, error) { return c.pageOf(c.who.OrgID) }

func (c *call) pageOf(orgID string) (*relay.Page, error) {
	return serve.Newest(c.ctx, c.Ctx, c.Relay, c.Region, orgID)
}

// read decodes the body strictly: an unknown field is refused by its name.
func (c *call) read(into wire.Object) error {
	if err := wire.UnmarshalStrict(c.Body(), into); err != nil {
		return c.refuse(err)
	}
	return nil
}

// caller is how the use cases know the request.
func (c *call) caller() (usecase.Caller, error) {
	by := usecase.Caller{Who: c.who, Address: c.Limits.Address(c.Ctx).String(), RequestID: requestID(c.Ctx),
		Key:    c.Get("Idempotency-Key"),
		Device: device(c.Get(fiber.HeaderUserAgent)), Base: c.BaseURL()}
	if by.Key == "" {
		return by, nil
	}
	var checks status.Checks
	checks.Line("Idempotency-Key", by.Key, 200, true)
	if err := checks.Err(); err != nil {
		return by, err
	}
	sum := sha256.New()
	for _, part := range []string{c.Method(), strings.TrimSuffix(c.Path(), "/"), string(c.Body())} {
		sum.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	by.Fingerprint = hex.EncodeToString(sum.Sum(nil))
	return by, nil
}

// change brings a command to the use cases and answers with what became of it.
func (c *call) change(command page.Command) error {
	by, err := c.caller()
	if err == nil {
		err = c.undoable(&by)
	}
	if err != nil {
		return err
	}
	answer, err := c.UseCases.Change(c.ctx, by, c.who.OrgID, command)
	if err != nil {
		return err
	}
	if _, is := command.(*page.EditPage); is {
		return c.toldPage(answer)
	}
	return c.told(answer)
}

// undoable reads ?hold=, in seconds, and ?untold=.
func (c *call) undoable(by *usecase.Caller) error {
	hold, err := c.count("hold", 0, int(store.MaxHold/time.Second))
	if err != nil {
		return err
	}
	untold, err := c.flag("untold")
	by.Hold, by.Untold = time.Duration(hold)*time.Second, untold != nil && *untold
	return err
}

// told answers with what became of a change.
func (c *call) told(answer store.Answer) error {
	c.sawSeq(answer.Seq)
	if answer.ETag != "" {
		c.Set(fiber.HeaderETag, answer.ETag)
	}
	return c.json(answer.Status, []byte(answer.Body))
}

// sawSeq tells the caller, and a browser's next requests, which event its write was.
func (c *call) sawSeq(seq int64) {
	text := strconv.FormatInt(seq, 10)
	c.Set("Status-Seq", text)
	c.Cookie(&fiber.Cookie{Name: serve.Cookie(c.Ctx, serve.SeqCookie), Value: c.who.OrgID + "." + text, Path: "/",
		MaxAge: 60, HTTPOnly: true, SameSite: "Lax", Secure: serve.Secure(c.Ctx)})
}

func (c *call) json(code int, body []byte) error {
	c.Status(code)
	if code == fiber.StatusNoContent {
		return nil
	}
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	return c.Send(body)
}

// made answers with what is new.
func (c *call) made(x wire.Object) error {
	c.asOf()
	return c.json(fiber.StatusCreated, wire.Marshal(x))
}

// asOf says which event of the page an answer about something else goes with.
func (c *call) asOf() {
	if p, err := c.Relay.Page(c.ctx, c.who.OrgID); err == nil {
		c.Set("Status-Seq", strconv.FormatInt(p.State.Seq, 10))
	}
}

func (c *call) object(x wire.Object) error { return c.json(fiber.StatusOK, wire.Marshal(x)) }

// versioned answers with one object under its ETag.
func (c *call) versioned(version int64, x wire.Object) error {
	etag := `"` + wire.Itoa(version) + `"`
	c.Set(fiber.HeaderETag, etag)
	if serve.Knows(c.Get(fiber.HeaderIfNoneMatch), etag) {
		c.Status(fiber.StatusNotModified)
		return nil
	}
	return c.object(x)
}

// ifMatch is the version that the caller read, or nil when it does not say.
func (c *call) ifMatch() (*int64, error) {
	text := strings.TrimSpace(c.Get(fiber.HeaderIfMatch))
	if text == "" || text == "*" {
		return nil, nil
	}
	quoted := strings.TrimPrefix(text, "W/") // proxies that compress make it weak
	if n := len(quoted); n > 2 && quoted[0] == '"' && quoted[n-1] == '"' {
		if version, ok := wire.Atoi(quoted[1 : n-1]); ok {
			return &version, nil
		}
	}
	return nil, fault.New(fault.PreconditionFailed, "If-Match must be one ETag of this API, such as \"3\".")
}

// flag reads true or false; nil when it is absent.
func (c *call) flag(name string) (*bool, error) {
	switch c.Query(name) {
	case "":
		return nil, nil
	case "true", "1":
		yes := true
		return &yes, nil
	case "false", "0":
		no := false
		return &no, nil
	}
	return nil, c.refuse(fault.OnField(name, "%s must be true or false.", name))
}

// oneOf reads a word of a list; "" when it is absent.
func (c *call) oneOf(name string, allowed []string) (string, error) {
	word := c.Query(name)
	if word == "" {
		return "", nil
	}
	for _, a := range allowed {
		if a == word {
			return word, nil
		}
	}
	return "", c.refuse(fault.OnField(name, "%s must be one of %s.", name, status.Join(allowed)))
}

// id is the path's; what is no id names nothing.
func (c *call) id(what string) (string, error) {
	id := c.Params("id")
	if !status.ValidID(id) {
		return "", fault.New(fault.NotFound, "There is no such %s.", what)
	}
	return id, nil
}
