package web

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/server/visit"
	"statuspage/shared/fault"
)

// Subscriptions is what somebody who holds a manage link may do. A token that nobody has is a fault.NotFound; serve.ErrElsewhere says that the
// primary has answered.
type Subscriptions interface {
	Subscription(c *fiber.Ctx, orgID, token string) (store.Subscriber, error)
	Confirm(c *fiber.Ctx, orgID, token string) (store.Subscriber, error)
	Choose(c *fiber.Ctx, orgID, token string, services []string) (store.Subscriber, error)
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
	app.Post(prefix+"/subscription", s.on(find, s.manage))
}

// subscription is the page as it is now: with a token it is that subscription, without one it is the form for a new one.
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
	view := &subscriptionView{head: s.head(v, "Subscribe – "+v.State.Org.Name+" Status"), Mode: "new", Heading: "Subscribe to updates", Whole: true,
		Groups: choices(v, nil)}
	switch {
	case v.Ctx.Query("problem") != "":
		view.Problem = v.Ctx.Query("problem")
	case v.Ctx.Query("sent") != "":
		view.Mode, view.Heading = "", "Almost done"
		view.Done = "If the address can be reached, a message is on its way to it. Open the link in it to confirm."
	}
	return s.showView(v, view)
}

// manage does what the holder of a link asks for. The answer is the page as it is afterwards, so that no region shows an older one. A mail
// program's one click (RFC 8058) carries no other word and is answered in plain text.
func (s *site) manage(v *visit.Visit) error {
	org, token := v.State.Org.ID, v.Ctx.Query("token")
	if v.Ctx.FormValue("List-Unsubscribe") == "One-Click" {
		if err := s.Subscriptions.Unsubscribe(v.Ctx, org, token); err != nil {
			return err
		}
		v.Ctx.Set(fiber.HeaderCacheControl, "no-store")
		return v.Ctx.SendString("You are unsubscribed.\n")
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
		return s.showView(v, &subscriptionView{head: s.head(v, "Unsubscribed – "+v.State.Org.Name+" Status"), Heading: "You are unsubscribed",
			Done: "Nothing more will be sent to this address."})
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
	sub, err := s.Subscriptions.Choose(v.Ctx, v.State.Org.ID, token, services)
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
	view := &subscriptionView{head: s.head(v, "Subscription – "+v.State.Org.Name+" Status"), Done: done, Problem: problem, Address: sub.Shown(), Whole: sub.Whole,
		Action: v.Path + "/subscription/?token=" + url.QueryEscape(sub.Token)}
	for _, svc := range sub.Services {
		view.Chosen = append(view.Chosen, svc.Name)
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

// showView answers with a page that is for one person: nobody keeps it, and its address, which is a secret, is told to nobody.
func (s *site) showView(v *visit.Visit, view *subscriptionView) error {
	view.Index = false
	mediaType, body, err := render("subscription", view)
	if err != nil {
		return err
	}
	v.Ctx.Set(fiber.HeaderCacheControl, "no-store")
	v.Ctx.Set("Referrer-Policy", "no-referrer")
	v.Ctx.Set(fiber.HeaderContentType, mediaType)
	return v.Ctx.SendString(strings.Replace(string(body), `content="strict-origin-when-cross-origin"`, `content="no-referrer"`, 1))
}
