package lang

import (
	"html/template"
	"slices"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// What an organisation wrote is told in the reader's language where it is there in that, else as it was written. What
// comes of the functions below has the texts of that language in its own places. Its Language is that of the texts
// which are not in the reader's, "" where the original is in it; its Translations have the one that was taken, or none.

// Incident is an incident as it is told; the incident itself where that is the same.
func (l In) Incident(in *status.Incident, org *page.Org) *status.Incident {
	own := original(in.Language, org)
	if own == string(l) {
		if in.Language == "" && len(in.Translations) == 0 && !slices.ContainsFunc(in.Updates, translatedUpdate) {
			return in
		}
		own = ""
	}
	out := *in
	out.Language = own
	out.Translations = l.pick(in.Translations, own, &out.Title, &out.Description, &out.Postmortem, &out.Excluded)
	out.Updates = slices.Clone(in.Updates)
	for i := range out.Updates {
		l.update(&out.Updates[i], own)
	}
	return &out
}

// Update is an entry of an incident's timeline as it is told.
func (l In) Update(u *status.Update, in *status.Incident, org *page.Org) *status.Update {
	out := *u
	l.update(&out, l.foreign(original(in.Language, org)))
	return &out
}

func (l In) update(u *status.Update, own string) {
	u.Translations = l.pick(u.Translations, own, nil, nil, nil, nil, &u.Body)
}

func translatedUpdate(u status.Update) bool { return len(u.Translations) > 0 }

// Maintenance is Incident for a window.
func (l In) Maintenance(m *status.Maintenance, org *page.Org) *status.Maintenance {
	own := original(m.Language, org)
	if own == string(l) {
		if m.Language == "" && len(m.Translations) == 0 && !slices.ContainsFunc(m.Updates, translatedStep) {
			return m
		}
		own = ""
	}
	out := *m
	out.Language = own
	out.Translations = l.pick(m.Translations, own, &out.Title, &out.Description)
	out.Updates = slices.Clone(m.Updates)
	for i := range out.Updates {
		l.step(&out.Updates[i], own)
	}
	return &out
}

// Step is an entry of a window's timeline as it is told.
func (l In) Step(u *status.MaintenanceUpdate, m *status.Maintenance, org *page.Org) *status.MaintenanceUpdate {
	out := *u
	l.step(&out, l.foreign(original(m.Language, org)))
	return &out
}

func (l In) step(u *status.MaintenanceUpdate, own string) {
	u.Translations = l.pick(u.Translations, own, nil, nil, nil, nil, &u.Body)
}

func translatedStep(u status.MaintenanceUpdate) bool { return len(u.Translations) > 0 }

// State is a page with all of it as it is told.
func (l In) State(s *page.State) *page.State {
	out := *s
	out.Incidents = told(s.Incidents, &s.Org, l.Incident)
	out.Maintenances = told(s.Maintenances, &s.Org, l.Maintenance)
	return &out
}

// told is a list of which each is as it is told; the list itself where nothing is different.
func told[T any](list []T, org *page.Org, tell func(*T, *page.Org) *T) []T {
	var out []T
	for i := range list {
		x := tell(&list[i], org)
		if x == &list[i] && out == nil {
			continue
		}
		if out == nil {
			out = slices.Clone(list)
		}
		out[i] = *x
	}
	if out == nil {
		return list
	}
	return out
}

// original is the language that something was written in.
func original(language string, org *page.Org) string {
	switch {
	case language != "":
		return language
	case org.Style.Language != "":
		return org.Style.Language
	}
	return English
}

// foreign is a language, "" where it is this one.
func (l In) foreign(language string) string {
	if language == string(l) {
		return ""
	}
	return language
}

// pick puts the texts of the translation into their places, and gives the translation. own is the original's language,
// "" where that is the one which is wanted.
func (l In) pick(list []status.Translation, own string, places ...*string) []status.Translation {
	t := status.TranslatedInto(list, string(l))
	if own == "" || t == nil {
		return nil
	}
	for i, text := range t.Texts() {
		if i < len(places) && places[i] != nil && *text != "" {
			*places[i] = *text
		}
	}
	return []status.Translation{*t}
}

// Text is one of the texts of what is told.
type Text int

// The texts, as Translation has them.
const (
	Title Text = iota
	Description
	Postmortem
	Excluded
	Body
)

// Of is the language of a text of what is told, "" where it is the reader's: language and list are those of the
// incident or window; of an entry, the list is its own.
func (x Text) Of(language string, list []status.Translation) string {
	if len(list) > 0 && *list[0].Texts()[x] != "" {
		return ""
	}
	return language
}

// Attribute says that a text is in another language than the page (WCAG 3.1.2); nothing where it is not.
func Attribute(language string) template.HTMLAttr {
	if language == "" || !slices.Contains(page.Languages, language) {
		return ""
	}
	return template.HTMLAttr(` lang="` + language + `"`) // #nosec G203 -- a tag of the program's own list
}
