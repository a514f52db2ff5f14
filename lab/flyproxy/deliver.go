package flyproxy

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// maxReplays is how often one request may be sent on before the proxy calls it a loop.
const maxReplays = 5

// RoundTrip sends a request to a machine and again as its answers ask for it.
func (e *edge) RoundTrip(req *http.Request) (*http.Response, error) {
	e.proxy.requests.Add(1)
	kept, err := keep(req)
	if err != nil {
		return nil, err
	}
	res, from, err := e.deliver(req, kept, e.proxy.preferences(req.Header, e.region), e.proxy.cfg.Patience)
	for range maxReplays {
		if err != nil || res.Header.Get("Fly-Replay") == "" {
			return res, err
		}
		discard(res)
		r, wrong := parseReplay(res.Header.Get("Fly-Replay"))
		if wrong != nil {
			return nil, &failure{"", "the app's fly-replay cannot be read: " + wrong.Error()}
		}
		if !kept.whole {
			return nil, &failure{"", "a request of more than 1 MB cannot be replayed"}
		}
		if res, from, err = e.replay(req, kept, r, from); res != nil && res.Header.Get("Fly-Replay-Failed") != "" {
			return e.afterFallback(res)
		}
	}
	if err == nil && res.Header.Get("Fly-Replay") != "" {
		discard(res)
		return nil, &failure{"", "replayed too often"}
	}
	return res, err
}

// replay sends the request where r says, and back to where it came from when that fails and r has a fallback.
func (e *edge) replay(req *http.Request, kept *body, r replay, from Machine) (*http.Response, Machine, error) {
	e.proxy.replays.Add(1)
	started := time.Now()
	next := req.Clone(req.Context())
	next.Header.Set("Fly-Replay-Src", r.source(from, started))
	patience := e.proxy.cfg.Patience
	if r.timeout > 0 {
		patience = r.timeout
		var stop context.CancelCauseFunc
		next, stop = cancellable(next)
		// "timeout" is said to limit reaching the target. A target that took the request and is silent counts as not
		// reached here: the request may then have run twice, and the app has to bear that.
		timer := time.AfterFunc(patience, func() { stop(context.DeadlineExceeded) })
		defer timer.Stop()
	}
	res, to, err := e.deliver(next, kept, e.proxy.targets(r, e.region, from), patience)
	if err == nil || r.fallback == "" || req.Context().Err() != nil {
		return res, to, err
	}
	return e.fallback(req, kept, r, from, reasonOf(err), time.Since(started))
}

func cancellable(req *http.Request) (*http.Request, context.CancelCauseFunc) {
	ctx, stop := context.WithCancelCause(req.Context())
	return req.WithContext(ctx), stop
}

func (e *edge) fallback(req *http.Request, kept *body, r replay, from Machine, reason string,
	took time.Duration) (*http.Response, Machine, error) {
	e.proxy.fallbacks.Add(1)
	back := req.Clone(req.Context())
	back.Header.Set("Fly-Replay-Failed", r.failed(from, reason, took))
	targets := e.proxy.targets(replay{instance: from.ID}, e.region, from)
	if r.fallback == "prefer_self" {
		targets = append(targets, e.proxy.candidates(e.proxy.near(e.region), "")...)
	}
	res, to, err := e.deliver(back, kept, targets, e.proxy.cfg.Patience)
	if err == nil {
		res.Header.Set("Fly-Replay-Failed", reason) // told apart in RoundTrip, never sent on
	}
	return res, to, err
}

// afterFallback lets no second replay happen.
func (e *edge) afterFallback(res *http.Response) (*http.Response, error) {
	res.Header.Del("Fly-Replay-Failed")
	if res.Header.Get("Fly-Replay") == "" {
		return res, nil
	}
	discard(res)
	return nil, &failure{"", "a fallback request may not be replayed"}
}

// deliver sends the request to the first machine that takes the connection. It tries them over and over for as long as
// its patience lasts; once a machine may have heard the request no other gets it.
func (e *edge) deliver(req *http.Request, kept *body, targets []Machine,
	patience time.Duration) (*http.Response, Machine, error) {
	if len(targets) == 0 {
		return nil, Machine{}, &failure{"no_candidate", "no machine can take the request"}
	}
	for deadline := time.Now().Add(patience); ; {
		for _, m := range targets {
			res, err := e.send(req, kept, m)
			if !notReached(err) {
				return res, m, err
			}
			if req.Context().Err() != nil {
				return nil, m, &failure{"timeout", "gave up on reaching a machine"}
			}
		}
		if time.Now().After(deadline) {
			return nil, Machine{}, &failure{"retries_exhausted", "no machine could be reached"}
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (e *edge) send(req *http.Request, kept *body, m Machine) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.URL.Host = net.JoinHostPort(m.ID, "80")
	kept.attach(out)
	res, err := e.transport.RoundTrip(out)
	if err != nil && errors.Is(context.Cause(req.Context()), context.DeadlineExceeded) {
		return nil, &failure{"timeout", "the machine did not answer in time"}
	}
	return res, err
}

func notReached(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func reasonOf(err error) string {
	var f *failure
	if errors.As(err, &f) && f.reason != "" {
		return f.reason
	}
	return "retries_exhausted"
}

func discard(res *http.Response) {
	io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	res.Body.Close()
}

func silent() *log.Logger { return log.New(io.Discard, "", 0) }
