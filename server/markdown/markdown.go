// Package markdown turns what people write about incidents into HTML that may stand on anybody's page.
//
// Paragraphs, line breaks, emphasis, lists, quotes, code and links come through, headings as bold lines. Raw HTML is shown as it was
// typed, pictures as their words. What is rendered passes a second, independent list of what is allowed.
package markdown

import (
	"bytes"
	"html"
	"html/template"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	gohtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// cacheBytes bounds what is kept rendered, sources and results together.
const cacheBytes = 8 << 20

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

// HTML renders and remembers. Any text is fine: what cannot be rendered is shown as it is.
func HTML(source string) template.HTML {
	if out, there := rendered.get(source); there {
		return out
	}
	var b bytes.Buffer
	if err := engine.Convert([]byte(source), &b); err != nil {
		return template.HTML("<p>" + html.EscapeString(source) + "</p>") // #nosec G203 -- escaped
	}
	out := template.HTML(policy.SanitizeBytes(b.Bytes())) // #nosec G203 -- sanitised
	rendered.put(source, out)
	return out
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
