package widget

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the files beside this one
	"encoding/base64"
	"html/template"
	"strings"

	"statuspage/server/lang"
	"statuspage/server/site/visit"
	"statuspage/shared/wire"
)

//go:embed embed.js
var scriptSource string

// scriptText is a function that takes a page.
var scriptText = trimmed(scriptSource)

// trimmed leaves out what only people read.
func trimmed(source string) string {
	var lines []string
	for line := range strings.Lines(source) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// states are the words of a page's state that its script may hear, in a language.
func states(in *lang.In, f *wire.Fields) {
	for _, words := range []string{"All Systems Operational", "Service Under Maintenance", "Partially Degraded Service",
		"Degraded System Service", "Minor Service Outage", "Partial System Outage", "Major System Outage",
		"Status unknown"} {
		f.Derived(words, in.Say(words))
	}
}

// script shows the state that the page had when it was made, and goes on asking.
func script(v *visit.Visit) error {
	in := v.Spoken()
	return v.Document("embed.js/"+string(in), always, func() (string, []byte, error) {
		indicator, words := sum(&v.State)
		state := wire.Marshal(object(func(f *wire.Fields) {
			f.Derived("url", v.Home())
			f.Derived("indicator", indicator)
			f.Derived("words", in.Say(words))
			if in != lang.English {
				wire.One(f, "all", &in, states)
			}
		}))
		return "text/javascript; charset=utf-8", []byte(scriptText + "(" + string(state) + ");\n"), nil
	})
}

var (
	//go:embed frame.html
	frameSource string
	//go:embed frame.css
	frameStyle string
	//go:embed frame.js
	frameScript string

	frameView = template.Must(template.New("frame").Parse(frameSource))

	// framePolicy lets every site show the frame, and the frame run what stands in it and nothing else.
	framePolicy = "default-src 'none'; style-src '" + digest(frameStyle) + "'; script-src '" + digest(frameScript) +
		"'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors *"
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// frame is a page for an <iframe>; ?theme= is light, dark or, by default, the visitor's own.
func frame(v *visit.Visit) error {
	theme := v.Ctx.Query("theme")
	if theme != "light" && theme != "dark" {
		theme = "auto"
	}
	v.Ctx.Set("Content-Security-Policy", framePolicy)
	v.Ctx.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	in := v.Spoken()
	return v.Document("embed/"+theme+"/"+string(in), always, func() (string, []byte, error) {
		indicator, words := sum(&v.State)
		var b bytes.Buffer
		err := frameView.Execute(&b, map[string]any{
			"Name": v.State.Org.Name, "URL": v.Home(), "Indicator": indicator, "Words": in.Say(words), "Lang": in,
			"All":   string(wire.Marshal(object(func(f *wire.Fields) { states(&in, f) }))),
			"Right": lang.RightToLeft(string(in)), "Theme": theme,
			"Style": template.CSS(frameStyle), "Script": template.JS(frameScript), // #nosec G203 -- files of our own
		})
		return "text/html; charset=utf-8", b.Bytes(), err
	})
}
