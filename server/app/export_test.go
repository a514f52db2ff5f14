package app

import (
	"context"
	"time"

	"statuspage/server/limit"
)

// ReadTimeout is the server's.
var ReadTimeout = &readTimeout

// NoteKeys does now what is done every half minute.
func (a *App) NoteKeys(ctx context.Context) { a.noteKeys(ctx) }

// LimitNewSockets lets an address open n sockets in an hour.
func (a *App) LimitNewSockets(n int) {
	a.newSockets = limit.New(limit.Rate{Quota: n, Window: time.Hour}, socketAddresses)
}
