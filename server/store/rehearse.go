package store

import (
	"context"

	"statuspage/shared/fault"
)

type rehearsal struct{}

// Rehearse is a context under which nothing is committed: whoever tries is refused. A request that is refused already
// is gone through under it, so that all that is wrong with it can be told at once.
func Rehearse(ctx context.Context) context.Context { return context.WithValue(ctx, rehearsal{}, true) }

// errRehearsed is a fault, since it is certain that nothing was committed.
var errRehearsed = fault.New(fault.Invalid, "This request is only rehearsed.")
