package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	pageRequests = 12_000 // of one round
	pageClients  = 8
)

// document is what one request asks for and what it gets.
type document struct {
	name, path, accept, have string
	status                   int
	body                     []byte
	mediaType, coding, etag  string
}

// pages measures public documents from memory beside servers that only ever say the same bytes.
func (b *bench) pages(ctx context.Context) error {
	database := "file:" + filepath.Join(b.dir, "pages.db")
	ours, err := b.server(ctx, database, "DEMO=true")
	if err != nil {
		return err
	}
	defer ours.stop()
	docs := []document{
		{name: "summary, JSON as it is", path: "/api/v1/public/acme/summary/", status: 200},
		{name: "status, JSON", path: "/api/v1/public/acme/status/", status: 200},
		{name: "the page, HTML in brotli", path: "/status/acme", accept: "br", status: 200},
		{name: "the page, not modified", path: "/status/acme", accept: "br", status: 304},
	}
	for i := range docs {
		if err := docs[i].fetch(ours.url()); err != nil {
			return err
		}
		if err := b.document(ctx, ours, &docs[i]); err != nil {
			return err
		}
	}
	return nil
}

// fetch learns what the server says, so that the peers can say it too.
func (d *document) fetch(base string) error {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	d.request(base, req)
	if err := fasthttp.Do(req, res); err != nil {
		return err
	}
	d.body = append([]byte(nil), res.Body()...)
	d.mediaType, d.coding, d.etag = string(res.Header.ContentType()), string(res.Header.ContentEncoding()), string(res.Header.Peek("ETag"))
	if d.status == http.StatusNotModified {
		d.have, d.body = d.etag, nil
	}
	return nil
}

func (d *document) request(base string, req *fasthttp.Request) {
	req.SetRequestURI(base + d.path)
	if d.accept != "" {
		req.Header.Set("Accept-Encoding", d.accept)
	}
	if d.have != "" {
		req.Header.Set("If-None-Match", d.have)
	}
}

// document measures one document at all three servers.
func (b *bench) document(ctx context.Context, ours *process, d *document) error {
	file := filepath.Join(b.dir, "body")
	if err := os.WriteFile(file, d.body, 0o600); err != nil {
		return err
	}
	servers := []*process{ours}
	for _, role := range []string{"fasthttp", "net/http"} {
		p, err := b.peer(ctx, role, file, d.mediaType, d.coding, d.etag)
		if err != nil {
			return err
		}
		defer p.stop()
		servers = append(servers, p)
	}
	used, middle, worst := make([][]float64, 3), make([][]time.Duration, 3), make([][]time.Duration, 3)
	for range b.rounds {
		for i, p := range servers {
			before := p.cpu()
			took, err := d.load(p.url())
			if err != nil {
				return err
			}
			used[i] = append(used[i], float64((p.cpu()-before).Microseconds())/pageRequests)
			middle[i], worst[i] = append(middle[i], percentile(took, 0.5)), append(worst[i], percentile(took, 0.99))
		}
	}
	rows := [][]string{}
	for i, name := range []string{"Status Page, from memory", "fasthttp, a constant", "net/http, a constant"} {
		rows = append(rows, []string{name, fmt.Sprintf("%.1f", median(used[i])), times(median(used[i]), median(used[1])), us(median(middle[i])), us(median(worst[i]))})
	}
	b.report.say("### %s (%d bytes, %d requests by %d clients)", d.name, len(d.body), pageRequests, pageClients)
	b.report.table("server|CPU µs a request|× fasthttp|median µs|99th µs", rows)
	return nil
}

// load asks for the document again and again, on connections that stay.
func (d *document) load(base string) ([]time.Duration, error) {
	var wait sync.WaitGroup
	took := make([][]time.Duration, pageClients)
	failed := make([]error, pageClients)
	host := &fasthttp.HostClient{Addr: base[len("http://"):], MaxConns: pageClients}
	for i := range pageClients {
		wait.Go(func() {
			req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(req)
			defer fasthttp.ReleaseResponse(res)
			d.request(base, req)
			for range pageRequests / pageClients {
				at := time.Now()
				if failed[i] = host.Do(req, res); failed[i] != nil {
					return
				}
				took[i] = append(took[i], time.Since(at))
				if res.StatusCode() != d.status || len(res.Body()) != len(d.body) {
					failed[i] = fmt.Errorf("%s: %d with %d bytes", d.path, res.StatusCode(), len(res.Body()))
					return
				}
			}
		})
	}
	wait.Wait()
	host.CloseIdleConnections()
	var all []time.Duration
	for _, t := range took {
		all = append(all, t...)
	}
	return all, errors.Join(failed...)
}

// constantFasthttp serves one body: address, file, media type, coding, ETag.
func constantFasthttp(args []string) int {
	body, err := os.ReadFile(args[1])
	if err == nil {
		s := &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(c *fasthttp.RequestCtx) {
			c.Response.Header.Set("ETag", args[4])
			if string(c.Request.Header.Peek("If-None-Match")) == args[4] {
				c.SetStatusCode(http.StatusNotModified)
				return
			}
			c.SetContentType(args[2])
			if args[3] != "" {
				c.Response.Header.SetContentEncoding(args[3])
			}
			c.Response.SetBodyRaw(body)
		}}
		err = s.ListenAndServe(args[0])
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// constantNetHTTP is the same on net/http.
func constantNetHTTP(args []string) int {
	body, err := os.ReadFile(args[1])
	if err == nil {
		err = http.ListenAndServe(args[0], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // #nosec G114 -- a peer that is ended by a signal
			w.Header().Set("ETag", args[4])
			if r.Header.Get("If-None-Match") == args[4] {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			w.Header().Set("Content-Type", args[2])
			if args[3] != "" {
				w.Header().Set("Content-Encoding", args[3])
			}
			_, _ = w.Write(body)
		}))
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}
