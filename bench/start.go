package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// start measures a start on a database that is there, and the sizes of what is shipped.
func (b *bench) start(ctx context.Context) error {
	database := "file:" + filepath.Join(b.dir, "start.db")
	first, err := b.server(ctx, database, "DEMO=true")
	if err != nil {
		return err
	}
	first.stop()
	var took []time.Duration
	var idle []int64
	for range 5 {
		t, rss, err := b.once(ctx, database)
		if err != nil {
			return err
		}
		took, idle = append(took, t), append(idle, rss)
	}
	program, err := os.Stat(b.program)
	if err != nil {
		return err
	}
	rows := [][]string{
		{"from the start of the process to the first byte of `/status/acme`", ms(median(took)) + " ms"},
		{"memory two seconds later (RSS)", fmt.Sprintf("%.1f MB", float64(median(idle))/1e6)},
		{"the binary, with pages, scripts and rules inside", fmt.Sprintf("%.1f MB", float64(program.Size())/1e6)},
	}
	files, err := filepath.Glob(filepath.Join(b.root, "public", "wasm", "core-*.wasm*"))
	if err != nil {
		return err
	}
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		as := "as it is"
		if strings.HasSuffix(name, ".br") {
			as = "in brotli"
		}
		rows = append(rows, []string{"the rules as WebAssembly, " + as, kb(info.Size()) + " KB"})
	}
	for _, form := range []string{"", "br"} {
		size, err := b.sizeOf(ctx, database, form)
		if err != nil {
			return err
		}
		rows = append(rows, []string{"the public page of the demonstration" +
			map[string]string{"": "", "br": ", in brotli"}[form], kb(size) + " KB"})
	}
	b.report.say("### Start and size")
	b.report.table("what|how much", rows)
	return nil
}

// once starts the server and asks it for a page until it answers.
func (b *bench) once(ctx context.Context, database string) (time.Duration, int64, error) {
	addr, err := freeAddr()
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	p, err := b.spawn(ctx, addr, []string{"ADDR=" + addr, "DATABASE_URL=" + database, "LOG_LEVEL=warn"}, b.program,
		"serve")
	if err != nil {
		return 0, 0, err
	}
	defer p.stop()
	res, err := http.Get(p.url() + "/status/acme") // #nosec G107 -- the loopback
	if err != nil {
		return 0, 0, err
	}
	took := time.Since(began)
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("%s: %w", res.Status, err)
	}
	time.Sleep(2 * time.Second)
	return took, p.rss(), nil
}

func (b *bench) sizeOf(ctx context.Context, database, form string) (int64, error) {
	p, err := b.server(ctx, database)
	if err != nil {
		return 0, err
	}
	defer p.stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url()+"/status/acme", nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept-Encoding", form)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return io.Copy(io.Discard, res.Body)
}
