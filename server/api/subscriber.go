package api

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
	"statuspage/server/lang"
	"statuspage/server/limit"
	"statuspage/server/notify"
	"statuspage/server/site/serve"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// newSubscribeLimit lets one client address subscribe a fifth of PUBLIC_RATE times a minute: ten, unless it was set.
func newSubscribeLimit(publicRate int) *limit.Limiter {
	return limit.New(limit.Rate{Quota: max(publicRate/5, 1), Window: time.Minute}, addresses)
}

// Subscribe counts a visitor's wish to be told.
func (l *Limits) Subscribe(c *fiber.Ctx) error {
	return tell(c, "subscribe", l.subscribes.AllowAddr(l.Address(c), time.Now()))
}

// wish is the body of a subscription: one of the addresses, and the services that it is about. channel and address name
// the same in two fields.
type wish struct {
	addresses [5]*string // by store.Channels
	push      *pushWish  // a browser's
	channel   *string
	address   *string
	services  []string
	incident  *string
	consent   bool
	emails    []string
	bulk      bool
	form      bool
	nothing   bool // a form in which services were to be chosen, and none was
}

var addressFields = [5]string{"email", "webhook_url", "slack_url", "discord_url", "teams_url"}

func (w *wish) Wire(f *wire.Fields) {
	for i, name := range addressFields {
		f.OptStr(name, &w.addresses[i])
	}
	wire.Opt(f, "push", &w.push, (*pushWish).Wire)
	f.OptStr("channel", &w.channel)
	f.OptStr("address", &w.address)
	f.Strings("services", &w.services)
	f.OptStr("incident", &w.incident)
}

// pushWish is a PushSubscription of the Push API, and the language of who looks at the page.
type pushWish struct {
	endpoint, language string
	keys               usecase.PushKeys
}

func (p *pushWish) Wire(f *wire.Fields) {
	f.Str("endpoint", &p.endpoint)
	wire.One(f, "keys", &p.keys, func(k *usecase.PushKeys, f *wire.Fields) {
		f.Str("p256dh", &k.P256dh)
		f.Str("auth", &k.Auth)
	})
	f.Str("language", &p.language)
}

// byAdmin also takes what only an admin may state.
type byAdmin struct{ *wish }

func (w byAdmin) Wire(f *wire.Fields) {
	w.wish.Wire(f)
	f.Bool("consent", &w.consent)
	w.emails = nil
	f.Strings("emails", &w.emails)
	w.bulk = w.emails != nil
}

// subscriber is who the wish is about.
func (w *wish) subscriber() (usecase.NewSubscriber, error) {
	n := usecase.NewSubscriber{Services: w.services, Consent: w.consent}
	if w.incident != nil {
		n.Incident = *w.incident
	}
	given := 0
	for i, a := range w.addresses {
		if a != nil {
			given++
			n.Channel, n.Field, n.Address = store.Channels[i], addressFields[i], *a
		}
	}
	if w.push != nil {
		given++
		n.Channel, n.Field, n.Address, n.Push = store.Push, "push.endpoint", w.push.endpoint, w.push.keys
	}
	if w.channel != nil || w.address != nil {
		given++
		n.Field = "address"
		var c status.Checks
		c.That(w.channel != nil, "channel", "Say by which channel.")
		c.That(w.address != nil, "address", "Say the address.")
		if err := c.Err(); err != nil {
			return n, err
		}
		n.Channel, n.Address = store.Channel(*w.channel), *w.address
		known := false
		for _, ch := range store.Channels {
			known = known || ch == n.Channel
		}
		c.OneOf("channel", *w.channel, known, status.Names(store.Channels))
		if err := c.Err(); err != nil {
			return n, err
		}
	}
	if w.nothing {
		return n, fault.OnField("services", "Choose at least one service, or the whole page.")
	}
	if w.form && n.Channel == store.Webhook {
		return n, fault.OnField("webhook_url",
			"The secret of a webhook is shown once, in an answer of JSON: send JSON.")
	}
	if given != 1 {
		return n, fault.OnField("email", "Give one of email, webhook_url, slack_url, discord_url, teams_url and push.")
	}
	return n, nil
}

// subscribe takes a visitor's wish. Its answer is the same whether the address is known or not.
func subscribe(c *call) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	if err := c.Limits.Subscribe(c.Ctx); err != nil {
		return err
	}
	p, err := c.publicPage()
	if err != nil {
		return err
	}
	form := strings.HasPrefix(strings.ToLower(c.Get(fiber.HeaderContentType)), fiber.MIMEApplicationForm)
	w := wish{}
	if form {
		w = c.formWish()
	} else if err := c.read(&w); err != nil {
		return err
	}
	s, err := c.wanted(&w, &p.State)
	if form {
		return c.backToPage(&p.State.Org, err)
	}
	if err != nil {
		return err
	}
	return c.json(fiber.StatusAccepted, wire.Marshal(mapping(func(f *wire.Fields) { wireWanted(&s, f) })))
}

// wanted subscribes somebody who sees the page like this.
func (c *call) wanted(w *wish, seen *page.State) (store.Subscriber, error) {
	org := &seen.Org
	n, err := w.subscriber()
	if err != nil {
		return store.Subscriber{}, err
	}
	if err := c.mayMail(n.Channel, n.Field); err != nil {
		return store.Subscriber{}, err
	}
	n.Base, n.Language, n.Seen = c.pageBase(org), c.language(org), seen
	if w.push != nil && slices.Contains(page.Languages, w.push.language) {
		n.Language = w.push.language
	}
	by := usecase.Caller{Who: auth.Principal{}, Address: c.Limits.Address(c.Ctx).String(), RequestID: requestID(c.Ctx)}
	s, err := c.UseCases.Subscribe(c.ctx, by, org.ID, n)
	if s.Channel != store.Webhook && !c.theirs(&s, &n) {
		s = store.Subscriber{Channel: n.Channel}
	}
	return s, err
}

// theirs says that a subscription is the asking browser's own, whose keys nobody else knows.
func (c *call) theirs(s *store.Subscriber, n *usecase.NewSubscriber) bool {
	keys, no := notify.PushKeys("", n.Push.P256dh, n.Push.Auth)
	return no == nil && notify.SameBrowser(s, &store.Subscriber{Channel: n.Channel, Key: s.Key, Secret: keys})
}

// mayMail refuses subscribers by mail where no mail goes out, for the reason for which none goes out about accounts.
func (c *call) mayMail(channel store.Channel, field string) error {
	if channel != store.Email || !c.baseless() {
		return nil
	}
	const why = "No mail can be sent from here, since BASE_URL is not set."
	return fault.New(fault.NotFound, why).With(field, why)
}

// language is what a caller reads a page in; "" is the page's own.
func (c *call) language(org *page.Org) string {
	accept := c.Get(fiber.HeaderAcceptLanguage)
	return lang.Choose("", serve.Language(c.Ctx), accept, org.Style.Language, org.Style.Languages)
}

// pageBase is the page's address as this caller knows it.
func (c *call) pageBase(org *page.Org) string {
	return notify.PageBase(org, string(c.Request().Host()), c.BaseURL())
}

// wireWanted tells a webhook its secret, this once, and everybody else nothing.
func wireWanted(s *store.Subscriber, f *wire.Fields) {
	f.Derived("status", "accepted")
	f.Str("channel", (*string)(&s.Channel))
	switch s.Channel {
	case store.Email:
		f.Derived("detail", "If this address can be reached, a mail is on its way to it. Open the link in it to "+
			"confirm.")
	case store.Webhook:
		f.Derived("detail", "A request of type subscription.confirm is on its way. Answer it with 2xx to confirm. "+
			"The secret is shown this once.")
		f.Str("id", &s.ID)
		f.Str("secret", &s.Secret)
		f.Derived("manage_url", notify.ManageURL(s))
	case store.Push:
		f.Derived("detail", "If this browser can be reached, a notification is on its way to it.")
		if s.Token != "" {
			f.Derived("manage_url", notify.ManageURL(s))
		}
	default:
		f.Derived("detail", "If this address can be reached, a message is on its way to it, with a link to manage "+
			"the subscription.")
	}
}

// formWish reads the form of the page, which works without JavaScript. What is not filled in is not given.
func (c *call) formWish() wish {
	w := wish{form: true}
	args := c.Request().PostArgs()
	for i, name := range addressFields {
		if text := strings.TrimSpace(string(args.Peek(name))); text != "" {
			w.addresses[i] = &text
		}
	}
	if channel, address := string(args.Peek("channel")),
		strings.TrimSpace(string(args.Peek("address"))); channel != "" || address != "" {
		w.channel, w.address = &channel, &address
	}
	if incident := string(args.Peek("incident")); incident != "" {
		w.incident = &incident
	} else if string(args.Peek("whole")) != "1" {
		for _, id := range args.PeekMulti("services") {
			w.services = append(w.services, string(id))
		}
		w.nothing = string(args.Peek("whole")) == "0" && len(w.services) == 0
	}
	return w
}

// problemCode is what the page is told of a refusal: a word for which it has its own sentence, so that no link makes it
// say another's. It is the field that was refused, or the code where that says more.
func problemCode(f *fault.Error) string {
	if f.Code != fault.Invalid || len(f.Fields) == 0 {
		return string(f.Code)
	}
	name, _, _ := strings.Cut(f.Fields[0].Name, "[")
	return name
}

// pagePath is where the page's addresses begin at the host that was asked.
func (c *call) pagePath(org *page.Org) string {
	host, _, _ := strings.Cut(string(c.Request().Host()), ":")
	if org.OwnHost() != "" && strings.EqualFold(host, org.OwnHost()) {
		return ""
	}
	return "/status/" + org.Slug
}

// backToPage shows a browser what became of its form.
func (c *call) backToPage(org *page.Org, err error) error {
	query := url.Values{"sent": {"1"}}
	if err != nil {
		var f *fault.Error
		if !errors.As(err, &f) || f.Code.Status() >= 500 {
			return err
		}
		query = url.Values{"problem": {problemCode(f)}}
	}
	return c.Redirect(c.pagePath(org)+"/subscription/?"+query.Encode(), fiber.StatusSeeOther)
}

// ids reads a parameter of the query that is one id or several, with commas between them.
func (c *call) ids(name string) ([]string, error) {
	text := c.Query(name)
	if text == "" {
		return nil, nil
	}
	ids := strings.Split(text, ",")
	for _, id := range ids {
		if !status.ValidID(id) {
			return nil, c.refuse(fault.OnField(name, name+" must be an id, or several ids with commas between them."))
		}
	}
	return ids, nil
}

func listSubscribers(c *call) error {
	var f store.SubscriberFilter
	var err error
	if f.Search, err = c.search(); err != nil {
		return err
	}
	if f.Services, err = c.ids("service"); err != nil {
		return err
	}
	if f.Channel, err = c.oneOf("channel", status.Names(store.Channels)); err != nil {
		return err
	}
	if f.State, err = c.oneOf("state", store.SubscriberStates); err != nil {
		return err
	}
	return stored(c, func(ctx context.Context, s store.Span) ([]store.Subscriber, int, error) {
		return c.org().Subscribers(ctx, f, s)
	}, (*store.Subscriber).Wire)
}

func getSubscriber(c *call) error {
	if _, err := c.page(); err != nil { // waits for what the caller has seen
		return err
	}
	id, err := c.id("subscriber")
	if err != nil {
		return err
	}
	s, err := c.org().Subscriber(c.ctx, id)
	if errors.Is(err, store.ErrNone) {
		return fault.New(fault.NotFound, "There is no such subscriber.")
	}
	if err != nil {
		return err
	}
	return c.object(&s)
}

// addSubscriber adds one, or, with emails, many whose consent an admin states.
func addSubscriber(c *call) error {
	var w wish
	if err := c.read(byAdmin{&w}); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	p, err := c.page()
	if err != nil {
		return err
	}
	base := c.pageBase(&p.State.Org)
	if w.bulk {
		if err := c.mayMail(store.Email, "emails"); err != nil {
			return err
		}
		return c.answer(c.UseCases.ImportSubscribers(c.ctx, by, c.who.OrgID,
			usecase.Import{Emails: w.emails, Consent: w.consent, Services: w.services, Base: base}))
	}
	n, err := w.subscriber()
	if err != nil {
		return err
	}
	if err := c.mayMail(n.Channel, n.Field); err != nil {
		return err
	}
	n.Base = base
	return c.answer(c.UseCases.AddSubscriber(c.ctx, by, c.who.OrgID, n))
}

func editSubscriber(c *call) error {
	id, err := c.id("subscriber")
	if err != nil {
		return err
	}
	var state *string
	var services []string
	if err := c.read(mapping(func(f *wire.Fields) {
		f.OptStr("state", &state)
		f.Strings("services", &services)
	})); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	choice := &services
	if services == nil {
		choice = nil
	}
	return c.answer(c.UseCases.EditSubscriber(c.ctx, by, c.who.OrgID, id, state, choice))
}

func removeSubscriber(c *call) error {
	id, err := c.id("subscriber")
	if err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	return c.answer(c.UseCases.RemoveSubscriber(c.ctx, by, c.who.OrgID, id))
}

func listDeliveries(c *call) error {
	state, err := c.oneOf("state", store.DeliveryStates)
	if err != nil {
		return err
	}
	return stored(c, func(ctx context.Context, s store.Span) ([]store.Delivery, int, error) {
		return c.org().Deliveries(ctx, state, s)
	}, (*store.Delivery).Wire)
}

func retryDelivery(c *call) error {
	id, ok := wire.Atoi(c.Params("id"))
	if !ok || id < 1 {
		return fault.New(fault.NotFound, "There is no such delivery.")
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	return c.answer(c.UseCases.RetryDelivery(c.ctx, by, c.who.OrgID, id))
}

func retryDeliveries(c *call) error {
	by, err := c.caller()
	if err != nil {
		return err
	}
	return c.answer(c.UseCases.RetryDeliveries(c.ctx, by, c.who.OrgID))
}

// answer is what the use cases answered, now or to the same key before.
func (c *call) answer(r usecase.Reply, err error) error {
	if err != nil {
		return err
	}
	c.asOf()
	return c.json(int(r.Status), []byte(r.Body))
}
