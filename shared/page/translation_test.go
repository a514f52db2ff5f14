package page_test

import (
	"fmt"
	"strings"
	"testing"

	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func in(language, title, text string) status.Translation {
	return status.Translation{Language: language, Title: title, Description: text}
}

func body(language, text string) status.Translation {
	return status.Translation{Language: language, Body: text}
}

func TestAnIncidentIsToldInSeveralLanguages(t *testing.T) {
	d, ids := newDiary(t, "API")
	open := &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), Title: "API fails", Description: "We look into it.",
		Service: &ids[0], ToState: status.Partial,
		Translations: []status.Translation{in("de", "API fällt aus", "Wir sehen nach."), in("fr", "", ""),
			in("ar", "تعطل", "")}}
	d.does("14:10", open)
	got := d.incident(open.ID)
	d.want("translations", len(got.Translations), 2)
	d.want("translations of the first entry", list(got.Updates[0].Translations...), list(body("de", "Wir sehen nach.")))
	text := string(wire.Marshal(&got))
	for _, want := range []string{`"translations":[{"language":"de","title":"API fällt aus"`,
		`"translations":[{"language":"de","body":"Wir sehen nach."}]`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	var again status.Incident
	if err := wire.UnmarshalStrict([]byte(text), &again); err != nil || string(wire.Marshal(&again)) != text {
		t.Errorf("it comes back as %s, %v", wire.Marshal(&again), err)
	}

	update := &page.UpdateIncident{ID: open.ID, UpdateID: d.ID(), Status: "identified", Body: "Found.",
		Translations: []status.Translation{body("de", "Gefunden.")}}
	d.does("14:20", update)
	// One is added later, to what was published, without another word.
	d.want("later", d.does("14:21", correction(t, `{"incident":"`+open.ID+`","id":"`+update.UpdateID+`",
  "body":"Found.","translations":[{"language":"de","body":"Gefunden."},{"language":"ja","body":"原因が判明しました。"}]}`)),
		"incident_edited")
	got = d.incident(open.ID)
	d.want("entry", got.Updates[1].Body, "Found.")
	d.want("translations of the entry", len(got.Updates[1].Translations), 2)
	d.want("edited", got.Updates[1].EditedAt == nil, true)
	// What is corrected is not told on in other languages.
	d.does("14:22", &page.CorrectUpdate{ID: open.ID, UpdateID: update.UpdateID, Body: "Found: a cable."})
	d.want("of another text", len(d.incident(open.ID).Updates[1].Translations), 0)
	title := "The API fails"
	d.does("14:23", &page.EditIncident{ID: open.ID, UpdateID: d.ID(), Title: &title})
	d.want("of another title", list(d.incident(open.ID).Translations...), list(in("de", "", "Wir sehen nach.")))
	message := "Nearly done."
	d.does("14:24", &page.EditIncident{ID: open.ID, UpdateID: d.ID(), Message: &message,
		MessageTranslations: []status.Translation{body("de", "Fast fertig.")}})
	d.want("of a message", list(d.incident(open.ID).Updates[2].Translations...), list(body("de", "Fast fertig.")))
	newest := d.incident(open.ID).Updates[2].ID
	d.does("14:24", &page.WithdrawUpdate{ID: open.ID, UpdateID: newest})
	d.want("none", d.does("14:25", &page.EditIncident{ID: open.ID, UpdateID: d.ID(),
		Translations: []status.Translation{}}), "incident_edited")
	d.want("translations", len(d.incident(open.ID).Translations), 0)
	french := "fr"
	d.does("14:26", &page.EditIncident{ID: open.ID, UpdateID: d.ID(), Language: &french,
		Translations: []status.Translation{in("en", "The API fails", "")}})
	d.want("language", d.incident(open.ID).Language, "fr")
}

// list is translations as a test compares them.
func list(of ...status.Translation) string { return fmt.Sprint(of) }

func correction(t *testing.T, text string) *page.CorrectUpdate {
	t.Helper()
	c := &page.CorrectUpdate{}
	if err := wire.UnmarshalStrict([]byte(text), c); err != nil {
		t.Fatal(err)
	}
	read := &page.CorrectUpdate{}
	if err := wire.UnmarshalStrict(wire.Marshal(c), read); err != nil || string(wire.Marshal(c)) != string(
		wire.Marshal(read)) {
		t.Fatalf("a queue gives back %s for %s, %v", wire.Marshal(read), wire.Marshal(c), err)
	}
	return read
}

func TestATranslationOfNothingIsRefused(t *testing.T) {
	d, ids := newDiary(t, "API")
	open := func(list ...status.Translation) *page.OpenIncident {
		return &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), Title: "API fails", Service: &ids[0],
			ToState: status.Partial, Translations: list}
	}
	for words, c := range map[string]*page.OpenIncident{
		"translations[0].language must be one of":          open(in("xx", "T", "")),
		"de is there twice.":                               open(in("de", "T", ""), in("de", "U", "")),
		"The original is in en already.":                   open(in("en", "T", "")),
		"There is no original of this text.":               open(in("de", "", "Nichts.")),
		"translations[0].title may have 200 characters":    open(in("de", strings.Repeat("x", 201), "")),
		"translations[0].title must not contain control":   open(in("de", "a\nb", "")),
		"translations[0].title must not contain character": open(in("de", "a\u200bb", "")),
	} {
		d.refuses("14:10", c, fault.Invalid, words)
	}
	wrong := open()
	wrong.Language = "deutsch"
	d.refuses("14:10", wrong, fault.Invalid, "language must be one of")
	// Where the organisation speaks German, so does the incident.
	german := "de"
	d.does("14:11", &page.EditPage{Style: page.EditStyle{Language: &german}})
	d.refuses("14:12", open(in("de", "T", "")), fault.Invalid, "The original is in de already.")
	d.does("14:12", open(in("en", "T", "")))
	message := ""
	d.refuses("14:13", &page.EditIncident{ID: d.s.Incidents[0].ID, UpdateID: d.ID(), Message: &message,
		MessageTranslations: []status.Translation{body("en", "Words.")}}, fault.Invalid, "")
}

func TestAWindowIsToldInSeveralLanguages(t *testing.T) {
	d, ids := newDiary(t, "API")
	plan := &page.PlanMaintenance{ID: d.ID(), Title: "Work", Description: "New disks.", Services: ids,
		ScheduledFor: d.now + wire.Hour, ScheduledUntil: d.now + 2*wire.Hour,
		Translations: []status.Translation{in("de", "Arbeiten", "Neue Platten.")}}
	d.does("14:10", plan)
	begins, message := "in_progress", "We begin."
	d.does("14:20", &page.EditMaintenance{ID: plan.ID, UpdateID: d.ID(), Status: &begins, Message: &message,
		MessageTranslations: []status.Translation{body("de", "Es geht los.")}})
	got := d.maintenance(plan.ID)
	d.want("entry", list(got.Updates[0].Translations...), list(body("de", "Es geht los.")))
	text := "New memory."
	d.does("14:30", &page.EditMaintenance{ID: plan.ID, UpdateID: d.ID(), Description: &text})
	d.want("of another text", list(d.maintenance(plan.ID).Translations...), list(in("de", "Arbeiten", "")))
}

func TestTranslationsCountAsBytesOfThePage(t *testing.T) {
	d, ids := newDiary(t, "API")
	long := strings.Repeat("ö", status.BodyMax)
	open := &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), Title: "API fails", Description: "Text.", Service: &ids[0],
		ToState: status.Partial, Translations: []status.Translation{in("de", "", long)}}
	before := d.s.Bytes
	d.does("14:10", open)
	if grown := d.s.Bytes - before; grown < 4*status.BodyMax {
		t.Errorf("two texts of 40,000 bytes are %d bytes of the page", grown)
	}
	if again := page.Assemble(d.s); again.Bytes != d.s.Bytes {
		t.Errorf("counted again they are %d bytes, not %d", again.Bytes, d.s.Bytes)
	}
	var err *fault.Error
	for i := 0; err == nil && i < 200; i++ {
		_, err = page.Decide(d.s, &page.UpdateIncident{ID: open.ID, UpdateID: d.ID(), Body: "Text.",
			Translations: []status.Translation{body("de", long)}}, d.now)
		d.s.Bytes += 30_000
	}
	if err == nil || err.Code != fault.TooLarge || err.Fields[0].Name != "translations" {
		t.Errorf("a full page says %v", err)
	}
}
