package store

import (
	"strings"
	"unicode"
)

// MaxTerms is how many words and phrases of a search count; what follows is left out.
const MaxTerms = 8

// searchTerms are the words and "phrases in quotes" of what somebody looks for, as FTS4 takes them: a word also finds
// those that begin with it, a phrase is found as it stands. None of its operators is left.
func searchTerms(text string) (terms []string) {
	for n, part := range strings.Split(text, `"`) {
		if n%2 == 1 { // within quotes
			if words := wordsOf(part); len(words) > 0 {
				terms = append(terms, `"`+strings.Join(words, " ")+`"`)
			}
			continue
		}
		for _, field := range strings.Fields(part) {
			if words := wordsOf(field); len(words) > 0 {
				terms = append(terms, `"`+strings.Join(words, " ")+`*"`)
			}
		}
	}
	return terms[:min(len(terms), MaxTerms)]
}

// wordsOf splits where the tokenizer unicode61 does.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Co, r)
	})
}

// spaceless says that a text has letters of a script that puts no spaces between its words: there FTS4 knows where a
// sentence begins and nothing of what is within.
func spaceless(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao,
			unicode.Khmer, unicode.Myanmar)
	})
}

// searched narrows a query of incidents i to those that have all that is looked for, in whatever messages. What has no
// letter or number finds nothing.
func searched(org, text string) (where string, args []any) {
	if spaceless(text) {
		return PastFilter{Text: text}.conditions(org, "i", "incident")
	}
	terms := searchTerms(text)
	if len(terms) == 0 {
		return " AND 0", nil
	}
	for _, term := range terms {
		where += ` AND i.id IN (SELECT w.incident_id FROM incident_text t CROSS JOIN incident_words w ON w.docid =
  t.docid` +
			` WHERE t.incident_text MATCH ? AND w.org_id = ?)`
		args = append(args, "o"+strings.ReplaceAll(org, "-", "")+" "+term, org)
	}
	return where, args
}
