package notify

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// payload is what a channel gets for a letter.
func payload(l *letter, to *store.Subscriber) []byte {
	switch to.Channel {
	case store.Slack:
		return slack(l)
	case store.Discord:
		return discord(l)
	case store.Teams:
		return teams(l)
	}
	return wire.Marshal(hookBody{l, to})
}

// hookBody is the payload of docs/webhooks.md.
type hookBody struct {
	*letter
	to *store.Subscriber
}

func (h hookBody) Wire(f *wire.Fields) {
	n := h.Notice
	f.Str("type", (*string)(&n.Kind))
	f.Time("timestamp", &n.At)
	wire.One(f, "data", &h, func(h *hookBody, f *wire.Fields) { h.wireData(f) })
}

func (h *hookBody) wireData(f *wire.Fields) {
	n := h.Notice
	wire.One(f, "page", &h.Org, func(o *page.Org, f *wire.Fields) {
		f.Str("id", &o.ID)
		f.Str("slug", &o.Slug)
		f.Str("name", &o.Name)
		f.Derived("url", h.Page)
	})
	wire.One(f, "subscription", h.to, func(s *store.Subscriber, f *wire.Fields) {
		f.Str("id", &s.ID)
		f.Derived("manage_url", h.Manage)
	})
	if n.Seq == 0 && n.Maintenance == nil {
		return // it is about the subscription only
	}
	if n.Seq > 0 {
		f.Int("seq", &n.Seq)
	}
	wire.One(f, "status", n, func(n *Notice, f *wire.Fields) {
		f.Str("indicator", (*string)(&n.Indicator))
		f.Str("description", &n.Words)
	})
	wire.Opt(f, "incident", &n.Incident, func(in *status.Incident, f *wire.Fields) {
		in.WireHead(f)
		f.Derived("url", h.Link)
	})
	wire.Opt(f, "maintenance", &n.Maintenance, func(m *status.Maintenance, f *wire.Fields) {
		m.WireHead(f)
		f.Derived("url", h.Link)
	})
	wire.Opt(f, "update", &n.Update, (*status.Update).Wire)
	wire.Opt(f, "update", &n.MaintenanceUpdate, (*status.MaintenanceUpdate).Wire)
	if len(n.Earlier) > 0 {
		wire.List(f, "earlier", &n.Earlier, func(u **status.Update, f *wire.Fields) { (*u).Wire(f) })
	}
	if len(n.EarlierSteps) > 0 {
		wire.List(f, "earlier", &n.EarlierSteps, func(u **status.MaintenanceUpdate, f *wire.Fields) { (*u).Wire(f) })
	}
	if n.Service != nil {
		wire.One(f, "service", n.Service, (*status.Service).Wire)
		f.Str("from_state", (*string)(&n.From))
	}
	if n.Minutes > 0 {
		f.Int("minutes", &n.Minutes)
	}
}

type object = map[string]any

func encoded(x object) []byte {
	out, _ := json.Marshal(x) // strings, numbers and lists of them always have a JSON form
	return out
}

// body is what was typed or said, at most so many characters.
func (l *letter) body(limit int) string {
	text := l.Say
	if text == "" {
		text = l.Body
	}
	return clip(text, limit)
}

func clip(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

// fitted is text in another spelling, of which so many characters are taken that it has no more than a limit: cut
// before it is spelled, so that neither an escape nor a link is cut in two.
func fitted(s string, limit int, spell func(string) string) string {
	for n := limit; ; {
		out := spell(clip(s, n))
		over := utf8.RuneCountInString(out) - limit
		if over <= 0 {
			return out
		}
		n -= 1 + over/6
	}
}

func (l *letter) headline() string {
	if l.Step == "" {
		return l.Heading
	}
	return l.Step + ": " + l.Heading
}

// number is the seq of what is told, by which a reader of a chat sees which of two messages is newer, too.
func (l *letter) number(before string) string {
	if l.Notice.Seq == 0 {
		return ""
	}
	return before + "seq " + wire.Itoa(l.Notice.Seq)
}

// slack is a message of Block Kit: header 150 characters, section 3,000, field 2,000.
func slack(l *letter) []byte {
	blocks := []object{{"type": "header", "text": object{"type": "plain_text", "text": clip(l.headline(), 150),
		"emoji": false}}}
	if text := l.body(2000); text != "" {
		blocks = append(blocks, object{"type": "section",
			"text": object{"type": "mrkdwn", "text": fitted(text, 3000, slackText), "verbatim": true}})
	}
	if len(l.Facts) > 0 {
		fields := make([]object, len(l.Facts))
		for i, f := range l.Facts {
			fields[i] = object{"type": "mrkdwn", "text": "*" + slackEscape(f.Name) + "*\n" +
				fitted(f.Value, 1900, slackEscape)}
		}
		blocks = append(blocks, object{"type": "section", "fields": fields})
	}
	blocks = append(blocks, object{"type": "context",
		"elements": []object{{"type": "mrkdwn", "text": "<" + slackURL(l.Link) + "|" + slackEscape(l.Button) + "> · <" +
			slackURL(l.Manage) + "|" + slackEscape(l.In.Say("Manage subscription")) + "> · " +
			slackEscape(clip(l.Sender(), 200)) + l.number(" · ")}}})
	return encoded(object{"text": fitted(l.Subject, 3000, slackEscape), "blocks": blocks, "unfurl_links": false})
}

var slackControl = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// slackEscape keeps text from being read as a mention or a link.
func slackEscape(s string) string { return slackControl.Replace(s) }

func slackURL(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace(s)
}

var (
	markdownLink = regexp.MustCompile(`\[([^\]\n]+)\]\((https?://[^\s()<>|]+)\)`)
	markdownBold = regexp.MustCompile(`(\*\*|__)([^*_\n]+)(\*\*|__)`)
)

// slackText is Markdown in Slack's own spelling, as far as the two differ in what people use.
func slackText(s string) string {
	s = markdownBold.ReplaceAllString(slackEscape(s), "*$2*")
	return markdownLink.ReplaceAllString(s, "<$2|$1>")
}

// discord is an embed: title 256 characters, description 4,096, field 1,024. It mentions nobody.
func discord(l *letter) []byte {
	fields := make([]object, len(l.Facts))
	for i, f := range l.Facts {
		fields[i] = object{"name": f.Name, "value": clip(orDash(f.Value), 1024), "inline": false}
	}
	return encoded(object{
		"allowed_mentions": object{"parse": []string{}},
		"embeds": []object{{
			"author": object{"name": clip(l.Sender(), 200), "url": l.Page}, "title": clip(l.headline(), 256),
			"url":         l.Link,
			"description": clip(l.body(3500)+"\n\n["+l.In.Say("Manage subscription")+"]("+l.Manage+")", 4096),
			"color":       number(colours[l.State].light), "fields": fields,
			"timestamp": l.Notice.At.String(), "footer": object{"text": l.Org.Slug + l.number(" · ")},
		}},
	})
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// teamsColours are those of Adaptive Cards.
var teamsColours = map[status.ServiceStatus]string{
	status.Operational: "Good", status.Degraded: "Warning", status.Partial: "Warning", status.Major: "Attention",
	status.UnderMaintenance: "Accent", "": "Default",
}

// maxTeams is how many bytes a message for Teams may have, as it is sent: 28 KB are refused.
const maxTeams = 27_000

// teams is an Adaptive Card, which both the workflows of today and the older connectors take. Its texts are cut until
// it is small enough.
func teams(l *letter) []byte {
	for limit := 8000; ; limit = limit * 3 / 4 {
		if card := encoded(l.card(limit)); len(card) <= maxTeams || limit < 50 {
			return card
		}
	}
}

// card is a letter whose text and facts have at most so many characters each.
func (l *letter) card(limit int) object {
	body := []object{{"type": "TextBlock", "text": l.Sender() + l.number(" · "), "isSubtle": true, "size": "Small",
		"wrap": true}}
	if l.Step != "" {
		body = append(body, object{"type": "TextBlock", "text": l.Step, "weight": "Bolder",
			"color": teamsColours[l.State], "wrap": true})
	}
	body = append(body, object{"type": "TextBlock", "text": l.Heading, "size": "Large", "weight": "Bolder",
		"wrap": true})
	if text := l.body(limit); text != "" {
		body = append(body, object{"type": "TextBlock", "text": text, "wrap": true})
	}
	if len(l.Facts) > 0 {
		facts := make([]object, len(l.Facts))
		for i, f := range l.Facts {
			facts[i] = object{"title": f.Name, "value": clip(f.Value, limit)}
		}
		body = append(body, object{"type": "FactSet", "facts": facts})
	}
	return object{"type": "message", "attachments": []object{{
		"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil,
		"content": object{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
			"version": "1.4", "body": body,
			"actions": []object{{"type": "Action.OpenUrl", "title": l.Button, "url": l.Link},
				{"type": "Action.OpenUrl", "title": l.In.Say("Manage subscription"), "url": l.Manage}}},
	}}}
}

// moment is a time as the database keeps it.
func moment(t time.Time) status.Time { return status.Time(t.UnixMilli()) }
