package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
)

// entryText is the body of an entry as what a translation is of.
func entryText(body string) status.Original { return status.Original{4: body} }

// translated checks translations of texts in a language, "" for the organisation's, and leaves out those that say
// nothing.
func (d *draft) translated(field string, list []status.Translation, of status.Original,
	language string) ([]status.Translation, *fault.Error) {
	var c status.Checks
	c.Translations(field, list, of, or(language, or(d.state.Org.Style.Language, Languages[0])))
	if err := c.Err(); err != nil {
		return nil, err
	}
	return said(list), nil
}

// said are the translations that say something.
func said(list []status.Translation) (out []status.Translation) {
	for i := range list {
		if !list[i].Empty() {
			out = append(out, list[i])
		}
	}
	return out
}

// retold are the translations after an edit: those that it gives, or those there were, without the texts of which the
// original is another one now: what was corrected is not told on in other languages.
func (d *draft) retold(given, were []status.Translation, was, now status.Original,
	language string) ([]status.Translation, *fault.Error) {
	if given != nil {
		return d.translated("translations", given, now, language)
	}
	if was == now {
		return were, nil
	}
	out := append([]status.Translation(nil), were...)
	for i := range out {
		for k, text := range out[i].Texts() {
			if was[k] != now[k] {
				*text = ""
			}
		}
	}
	return said(out), nil
}

// described are the translations of a description, as those of the entry that a timeline begins with.
func described(list []status.Translation) (out []status.Translation) {
	for i := range list {
		if t := &list[i]; t.Description != "" {
			out = append(out, status.Translation{Language: t.Language, Body: t.Description})
		}
	}
	return out
}

func translationSize(t *status.Translation) (n int64) {
	for _, text := range t.Texts() {
		n += inAnswer(*text)
	}
	return n + toldBytes
}

func textsOf(list []status.Translation, field string, each func(field string, text *string)) {
	for i := range list {
		for _, text := range list[i].Texts() {
			each(field, text)
		}
	}
}

// entry puts in the words of an entry of a timeline, as they are today.
func (r rewriter) entry(body *string, told *[]status.Translation, nowBody string, now []status.Translation) {
	r.text(body, nowBody)
	r.translations(told, now)
}

// translations puts in those of today. One that is gone has no words; those that came later stay out.
func (r rewriter) translations(list *[]status.Translation, now []status.Translation) {
	if len(*list) == 0 {
		return
	}
	out := append([]status.Translation(nil), *list...)
	for i := range out {
		today := status.TranslatedInto(now, out[i].Language)
		if today == nil {
			today = &status.Translation{}
		}
		words := today.Texts()
		for k, text := range out[i].Texts() {
			r.text(text, *words[k])
		}
	}
	*list = said(out)
}
