package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed chromium.html
var visited []byte

// visit is what one load of the page measured, in milliseconds: from the request for core.wasm to the first decision, a
// decision with the preview of the whole page, and one that is refused.
type visit struct{ Start, Full, Refused float64 }

const visits = 3 // a first one, one that fills the engine's cache, and one that has it

// chromium loads core.wasm in a browser that has never been here, again and again.
func (b *bench) chromium(ctx context.Context, wasm, messages string) ([]visit, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	got := make(chan visit, visits)
	server := &http.Server{Handler: b.visiting(wasm, messages, got), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(ln) }()
	defer server.Close()
	profile, err := os.MkdirTemp(b.dir, "profile")
	if err != nil {
		return nil, err
	}
	// #nosec G204 -- our own words
	c := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir="+profile, "http://"+ln.Addr().String()+"/")
	c.WaitDelay = 5 * time.Second
	if err := c.Start(); err != nil {
		return nil, err
	}
	defer func() {
		cancel()
		_ = c.Wait()
	}()
	var all []visit
	for range visits {
		select {
		case v := <-got:
			all = append(all, v)
		case <-ctx.Done():
			return nil, fmt.Errorf("chromium told of %d visits of %d", len(all), visits)
		}
	}
	return all, nil
}

// visiting serves the files as the server does: the core in brotli, kept for ever.
func (b *bench) visiting(wasm, messages string, got chan<- visit) http.Handler {
	mux := http.NewServeMux()
	file := func(path, kind, coding, name string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			body, err := os.ReadFile(name)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			if coding != "" {
				w.Header().Set("Content-Encoding", coding)
			}
			_, _ = io.Copy(w, bytes.NewReader(body))
		})
	}
	file("/core.js", "text/javascript", "", filepath.Join(b.root, "public", "js", "core.js"))
	file("/core.wasm", "application/wasm", "br", wasm+".br")
	file("/messages.json", "application/json", "", messages)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(visited)
	})
	mux.HandleFunc("POST /result", func(w http.ResponseWriter, r *http.Request) {
		var v visit
		if json.NewDecoder(r.Body).Decode(&v) == nil {
			got <- v
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}
