// Package migrations embeds the goose migrations of this folder, so that the binary carries the schema it was built
// for. The files are plain SQL and work with goose's own program too.
package migrations

import "embed"

// FS holds every migration at its root. Names are zero-padded because sqlc reads them in the order of their names.
//
//go:embed *.sql
var FS embed.FS
