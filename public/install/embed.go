// Package install is what a browser needs to install the dashboard: its manifest and its icons.
package install

import "embed"

// Files are the manifest and the icons, by name.
//
//go:embed *.webmanifest *.svg *.png
var Files embed.FS
