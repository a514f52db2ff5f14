package prober

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
)

// leastSecret is how many bytes a header's value has that is left out of what is kept.
const leastSecret = 5

// secrets is what a monitor sends in its headers, in every form in which a target gives back what it got: whoever reads
// results may not know it. The longest is first.
type secrets []string

// secretsOf are the values of headers, whole and the last word of each (the token of "Bearer token"), the name and
// password of RFC 7617, and each of them as JSON, HTML, addresses, base64 and hexadecimal have it.
func secretsOf(headers map[string]string) (all secrets) {
	for _, value := range headers {
		words := strings.Fields(value)
		if len(words) == 0 {
			continue
		}
		last := words[len(words)-1]
		all.add(value)
		all.add(last)
		if plain, err := base64.StdEncoding.DecodeString(last); err == nil && strings.EqualFold(words[0], "Basic") {
			_, password, _ := strings.Cut(string(plain), ":")
			all.add(string(plain))
			all.add(password)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(all)
}

func (s *secrets) add(text string) {
	if len(text) < leastSecret {
		return
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return
	}
	inJSON := string(quoted[1 : len(quoted)-1])
	plainJSON := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(inJSON)
	asHex := hex.EncodeToString([]byte(text))
	for _, form := range []string{
		text, inJSON, plainJSON, strings.ReplaceAll(plainJSON, "/", `\/`), html.EscapeString(text),
		url.QueryEscape(text), url.PathEscape(text), asHex, strings.ToUpper(asHex),
		base64.RawStdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)),
	} {
		if !slices.Contains(*s, form) {
			*s = append(*s, form)
		}
	}
}

// without is a text without them.
func (s secrets) without(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "…")
	}
	return text
}

// beginning is so many bytes of an answer at most, without the secrets: also without one that begins where it is cut.
func (s secrets) beginning(body []byte, most int) string {
	const window = 4
	text := string(body[:min(len(body), window*most)])
	cut := len(text) < len(body)
	text = s.without(text)
	if cut && len(s) > 0 {
		text = text[:max(0, len(text)-len(s[0]))]
	}
	return text[:min(len(text), most)]
}
