package app

import (
	"context"
	"sync/atomic"
)

// first is what a process knows of an installation before anybody has set it up.
type first struct {
	where atomic.Pointer[string] // the link is
	over  atomic.Bool
}

// elsewhere is what a process says that did not make the link.
const elsewhere = "It was printed when the server was started, or its log names the file."

// SetupIs tells visitors in a sentence where the link is that sets the installation up. It must not contain the link.
func (a *App) SetupIs(where string) { a.first.where.Store(&where) }

// fresh says where that link is, as long as there is no organisation.
func (a *App) fresh(ctx context.Context) string {
	if a.Local == nil || a.first.over.Load() {
		return ""
	}
	there, err := a.DB.AnyOrg(ctx)
	if err != nil {
		return "" // whoever has the link can use it all the same
	}
	if there {
		a.first.over.Store(true)
		return ""
	}
	if where := a.first.where.Load(); where != nil {
		return *where
	}
	return elsewhere
}
