package site

import (
	"html/template"

	"statuspage/server/lang"
	"statuspage/server/markdown"
	"statuspage/server/site/serve"
	"statuspage/shared/status"
)

// maxMarked is how much is rendered in one document, in markdown.Cost: about 20 ms of CPU. What follows is shown as it
// was typed.
const maxMarked = 80 << 10

// teller writes the texts of one document, within 50 ms of CPU whatever they are.
type teller struct {
	*serve.Room
	marked int // that is left
	clock  clock
}

func newTeller(objects int, c clock) *teller {
	return &teller{serve.NewRoom(serve.MaxText, objects), maxMarked, c}
}

// tell renders a text of the object whose turn it is; ok is false when there is no room for it.
func (t *teller) tell(source string) (out template.HTML, ok bool) {
	source, ok = t.Take(source)
	return t.mark(source), ok
}

// mark renders a text that is shown in any case.
func (t *teller) mark(source string) template.HTML {
	if source == "" {
		return ""
	}
	if cost := markdown.Cost(source); cost <= t.marked {
		t.marked -= cost
		return markdown.HTML(source)
	}
	return markdown.Plain(source)
}

// incident lists the entries of a timeline, newest first, and how many older ones there was no room for.
func (t *teller) incident(in *status.Incident) (list []entry, more int) {
	t.Turn()
	for i := len(in.Updates) - 1; i >= 0; i-- {
		body, ok := t.tell(in.Updates[i].Body)
		if !ok {
			return list, i + 1
		}
		list = append(list, t.updateEntry(in, i, body))
	}
	if len(list) == 0 {
		body, _ := t.tell(in.Description)
		list = append(list, t.openedEntry(in, body))
	}
	return list, 0
}

// window is the same for planned maintenance; about is its own text where nothing has happened yet.
func (t *teller) window(m *status.Maintenance) (about template.HTML, list []entry, more int) {
	t.Turn()
	for i := len(m.Updates) - 1; i >= 0; i-- {
		body, ok := t.tell(m.Updates[i].Body)
		if !ok {
			return "", list, i + 2
		}
		list = append(list, t.stepEntry(m, i, body))
	}
	about, ok := t.tell(m.Description)
	switch {
	case list == nil:
		return about, nil, 0
	case !ok:
		return "", list, 1
	}
	return about, append(list, t.plannedEntry(m, about)), 0
}

func (t *teller) updateEntry(in *status.Incident, i int, body template.HTML) entry {
	u := &in.Updates[i]
	e := entry{ID: u.ID, Words: u.Status.Display(), Body: body, At: u.CreatedAt, Edited: u.EditedAt, clock: t.clock,
		lang: lang.Body.Of(in.Language, u.Translations)}
	if i > 0 { // what the first one affects stands at the top
		e.Moved = u.Services
	}
	return e
}

func (t *teller) openedEntry(in *status.Incident, body template.HTML) entry {
	return entry{ID: in.ID, Words: in.Status.Display(), Body: body, At: in.CreatedAt, clock: t.clock,
		lang: lang.Description.Of(in.Language, in.Translations)}
}

func (t *teller) stepEntry(m *status.Maintenance, i int, body template.HTML) entry {
	u := &m.Updates[i]
	return entry{ID: u.ID, Words: u.Status.Display(), Body: body, At: u.CreatedAt, clock: t.clock,
		lang: lang.Body.Of(m.Language, u.Translations)}
}

func (t *teller) plannedEntry(m *status.Maintenance, body template.HTML) entry {
	return entry{ID: m.ID, Words: status.Scheduled.Display(), Body: body, At: m.CreatedAt, clock: t.clock,
		lang: lang.Description.Of(m.Language, m.Translations)}
}

// latest is the last word about an incident, and its language.
func (t *teller) latest(in *status.Incident) (body template.HTML, language string) {
	t.Turn()
	text, language := in.Description, lang.Description.Of(in.Language, in.Translations)
	if n := len(in.Updates); n > 0 {
		text, language = in.Updates[n-1].Body, lang.Body.Of(in.Language, in.Updates[n-1].Translations)
	}
	body, _ = t.tell(text)
	return body, language
}

// lastWord is the same of a window: its newest update that says something, or what it is about.
func (t *teller) lastWord(m *status.Maintenance) (body template.HTML, language string) {
	t.Turn()
	text, language := m.Description, lang.Description.Of(m.Language, m.Translations)
	if n := len(m.Updates); n > 0 && m.Updates[n-1].Body != "" {
		text, language = m.Updates[n-1].Body, lang.Body.Of(m.Language, m.Updates[n-1].Translations)
	}
	body, _ = t.tell(text)
	return body, language
}
