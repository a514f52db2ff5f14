package notifytest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// Hooks is a receiver of webhooks on loopback that keeps what it gets.
type Hooks struct {
	URL string

	mu     sync.Mutex
	got    []Request
	answer func(w http.ResponseWriter, r Request)
}

// Request is one that came.
type Request struct {
	Path   string
	Header http.Header
	Body   []byte
}

// StartHooks runs a receiver until the test ends.
func StartHooks(t testing.TB) *Hooks {
	t.Helper()
	h := &Hooks{}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	h.URL = server.URL
	return h
}

// Answer decides what is said to a request; nil is 200.
func (h *Hooks) Answer(f func(w http.ResponseWriter, r Request)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = f
}

// ServeHTTP is http.Handler's.
func (h *Hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	got := Request{r.URL.Path, r.Header.Clone(), body}
	h.mu.Lock()
	h.got = append(h.got, got)
	f := h.answer
	h.mu.Unlock()
	if f != nil {
		f(w, got)
	}
}

// Got is what came so far at a path.
func (h *Hooks) Got(path string) (out []Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.got {
		if r.Path == path {
			out = append(out, r)
		}
	}
	return slices.Clone(out)
}

// Wait waits until so many requests have come at a path, and gives them.
func (h *Hooks) Wait(t testing.TB, path string, n int) []Request {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got := h.Got(path); len(got) >= n {
			return got
		}
	}
	t.Fatalf("%d requests came at %s, not %d", len(h.Got(path)), path, n)
	return nil
}
