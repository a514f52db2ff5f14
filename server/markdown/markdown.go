// Package markdown turns what people write about incidents into HTML that may stand on anybody's page.
//
// Paragraphs, line breaks, emphasis, lists, quotes, code and links come through, headings as bold lines. Raw HTML is
// shown as it was typed, pictures as their words. What is rendered passes a second, independent list of what is
// allowed.
package markdown

import (
	"bytes"
	"crypto/sha256"
	"html"
	"html/template"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	gohtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// cacheBytes bounds what is kept rendered.
const cacheBytes = 16 << 20

var (
	rendered = newCache(cacheBytes)
	policy   = allowed()
	engine   = goldmark.New(
		goldmark.WithExtensions(extension.Strikethrough, extension.Linkify),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(modest{}, 100))),
		goldmark.WithRendererOptions(
			gohtml.WithHardWraps(),
			renderer.WithNodeRenderers(util.Prioritized(words{}, 100)),
		),
	)
)

// maxGrowth is how many times as long as its text what was rendered may be; beyond, the text is shown as it is.
const maxGrowth = 6

// HTML renders a text once, and remembers it by its hash. Any text is fine: what cannot be rendered, or would take
// long, is shown as it was typed.
func HTML(source string) template.HTML {
	key := sha256.Sum256([]byte(source))
	if out, there := rendered.get(key); there {
		return out
	}
	out := render(source)
	rendered.put(key, out)
	return out
}

func render(source string) template.HTML {
	if weigh(source).heavy() {
		return Plain(source)
	}
	var b bytes.Buffer
	if err := engine.Convert([]byte(source), &b); err != nil || b.Len() > maxGrowth*len(source)+1000 {
		return Plain(source)
	}
	return template.HTML(policy.SanitizeBytes(b.Bytes())) // #nosec G203 -- sanitised
}

// Plain is a text as it was typed, with its lines and paragraphs.
func Plain(source string) template.HTML {
	escaped := html.EscapeString(strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(source, "\r\n", "\n"),
		"\ufffd")))
	var b strings.Builder
	for paragraph := range strings.SplitSeq(escaped, "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); paragraph != "" {
			b.WriteString("<p>" + strings.ReplaceAll(paragraph, "\n", "<br>\n") + "</p>\n")
		}
	}
	return template.HTML(b.String()) // #nosec G203 -- escaped
}

func allowed() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^nofollow noopener$`)).OnElements("a")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.AllowURLSchemes("http", "https", "mailto")
	return p
}
