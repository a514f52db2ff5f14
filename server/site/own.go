package site

import (
	"bytes"
	"html/template"
	"log/slog"

	"statuspage/shared/page"
)

// ownBlock is what the public page shows of a noun beside its services, incidents and windows.
type ownBlock struct {
	template string                // that draws it, in public/templates/part_NOUN.html
	view     func(*page.State) any // what the template is given; nil where there is nothing to show
}

// own are these blocks, each registered by its noun's own file.
var own = map[page.Noun]ownBlock{}

// ownBlocks are these blocks, in the order of the nouns.
func ownBlocks(s *page.State) (out []template.HTML) {
	for _, noun := range page.Nouns() {
		if own[noun].view == nil {
			continue
		}
		view := own[noun].view(s)
		if view == nil {
			continue
		}
		var b bytes.Buffer
		if err := views["page"].ExecuteTemplate(&b, own[noun].template, view); err != nil {
			slog.Error("a block of the page cannot be drawn", "noun", noun, "error", err)
			continue
		}
		out = append(out, template.HTML(b.String())) // #nosec G203 -- escaped by its template
	}
	return out
}
