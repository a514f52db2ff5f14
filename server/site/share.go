package site

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	points "golang.org/x/image/math/fixed"

	"statuspage/server/lang"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/shared/status"
)

// The picture that stands beside a link, as large as those who show links ask for (Open Graph).
const (
	shareWidth  = 1200
	shareHeight = 630
	shareMargin = 80
	shareLines  = 3 // of a title
)

// share is what such a picture says.
type share struct {
	Site, Title, Words, Facts string
	State                     status.ServiceStatus // "" is one that is over, or no state
}

// sharePage is the picture of the page's state.
func (s *site) sharePage(v *visit.Visit) error {
	in := written(v)
	doc, err := v.Doc("share/"+string(in), time.Hour, func() (string, []byte, error) {
		_, words := summary(&v.State)
		return drawShare(&share{Site: siteName(in, &v.State.Org), Title: in.Say(words),
			State: worstOf(v.State.Services)})
	})
	if err != nil {
		return err
	}
	return s.sharePicture(v, func() error { return serve.Doc(v.Ctx, doc) })
}

// shareEntry is the picture of an incident or a window. One that has left memory is drawn for each request: one at a
// time.
func (s *site) shareEntry(v *visit.Visit) error {
	id := v.Ctx.Params("id")
	if !status.ValidID(id) {
		return noIncident()
	}
	draw := func(x *share) func() (string, []byte, error) {
		return func() (string, []byte, error) { return drawShare(x) }
	}
	kept := func(x *share) error {
		doc, err := v.Doc("share/"+id+"/"+string(written(v)), time.Hour, draw(x))
		if err != nil {
			return err
		}
		return s.sharePicture(v, func() error { return serve.Doc(v.Ctx, doc) })
	}
	if in, there := v.State.Incident(id); there {
		return kept(incidentShare(v, in))
	}
	if m, there := v.State.Maintenance(id); there {
		return kept(windowShare(v, m))
	}
	in, err := s.olderIncident(v, id)
	if err == nil {
		return s.sharePicture(v, func() error { return serveOnce(v.Ctx)(drawShare(incidentShare(v, in))) })
	}
	if !notFound(err) {
		return err
	}
	m, err := s.olderWindow(v, id)
	if err != nil {
		return err
	}
	return s.sharePicture(v, func() error { return serveOnce(v.Ctx)(drawShare(windowShare(v, m))) })
}

// sharePicture lets other sites show what is sent.
func (s *site) sharePicture(v *visit.Visit, send func() error) error {
	v.Ctx.Set("Cache-Control", "public, max-age=300")
	v.Ctx.Set("Content-Security-Policy", "default-src 'none'")
	v.Ctx.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return send()
}

// unwritten are the languages that the letters of pictures cannot write.
var unwritten = []string{"ja", "ko", "zh-Hans", "ar", "he"}

// written is the language of a picture: the reader's, or English where the letters cannot write that.
func written(v *visit.Visit) lang.In {
	in := v.Spoken()
	if slices.Contains(unwritten, string(in)) {
		return lang.English
	}
	return in
}

// incidentShare tells an incident by what does not change with the clock.
func incidentShare(v *visit.Visit, in *status.Incident) *share {
	c, l := clockOf(&v.State.Org), written(v)
	in = l.Incident(in, &v.State.Org)
	at := func(t status.Time) string { return c.moment(l, "at", t) + " " + c.abbreviation(t) }
	x := &share{Site: siteName(l, &v.State.Org), Title: in.Title, Words: l.Say(in.Status.Display()),
		State: impactMood(in.Impact),
		Facts: l.Say("Since {x}", "x", at(in.CreatedAt))}
	if in.ResolvedAt != nil {
		took, _ := lang.Words(string(l), lasted(in.CreatedAt, *in.ResolvedAt))
		x.State, x.Facts = "", l.Say("Resolved {when} after {x}", "when", at(*in.ResolvedAt), "x", took)
	}
	return x
}

func windowShare(v *visit.Visit, m *status.Maintenance) *share {
	c, l := clockOf(&v.State.Org), written(v)
	m = l.Maintenance(m, &v.State.Org)
	x := &share{Site: siteName(l, &v.State.Org), Title: m.Title, Words: l.Say(windowWords(m)),
		State: status.UnderMaintenance,
		Facts: c.moment(l, "at", m.ScheduledFor) + " – " +
			c.moment(l, c.beside(m.ScheduledFor, m.ScheduledUntil), m.ScheduledUntil) + " " +
			c.abbreviation(m.ScheduledUntil)}
	if m.Over() {
		x.State = ""
	}
	return x
}

// The colours of a picture: each with sixteen steps from the ground, so that letters have soft edges and a byte is
// enough for a dot.
const (
	inkText = iota
	inkDim
	inkState
	inks
	inkSteps = 16
)

// shareFonts are the letters; a face is used by one at a time, and so is the time that pictures take.
var shareFonts struct {
	sync.Mutex
	once                       sync.Once
	regular, bold              *opentype.Font
	small, words, title, facts font.Face
	err                        error
}

func loadShareFonts() error {
	f := &shareFonts
	f.once.Do(func() {
		face := func(of *opentype.Font, size float64) (out font.Face) {
			if f.err == nil {
				out, f.err = opentype.NewFace(of, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
			}
			return out
		}
		if f.regular, f.err = opentype.Parse(goregular.TTF); f.err == nil {
			f.bold, f.err = opentype.Parse(gobold.TTF)
		}
		f.small, f.words, f.title, f.facts = face(f.bold, 38), face(f.bold, 38), face(f.bold, 68), face(f.regular, 34)
	})
	return f.err
}

// drawShare draws a picture. What the letters that we have cannot write is left out.
func drawShare(x *share) (string, []byte, error) {
	shareFonts.Lock()
	defer shareFonts.Unlock()
	if err := loadShareFonts(); err != nil {
		return "", nil, err
	}
	f := &shareFonts
	p := &shareCanvas{image.NewPaletted(image.Rect(0, 0, shareWidth, shareHeight), sharePalette(x.State))}
	p.box(image.Rect(0, 0, 24, shareHeight), inkState)
	p.line(f.small, shareMargin, 120, inkText, fit(f.small, writable(x.Site), shareWidth-2*shareMargin))
	y := 270
	if x.Words != "" {
		p.box(image.Rect(shareMargin, 196, shareMargin+28, 224), inkState)
		p.line(f.words, shareMargin+48, 224, inkState, fit(f.words, x.Words, shareWidth-2*shareMargin-48))
		y = 320
	}
	for _, line := range wrapped(f.title, writable(x.Title), shareWidth-2*shareMargin) {
		p.line(f.title, shareMargin, y, inkText, line)
		y += 84
	}
	p.line(f.facts, shareMargin, shareHeight-56, inkDim, x.Facts)
	var out bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, p)
	return "image/png", out.Bytes(), err
}

func sharePalette(state status.ServiceStatus) color.Palette {
	ground, _ := parseRGB(lightPage)
	var out color.Palette
	for _, ink := range [inks]string{"#1c1e21", "#5b6068", colours[state]} {
		c, _ := parseRGB(ink)
		for step := range inkSteps {
			m := mix(ground, c, float64(step)/(inkSteps-1))
			out = append(out, color.RGBA{uint8(m[0]), uint8(m[1]), uint8(m[2]), 255})
		}
	}
	return out
}

type shareCanvas struct{ *image.Paletted }

func (p *shareCanvas) box(r image.Rectangle, ink int) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			p.Pix[y*p.Stride+x] = uint8(ink*inkSteps + inkSteps - 1) // #nosec G115 -- below inks*inkSteps
		}
	}
}

// line writes words from a place on; y is the foot of the letters.
func (p *shareCanvas) line(face font.Face, x, y, ink int, words string) {
	m := face.Metrics()
	mask := image.NewAlpha(image.Rect(x, y-m.Ascent.Ceil(), shareWidth, y+m.Descent.Ceil()))
	(&font.Drawer{Dst: mask, Src: image.Opaque, Face: face, Dot: points.P(x, y)}).DrawString(words)
	for at := mask.Rect.Min.Y; at < min(mask.Rect.Max.Y, shareHeight); at++ {
		for i := mask.Rect.Min.X; i < mask.Rect.Max.X; i++ {
			if a := mask.AlphaAt(i, at).A; a >= inkSteps {
				p.Pix[at*p.Stride+i] = uint8(ink*inkSteps) + a/inkSteps // #nosec G115 -- below inks*inkSteps
			}
		}
	}
}

// writable leaves out what the letters have no shape for; a text of which little is left says nothing.
func writable(s string) string {
	kept, all := 0, 0
	out := strings.Map(func(r rune) rune {
		all++
		if i, err := shareFonts.bold.GlyphIndex(nil, r); err != nil || i == 0 {
			return -1
		}
		kept++
		return r
	}, s)
	if kept*4 < all*3 {
		return ""
	}
	return strings.Join(strings.Fields(out), " ")
}

// fit is as much of a text as a line takes.
func fit(face font.Face, s string, width int) string {
	if font.MeasureString(face, s).Ceil() <= width {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && font.MeasureString(face, string(r)+"…").Ceil() > width {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}

// wrapped breaks a text into lines, the last of which says that there is more.
func wrapped(face font.Face, s string, width int) (lines []string) {
	words := strings.Fields(s)
	for len(words) > 0 {
		n := 1
		for n < len(words) && font.MeasureString(face, strings.Join(words[:n+1], " ")).Ceil() <= width {
			n++
		}
		if len(lines) == shareLines-1 {
			n = len(words)
		}
		lines, words = append(lines, fit(face, strings.Join(words[:n], " "), width)), words[n:]
	}
	return lines
}
