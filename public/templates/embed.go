// Package templates is the HTML that the server renders. What each file is given stands beside its handler.
package templates

import "embed"

// Files are the templates, by name.
//
//go:embed *.html
var Files embed.FS
