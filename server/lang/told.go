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
	own := l.foreign(original(in.Language, org))
	if own == "" && in.Language == "" && len(in.Translations) == 0 && untranslated(in.Updates, ofUpdate) {
		return in
	}
	out := *in
	out.Language = own
	out.Translations = l.pick(in.Translations, own, &out.Title, &out.Description, &out.Postmortem, &out.Excluded)
	out.Updates = entries(l, in.Updates, own, ofUpdate)
	return &out
}

// Update is an entry of an incident's timeline as it is told.
func (l In) Update(u *status.Update, in *status.Incident, org *page.Org) *status.Update {
	return &entries(l, []status.Update{*u}, l.foreign(original(in.Language, org)), ofUpdate)[0]
}

// Maintenance is Incident for a window.
func (l In) Maintenance(m *status.Maintenance, org *page.Org) *status.Maintenance {
	own := l.foreign(original(m.Language, org))
	if own == "" && m.Language == "" && len(m.Translations) == 0 && untranslated(m.Updates, ofStep) {
		return m
	}
	out := *m
	out.Language = own
	out.Translations = l.pick(m.Translations, own, &out.Title, &out.Description)
	out.Updates = entries(l, m.Updates, own, ofStep)
	return &out
}

// Step is an entry of a window's timeline as it is told.
func (l In) Step(u *status.MaintenanceUpdate, m *status.Maintenance, org *page.Org) *status.MaintenanceUpdate {
	return &entries(l, []status.MaintenanceUpdate{*u}, l.foreign(original(m.Language, org)), ofStep)[0]
}

// parts are where an entry of a timeline has its translations and its text.
type parts[T any] func(*T) (translations *[]status.Translation, body *string)

func ofUpdate(u *status.Update) (*[]status.Translation, *string) { return &u.Translations, &u.Body }

func ofStep(u *status.MaintenanceUpdate) (*[]status.Translation, *string) {
	return &u.Translations, &u.Body
}

// entries are those of a timeline as they are told; own is as for pick.
func entries[T any](l In, list []T, own string, of parts[T]) []T {
	out := slices.Clone(list)
	for i := range out {
		translations, body := of(&out[i])
		*translations = l.pick(*translations, own, nil, nil, nil, nil, body)
	}
	return out
}

// untranslated says that no entry of a timeline has a translation.
func untranslated[T any](list []T, of parts[T]) bool {
	for i := range list {
		if translations, _ := of(&list[i]); len(*translations) > 0 {
			return false
		}
	}
	return true
}

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
