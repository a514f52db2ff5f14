package auth

import (
	"sync"
	"time"
)

// exchanges remembers what refresh tokens were just exchanged for. Who did not get the answer, as after a reload in its
// midst, comes again with the old one, which an issuer that replaces them takes for a thief's (RFC 9700 4.14.2). It is
// good once more on the terms of our own sessions: within Grace and while its successor has not been used. This is of
// one process; another one asks the issuer.
type exchanges struct {
	mu sync.Mutex
	of map[string]*exchange
}

type exchange struct {
	grant func() (Grant, error) // asks once, however many wait for it
	next  string
	at    time.Time // zero until it is answered
}

func (x *exchanges) do(refresh string, now func() time.Time, ask func() (Grant, error)) (Grant, error) {
	x.mu.Lock()
	x.forget(refresh, now())
	e, known := x.of[refresh]
	if !known {
		e = &exchange{grant: sync.OnceValues(func() (Grant, error) {
			grant, err := ask()
			x.answered(refresh, grant, err, now())
			return grant, err
		})}
		x.of[refresh] = e
	}
	x.mu.Unlock()
	return e.grant()
}

// answered keeps only what cannot be asked for again.
func (x *exchanges) answered(refresh string, grant Grant, err error, now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err != nil || grant.Refresh == refresh {
		delete(x.of, refresh)
	} else if e := x.of[refresh]; e != nil {
		e.next, e.at = grant.Refresh, now
	}
}

// end is a sign-out by a token.
func (x *exchanges) end(refresh string, now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(refresh, now)
	delete(x.of, refresh)
}

// forget drops what has had its time, and whose successor is used now.
func (x *exchanges) forget(used string, now time.Time) {
	for refresh, e := range x.of {
		if !e.at.IsZero() && (now.Sub(e.at) > Grace || e.next == used) {
			delete(x.of, refresh)
		}
	}
}
