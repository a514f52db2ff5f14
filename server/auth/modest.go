package auth

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// maxSet bounds what an issuer may answer; a large key set is 10 KB.
const maxSet = 1 << 20

// modest is a transport that refuses answers over maxSet, since what decodes them has no bound of its own.
type modest struct{ over http.RoundTripper }

func (m modest) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := m.over.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxSet+1))
	if err != nil {
		return nil, fmt.Errorf("read the issuer's answer: %w", err)
	}
	if len(body) > maxSet {
		return nil, fmt.Errorf("the issuer's answer is over %d bytes", maxSet)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	answer.ContentLength = int64(len(body))
	return answer, nil
}
