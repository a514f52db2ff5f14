package flyproxy

import (
	"bytes"
	"io"
	"net/http"
)

// maxReplayBody is how much of a request can be sent again. The documents say "1MB"; this is the smaller reading.
const maxReplayBody = 1_000_000

// body is a request's body, kept for a replay as long as it is small enough.
type body struct {
	kept  []byte
	whole bool
	rest  io.ReadCloser
}

// keep reads the beginning of the body.
func keep(r *http.Request) (*body, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return &body{whole: true, rest: http.NoBody}, nil
	}
	kept, err := io.ReadAll(io.LimitReader(r.Body, maxReplayBody+1))
	return &body{kept: kept, whole: len(kept) <= maxReplayBody, rest: r.Body}, err
}

// attach gives a request the whole body; one that was not kept whole can be attached once.
func (b *body) attach(r *http.Request) {
	switch {
	case b.whole && len(b.kept) == 0:
		r.Body = http.NoBody
	case b.whole:
		r.Body = io.NopCloser(bytes.NewReader(b.kept))
		r.ContentLength = int64(len(b.kept))
		// with one the transport would send again what a machine may have run
		if r.Header.Get("Idempotency-Key") == "" {
			r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.kept)), nil }
		}
	default:
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(b.kept), b.rest))
	}
}
