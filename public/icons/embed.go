// Package icons is the one set of icons, 20 by 20, drawn in the colour of the text around them.
package icons

import (
	"embed"
	"html/template"
	"strings"
)

//go:embed *.svg
var files embed.FS

// Sprite is the named icons as symbols, to be inlined once and shown by <use href="#i-name">. A name that is not there
// panics: sprites are made at the start.
func Sprite(names ...string) template.HTML {
	var b strings.Builder
	b.WriteString(`<svg class="sprite" width="0" height="0" aria-hidden="true" focusable="false">`)
	for _, name := range names {
		b.WriteString(`<symbol id="i-` + name + `" viewBox="0 0 20 20" fill="currentColor">` + inner(name) +
			`</symbol>`)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // #nosec G203 -- our own files
}

// Image is an icon in one colour as a document of its own.
func Image(name, colour string) []byte {
	return []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20" fill="` + colour + `" color="` + colour +
		`">` + inner(name) + `</svg>`)
}

func inner(name string) string {
	svg, err := files.ReadFile(name + ".svg")
	if err != nil {
		panic(err)
	}
	_, rest, _ := strings.Cut(string(svg), ">")
	return rest[:strings.LastIndex(rest, "</svg>")]
}
