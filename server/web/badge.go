package web

import (
	"bytes"
	"html/template"
	"time"
	"unicode/utf8"

	"statuspage/server/relay"
	"statuspage/server/serve"
	"statuspage/server/visit"
	"statuspage/shared/status"
)

// labelMax is how much of a badge's ?label= is shown, in characters.
const labelMax = 60

// colours are those of the light theme; white is readable on each of them.
var colours = map[status.ServiceStatus]string{
	status.Operational: "#1a7f4b", status.Degraded: "#9a6700", status.Partial: "#bc4c00", status.Major: "#c62828",
	status.UnderMaintenance: "#0a66c2", "": "#5b6068",
}

// badge is the state as a picture for a README: two tones, with words.
func (s *site) badge(v *visit.Visit) error {
	shared(v.Ctx)
	v.Ctx.Set("Cache-Control", "public, max-age=30")
	label := v.Ctx.Query("label")
	if label == "" {
		doc, err := v.Doc("badge", time.Hour, func() (string, []byte, error) { return drawBadge(v.Page, v.State.Org.Name) })
		if err != nil {
			return err
		}
		return serve.Doc(v.Ctx, doc)
	}
	return serveOnce(v.Ctx)(drawBadge(v.Page, label))
}

// badgeView is a badge with its measures in pixels.
type badgeView struct {
	Label, Words, Colour         string
	Left, Right, Width           int
	LabelX, LabelW, WordX, WordW int
}

func drawBadge(p *relay.Page, label string) (string, []byte, error) {
	indicator, words := summary(&p.State)
	b := badgeView{Label: clip(label, labelMax), Words: words, Colour: colours[mood(indicator)]}
	b.LabelW, b.WordW = textWidth(b.Label), textWidth(words)
	b.Left, b.Right = b.LabelW+14, b.WordW+14
	b.Width = b.Left + b.Right
	b.LabelX, b.WordX = 7, b.Left+7
	var out bytes.Buffer
	err := badgeSVG.Execute(&out, b)
	return "image/svg+xml", out.Bytes(), err
}

var badgeSVG = template.Must(template.New("badge").Parse(`<svg xmlns="http://www.w3.org/2000/svg" width="{{.Width}}" height="20" ` +
	`viewBox="0 0 {{.Width}} 20" role="img" aria-label="{{.Label}}: {{.Words}}"><title>{{.Label}}: {{.Words}}</title>` +
	`<clipPath id="r"><rect width="{{.Width}}" height="20" rx="4"/></clipPath><g clip-path="url(#r)"><rect width="{{.Left}}" height="20" fill="#2b2f36"/>` +
	`<rect x="{{.Left}}" width="{{.Right}}" height="20" fill="{{.Colour}}"/></g><g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" ` +
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
