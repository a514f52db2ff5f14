package app

import (
	"context"
	"net"
	"time"

	"statuspage/server/api"
	"statuspage/server/limit"
)

// ReadTimeout is the server's.
var ReadTimeout = &readTimeout

// NoteKeys does now what is done every half minute.
func (a *App) NoteKeys(ctx context.Context) { a.noteKeys(ctx) }

// FrontAnswers counts what was answered before the router.
func (a *App) FrontAnswers() int64 { return a.front.Hits() }

// FrontConn puts the front before a connection.
func (a *App) FrontConn(conn net.Conn) net.Conn { return a.front.Conn(conn) }

// LimitNewSockets lets an address open n sockets in an hour.
func (a *App) LimitNewSockets(n int) {
	a.newSockets = limit.New(limit.Rate{Quota: n, Window: time.Hour}, socketAddresses)
}

// ForgetLimits makes nobody have asked for anything yet. No request may be under way.
func (a *App) ForgetLimits() {
	*a.limits = *api.NewLimits(api.Rates{Public: a.cfg.PublicRate, Caller: a.cfg.CallerRate, Org: a.cfg.OrgRate}, false)
}
