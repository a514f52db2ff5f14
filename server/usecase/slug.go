package usecase

import (
	"strings"
	"unicode"

	"github.com/gosimple/unidecode"

	"statuspage/shared/page"
)

// SlugOf is the slug that a name suggests, in Latin letters whatever script it is in: "united-fruit-sohne" of "United
// Fruit Söhne". It is "" when the name has no letter or digit that can be written so.
func SlugOf(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(unidecode.Unidecode(strings.Map(seen, name))) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case c == '\'' || c == '`': // soft signs and apostrophes join what stands beside them
		default:
			b.WriteByte('-')
		}
	}
	slug := strings.Join(strings.FieldsFunc(b.String(), func(c rune) bool { return c == '-' }), "-")
	if len(slug) <= page.MaxSlug {
		return slug
	}
	if cut := strings.LastIndexByte(slug[:page.MaxSlug+1], '-'); cut > 0 {
		return slug[:cut]
	}
	return slug[:page.MaxSlug]
}

// seen drops what nobody sees, such as a zero-width space.
func seen(c rune) rune {
	if unicode.Is(unicode.Cf, c) {
		return -1
	}
	return c
}
