package site

import (
	"bytes"
	"html/template"

	"statuspage/public/icons"
	"statuspage/public/templates"
	"statuspage/server/lang"
	"statuspage/shared/status"
)

// views are the pages, each with the layout around it.
var views = parse("page", "entry", "history", "home", "problem", "missing", "subscription", "service", "access",
	"index", "report")

// sprite is every icon that a page may show.
var sprite = icons.Sprite("operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance",
	"unknown",
	"chevron", "bell", "feed", "arrow", "globe")

func parse(names ...string) map[string]*template.Template {
	funcs := template.FuncMap{
		"asset": asset, "attributes": attributes, "date": date, "icon": drawIcon, "impact": impactMood,
		"sprite": func() template.HTML { return sprite },
	}
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.New(name).Funcs(funcs).ParseFS(templates.Files, "layout.html", "part_*.html",
			name+".html"))
	}
	return all
}

// attributes are those of the root element: the language, and how the organisation wants its page to look.
func attributes(view any) template.HTMLAttr {
	looks, is := view.(interface{ attributes() string })
	if !is {
		return ` lang="en"`
	}
	return template.HTMLAttr(looks.attributes()) // #nosec G203 -- words of the program's own
}

// render writes one page in a language.
func render(in lang.In, name string, view any) (mediaType string, body []byte, err error) {
	var b bytes.Buffer
	err = views[name].ExecuteTemplate(&b, "layout", view)
	return "text/html; charset=utf-8", lang.Document(string(in), b.Bytes(), nil), err
}

// drawIcon shows a symbol of the page's sprite beside words that say the same.
func drawIcon(name any) template.HTML {
	text := ""
	switch n := name.(type) {
	case status.ServiceStatus:
		text = iconName(n)
	case string:
		text = n
	}
	out := `<svg class="icon" aria-hidden="true"><use href="#i-` + template.HTMLEscapeString(text) + `"/></svg>`
	return template.HTML(out) // #nosec G203 -- escaped
}
