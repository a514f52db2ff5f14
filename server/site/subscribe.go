package site

import (
	"errors"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/site/visit"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// Subscriptions is what somebody who holds a manage link may do. A token that nobody has is a fault.NotFound;
// serve.ErrElsewhere says that the primary has answered.
type Subscriptions interface {
	Subscription(c *fiber.Ctx, orgID, token string) (store.Subscriber, error)
	Confirm(c *fiber.Ctx, orgID, token string) (store.Subscriber, error)
	// Choose takes no services for the whole page, and "" for the language as it is.
	Choose(c *fiber.Ctx, seen *page.State, token string, services []string, language string) (store.Subscriber, error)
	Unsubscribe(c *fiber.Ctx, orgID, token string) error
}

// subscriptionView is the page on which somebody subscribes, confirms, chooses or leaves.
type subscriptionView struct {
	head
	Mode    string // new, confirm, manage, or "" when there is nothing to do
	Heading string
	Lead    string
	Done    string
	Problem string
	Yes     string
	Action  string
	Address string
	Whole   bool
	Chosen  []string
	Groups  []choiceGroup
	Once    *status.Incident // the one that this is about
	Of      *status.Service  // whose feeds are offered
	Told    string           // the language that it is told in
	Push    string           // the key for which a browser subscribes, or ""
	Until   bool             // it hears of an incident alone, until that is over
}

type choiceGroup struct {
	Name     string
	Services []serviceChoice
}

type serviceChoice struct {
	ID, Name string
	On       bool
}

// subscribeRoutes adds the pages under where an organisation's addresses begin.
func (s *site) subscribeRoutes(app fiber.Router, prefix string, find visit.Finder) {
	if s.Subscriptions == nil {
		return
	}
	app.Get(prefix+"/subscription", s.on(find, s.subscription))
	app.Post(prefix+"/subscription", s.on(s.leaving(find), s.manage))
}

// leaving lets whoever wants to hear nothing more of a page say so, also where they may not see it: mail programs have
// no cookies.
func (s *site) leaving(find visit.Finder) visit.Finder {
	return func(c *fiber.Ctx) (*visit.Visit, error) {
		v, err := find(c)
		var locked *visit.Locked
		if errors.As(err, &locked) && c.Query("token") != "" && c.FormValue("List-Unsubscribe") == "One-Click" {
			return locked.Visit, nil
		}
		return v, err
	}
}

// subscription is the page as it is now: with a token it is that subscription, without one it is the form for a new
// one.
func (s *site) subscription(v *visit.Visit) error {
	token := v.Ctx.Query("token")
	if token == "" {
		return s.subscribeForm(v)
	}
	sub, err := s.Subscriptions.Subscription(v.Ctx, v.State.Org.ID, token)
	if err != nil {
		return err
	}
	return s.showSubscription(v, &sub, "", "")
}

func (s *site) subscribeForm(v *visit.Visit) error {
	view := &subscriptionView{
		head: s.head(v, v.Language().Say("Subscribe")), Mode: "new", Heading: "Subscribe to updates",
		Whole: true, Groups: choices(v, nil),
	}
	if s.PushKey != nil {
		view.Push = s.PushKey(v.Ctx.UserContext())
	}
	if in, there := v.State.Incident(v.Ctx.Query("incident")); there && in.Active() {
		view.Once, view.Heading = v.Language().Incident(in, &v.State.Org), "Tell me when this is over"
	} else if svc, there := v.State.Service(v.Ctx.Query("service")); there {
		view.Of, view.Whole = svc, false
		view.Groups = choices(v, &store.Subscriber{Services: []status.Ref{{ID: svc.ID}}})
		view.Feeds = v.Path + "/services/" + svc.ID
	}
	for _, name := range []string{"incident", "service", "problem", "sent"} {
		value := v.Ctx.Query(name)
		if _, known := problems[value]; value != "" && name == "problem" && !known {
			value = "unknown" // the page repeats no words of a link
		}
		if value != "" {
			view.Query += name + "=" + url.QueryEscape(value) + "&"
		}
	}
	switch {
	case v.Ctx.Query("problem") != "":
		view.Problem = problemOf(v.Ctx.Query("problem"))
	case v.Ctx.Query("sent") != "":
		view.Mode, view.Heading = "", "Almost done"
		view.Done = "If the address can be reached, a message is on its way to it. Open the link in it to confirm."
	}
	return s.showView(v, view)
}

// problems are the sentences for what can be wrong with a form, by the code in the address. Nothing else that stands
// there is shown.
var problems = map[string]string{
	"email":       "This is no e-mail address that mail can be sent to. Please look at it again.",
	"webhook_url": "A webhook's address begins with https:// and is on the public internet. Please look at it again.",
	"slack_url":   "This is no address of an incoming webhook, as Slack shows it: it begins with https://.",
	"discord_url": "This is no address of a webhook, as Discord shows it: it begins with " +
		"https://discord.com/api/webhooks/.",
	"teams_url":    "This is no address of a workflow or a connector, as Teams shows it: it begins with https://.",
	"push":         "This did not work. Please look at what you filled in, and try again.",
	"channel":      "Please choose how you want to be told.",
	"address":      "Please fill in where you want to be told.",
	"incident":     "This incident is over already, or it is not on the page any more.",
	"services":     "Please choose at least one service, or the whole page.",
	"conflict":     "This address has as many subscriptions as it may have.",
	"not_found":    "No mail can be sent from here at present. Please choose another way.",
	"rate_limited": "Subscriptions were asked for too often. Please try again in a few minutes.",
}

func problemOf(code string) string {
	if text, known := problems[code]; known {
		return text
	}
	return "This did not work. Please look at what you filled in, and try again."
}

// manage does what the holder of a link asks for. The answer is the page as it is afterwards, so that no region shows
// an older one. A mail program's one click (RFC 8058) carries no other word and is answered in plain text.
func (s *site) manage(v *visit.Visit) error {
	org, token := v.State.Org.ID, v.Ctx.Query("token")
	if v.Ctx.FormValue("List-Unsubscribe") == "One-Click" {
		if err := s.Subscriptions.Unsubscribe(v.Ctx, org, token); err != nil {
			return err
		}
		v.Ctx.Set(fiber.HeaderCacheControl, "no-store")
		return v.Ctx.SendString(v.Language().Say("You are unsubscribed.") + "\n")
	}
	switch v.Ctx.FormValue("action") {
	case "confirm":
		sub, err := s.Subscriptions.Confirm(v.Ctx, org, token)
		if err != nil {
			return err
		}
		return s.showSubscription(v, &sub, "You are subscribed.", "")
	case "save":
		return s.choose(v, token)
	case "unsubscribe":
		if err := s.Subscriptions.Unsubscribe(v.Ctx, org, token); err != nil {
			return err
		}
		return s.showView(v, &subscriptionView{head: s.head(v, v.Language().Say("Unsubscribed")),
			Heading: "You are unsubscribed",
			Done:    "Nothing more will be sent to this address."})
	}
	return fault.New(fault.Malformed, "This form says nothing that can be done.")
}

func (s *site) choose(v *visit.Visit, token string) error {
	services := formValues(v, "services")
	if v.Ctx.FormValue("whole") == "1" {
		services = nil
	} else if len(services) == 0 {
		sub, err := s.Subscriptions.Subscription(v.Ctx, v.State.Org.ID, token)
		if err != nil {
			return err
		}
		return s.showSubscription(v, &sub, "", "Choose at least one service, or the whole page.")
	}
	sub, err := s.Subscriptions.Choose(v.Ctx, &v.State, token, services, v.Ctx.FormValue("language"))
	if err != nil {
		return err
	}
	return s.showSubscription(v, &sub, "Saved.", "")
}

func formValues(v *visit.Visit, name string) []string {
	var out []string
	for _, value := range v.Ctx.Request().PostArgs().PeekMulti(name) {
		out = append(out, string(value))
	}
	return out
}

func (s *site) showSubscription(v *visit.Visit, sub *store.Subscriber, done, problem string) error {
	view := &subscriptionView{head: s.head(v, v.Language().Say("Subscription")), Done: done, Problem: problem,
		Address: sub.Shown(), Whole: sub.Whole, Until: sub.Once(),
		Action: v.Path + "/subscription/?token=" + url.QueryEscape(sub.Token)}
	view.Query = "token=" + url.QueryEscape(sub.Token) + "&"
	for _, svc := range sub.Services {
		if _, there := v.State.Service(svc.ID); there || !v.Viewed() {
			view.Chosen = append(view.Chosen, svc.Name)
		}
	}
	if view.Told = sub.Language; view.Told == "" {
		view.Told = view.First()
	}
	switch sub.State {
	case store.Active:
		view.Mode, view.Heading, view.Groups = "manage", "Your subscription", choices(v, sub)
	case store.Bouncing:
		view.Mode, view.Heading, view.Yes = "confirm", "This address could not be reached", "Try again"
		view.Lead = "What was sent to it came back, so nothing more was sent. If it works again, say so:"
	default:
		view.Mode, view.Heading, view.Yes = "confirm", "Confirm your subscription", "Confirm"
		view.Lead = "Shall we tell this address of incidents and maintenance at " + v.State.Org.Name + "?"
	}
	return s.showView(v, view)
}

// choices are the page's services by group, those without one first.
func choices(v *visit.Visit, sub *store.Subscriber) []choiceGroup {
	on := map[string]bool{}
	if sub != nil {
		for _, svc := range sub.Services {
			on[svc.ID] = true
		}
	}
	var groups []choiceGroup
	at := map[string]int{}
	for i := range v.State.Services {
		svc := &v.State.Services[i]
		n, there := at[svc.Group]
		if !there {
			n = len(groups)
			at[svc.Group] = n
			groups = append(groups, choiceGroup{Name: svc.Group})
		}
		groups[n].Services = append(groups[n].Services, serviceChoice{svc.ID, svc.Name, on[svc.ID]})
	}
	return groups
}

// showView answers with a page that is for one person: nobody keeps it, and its address, which is a secret, is told to
// nobody.
func (s *site) showView(v *visit.Visit, view *subscriptionView) error {
	view.Index = false
	mediaType, body, err := render(view.In, "subscription", view)
	if err != nil {
		return err
	}
	v.Ctx.Set(fiber.HeaderCacheControl, "no-store")
	v.Ctx.Set("Referrer-Policy", "no-referrer")
	v.Ctx.Set(fiber.HeaderContentType, mediaType)
	return v.Ctx.SendString(strings.Replace(string(body), `content="strict-origin-when-cross-origin"`,
		`content="no-referrer"`, 1))
}
