// Package migrations holds the schema, as goose reads it.
package migrations

import "embed"

// FS is every migration, NNNNN_name.sql.
//
//go:embed *.sql
var FS embed.FS
