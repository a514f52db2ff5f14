package site

import (
	"bytes"
	"html/template"
	"time"
	"unicode/utf8"

	"statuspage/server/lang"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// labelMax is how much of a badge's ?label= is shown, in characters.
const labelMax = 60

// colours are those of the light theme; white is readable on each of them.
var colours = map[status.ServiceStatus]string{
	status.Operational: "#1a7f4b", status.Degraded: "#9a6700", status.Partial: "#bc4c00", status.Major: "#c62828",
	status.UnderMaintenance: "#0a66c2", "": "#5b6068",
}

// badge is the state as a picture for a README: two tones, with words. ?service= and ?group= show one of them,
// and ?show=time with a service how quickly it answers.
func (s *site) badge(v *visit.Visit) error {
	shared(v.Ctx)
	v.Ctx.Set("Cache-Control", "public, max-age=30")
	label, of, group := v.Ctx.Query("label"), v.Ctx.Query("service"), v.Ctx.Query("group")
	if of != "" && v.Ctx.Query("show") == "time" {
		b, err := s.timeBadge(v, of)
		if err != nil {
			return err
		}
		return serveOnce(v.Ctx)(b.draw(or(label, b.Label)))
	}
	if of != "" || group != "" {
		b, err := badgeOf(v.Spoken(), &v.State, of, group)
		if err != nil {
			return err
		}
		return serveOnce(v.Ctx)(b.draw(or(label, b.Label)))
	}
	b := badgeWords(v.Spoken(), &v.State)
	if label == "" {
		doc, err := v.Doc("badge/"+string(v.Spoken()), time.Hour, func() (string, []byte, error) {
			return b.draw(v.State.Org.Name)
		})
		if err != nil {
			return err
		}
		serve.Keep(v.Ctx, v.Page, doc.Made.Add(time.Hour))
		return serve.Doc(v.Ctx, doc)
	}
	return serveOnce(v.Ctx)(b.draw(label))
}

// badgeWords is what the badge of a page says.
func badgeWords(in lang.In, s *page.State) badgeView {
	indicator, words := summary(s)
	return badgeView{Words: in.Say(words), Colour: colours[mood(indicator)]}
}

// badgeOf is what the badge of a service or of a group says: its worst state.
func badgeOf(in lang.In, s *page.State, service, group string) (badgeView, error) {
	var those []status.Service
	label := group
	for i := range s.Services {
		switch svc := &s.Services[i]; {
		case service != "" && svc.ID == service:
			those, label = append(those, *svc), svc.Name
		case service == "" && svc.Group == group:
			those = append(those, *svc)
		}
	}
	if those == nil {
		return badgeView{}, noService()
	}
	worst := worstOf(those)
	return badgeView{Label: label, Words: in.Say(worst.Display()), Colour: colours[worst]}, nil
}

// badgeView is a badge with its measures in pixels.
type badgeView struct {
	Label, Words, Colour         string
	Left, Right, Width           int
	LabelX, LabelW, WordX, WordW int
}

func (b badgeView) draw(label string) (string, []byte, error) {
	b.Label = clip(label, labelMax)
	b.LabelW, b.WordW = textWidth(b.Label), textWidth(b.Words)
	b.Left, b.Right = b.LabelW+14, b.WordW+14
	b.Width = b.Left + b.Right
	b.LabelX, b.WordX = 7, b.Left+7
	var out bytes.Buffer
	err := badgeSVG.Execute(&out, b)
	return "image/svg+xml", out.Bytes(), err
}

var badgeSVG = template.Must(template.New("badge").
	Parse(`<svg xmlns="http://www.w3.org/2000/svg" width="{{.Width}}" height="20" ` +
		`viewBox="0 0 {{.Width}} 20" role="img" aria-label="{{.Label}}: {{.Words}}"><title>{{.Label}}: {{.Words}}</title>` +
		`<clipPath id="r"><rect width="{{.Width}}" height="20" rx="4"/></clipPath><g clip-path="url(#r)">` +
		`<rect width="{{.Left}}" height="20" fill="#2b2f36"/>` +
		`<rect x="{{.Left}}" width="{{.Right}}" height="20" fill="{{.Colour}}"/></g>` +
		`<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" ` +
		`font-size="11"><text x="{{.LabelX}}" y="14" textLength="{{.LabelW}}">{{.Label}}</text>` +
		`<text x="{{.WordX}}" y="14" textLength="{{.WordW}}">{{.Words}}</text></g></svg>`))

// textWidth is about how wide Verdana sets a text at 11 pixels; the picture then asks for exactly this width.
func textWidth(s string) int {
	tenths := 0
	for _, r := range s {
		tenths += runeWidth(r)
	}
	return max((tenths+9)/10, 1)
}

func runeWidth(r rune) int {
	switch {
	case r == 'i' || r == 'j' || r == 'l' || r == '.' || r == ',' || r == ':' || r == '\'' || r == '|' || r == '!':
		return 33
	case r == 'f' || r == 'r' || r == 't' || r == ' ' || r == '(' || r == ')' || r == 'I' || r == '-':
		return 45
	case r == 'm' || r == 'w' || r == 'M' || r == 'W' || r == '@' || r == '%':
		return 100
	case r >= 'A' && r <= 'Z':
		return 77
	case r < 0x80:
		return 66
	case r >= 0x1100: // wide scripts and emoji
		return 115
	}
	return 70
}

func clip(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}
