package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	body                     []byte // of the answer
	file                     []byte // of the document, where the answer has none
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
	d.request(base, d.have, req)
	if err := fasthttp.Do(req, res); err != nil {
		return err
	}
	d.body = append([]byte(nil), res.Body()...)
	d.file = d.body
	d.mediaType, d.coding, d.etag = string(res.Header.ContentType()), string(res.Header.ContentEncoding()),
		string(res.Header.Peek("ETag"))
	if d.status == http.StatusNotModified {
		d.have, d.body = d.etag, nil
	}
	return nil
}

func (d *document) request(base, have string, req *fasthttp.Request) {
	req.SetRequestURI(base + d.path)
	if d.accept != "" {
		req.Header.Set("Accept-Encoding", d.accept)
	}
	if have != "" {
		req.Header.Set("If-None-Match", have)
	}
}

// rival is one server that answers with a document, and what its rounds took.
type rival struct {
	name   string
	at     *process
	have   string // the ETag of its own that it is asked with
	used   []float64
	middle []time.Duration
	worst  []time.Duration
}

// rivals starts the peers of a document; missing says which could not be had.
func (b *bench) rivals(ctx context.Context, ours *process, d *document) (all []*rival, missing string, err error) {
	file := filepath.Join(b.dir, "body")
	if err := os.WriteFile(file, d.file, 0o644); err != nil { // #nosec G306 -- nginx's workers read it
		return nil, "", err
	}
	all = []*rival{{name: "Status Page, from memory", at: ours, have: d.have}}
	for _, x := range []struct{ role, name string }{{"fasthttp", "fasthttp, a constant"}, {"net/http",
		"net/http, a constant"}, {"fiber", "Fiber, a constant"}, {"sqlite", "fasthttp that asks SQLite each time"}} {
		p, err := b.peer(ctx, x.role, file, d.mediaType, d.coding, d.etag)
		if err != nil {
			return all, "", err
		}
		all = append(all, &rival{name: x.name, at: p, have: d.have})
	}
	p, err := b.nginx(ctx, d)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return all, "nginx was not measured: it is not installed here.", nil
	case err != nil:
		return all, "", err
	}
	n := &rival{name: "nginx, the same file", at: p, have: d.have}
	if d.have != "" {
		if n.have, err = etagOf(p.url() + d.path); err != nil {
			return append(all, n), "", err
		}
	}
	return append(all, n), "", nil
}

// document measures one document at all servers.
func (b *bench) document(ctx context.Context, ours *process, d *document) error {
	all, missing, err := b.rivals(ctx, ours, d)
	for _, r := range all[1:] {
		defer r.at.stop()
	}
	if err != nil {
		return err
	}
	for range b.rounds {
		for _, r := range all {
			before := r.at.cpu()
			took, err := d.load(r.at.url(), r.have)
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			r.used = append(r.used, float64(r.at.cpu()-before)/1e3/pageRequests)
			r.middle, r.worst = append(r.middle, percentile(took, 0.5)), append(r.worst, percentile(took, 0.99))
		}
	}
	rows := [][]string{}
	for _, r := range all {
		ratios := ratios(r.used, all[1].used)
		rows = append(rows, []string{r.name, fmt.Sprintf("%.1f", median(r.used)), spread(r.used, "%.1f"),
			times(median(ratios), 1), spread(ratios, "%.2f"), us(median(r.middle)), us(median(r.worst))})
	}
	b.report.say("### %s (%d bytes, %d requests by %d clients)", d.name, len(d.body), pageRequests, pageClients)
	b.report.table("server|CPU µs a request|least – most|× fasthttp, same round|least – most|median µs|99th µs", rows)
	if missing != "" {
		b.report.say("%s", missing)
	}
	return nil
}

// ratios are those of each round.
func ratios(a, b []float64) (out []float64) {
	for i := range min(len(a), len(b)) {
		out = append(out, a[i]/b[i])
	}
	return out
}

func spread(of []float64, format string) string {
	return fmt.Sprintf(format+" – "+format, slices.Min(of), slices.Max(of))
}

// load asks for the document again and again, on connections that stay.
func (d *document) load(base, have string) ([]time.Duration, error) {
	var wait sync.WaitGroup
	took := make([][]time.Duration, pageClients)
	failed := make([]error, pageClients)
	host := &fasthttp.HostClient{Addr: base[len("http://"):], MaxConns: pageClients}
	for i := range pageClients {
		wait.Go(func() {
			req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(req)
			defer fasthttp.ReleaseResponse(res)
			d.request(base, have, req)
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
		// #nosec G114 -- a peer that is ended by a signal
		err = http.ListenAndServe(args[0], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
