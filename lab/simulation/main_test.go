// Package simulation runs the whole set of regions in one process, in virtual time (testing/synctest), with faults from
// a seed: docs/simulation.md.
package simulation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"statuspage/server/app"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/usecase"
	"statuspage/shared/page"

	"github.com/google/uuid"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "simulation")
	if err == nil {
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// template is a database with one organisation, as every simulation begins.
var template struct {
	file, org, token string
	services         []string
}

const (
	slug    = "acme"
	writers = 3
)

// prepare does what may not happen in a bubble: make the database, and begin what runs once for the whole process.
func prepare(dir string) error {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	if os.Getenv("SIM_LOG") != "" {
		slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	}
	http.DefaultTransport = &http.Transport{DialContext: route, DisableKeepAlives: true}
	if err := warm(); err != nil {
		return err
	}
	template.file = filepath.Join(dir, "template.db")
	cfg := config.Default(config.Database{DatabaseURL: "file:" + template.file})
	cfg.Host.Now = func() time.Time { return birth.Add(-time.Hour) }
	ctx := context.Background()
	a, err := app.New(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(furnish(ctx, a.UseCases), a.Close())
}

func furnish(ctx context.Context, d *usecase.UseCases) (err error) {
	by, at := usecase.Caller{System: true}, birth.Add(-time.Hour)
	if template.org, err = d.CreateOrg(ctx, by, slug, "Acme", at, nil); err != nil {
		return err
	}
	if _, err = d.AddMember(ctx, by, template.org, usecase.NewMember{Email: "ada@acme.example",
		Role: auth.Admin}); err != nil {
		return err
	}
	if template.token, err = d.Token(ctx, slug, "ada@acme.example", 300*24*time.Hour); err != nil {
		return err
	}
	for n := range writers {
		c := &page.CreateService{ID: uuid.Must(uuid.NewV7()).String(), Name: fmt.Sprintf("Service %d", n)}
		template.services = append(template.services, c.ID)
		if _, err = d.ChangeAt(ctx, by, template.org, c, at); err != nil {
			return err
		}
	}
	return nil
}

// warm lets fasthttp begin its one goroutine for the date, which never ends.
func warm() error {
	ln := fasthttputil.NewInmemoryListener()
	s := &fasthttp.Server{Handler: func(*fasthttp.RequestCtx) {}}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return ln.Dial() }}}
	res, err := c.Get("http://warm/")
	if err == nil {
		err = res.Body.Close()
	}
	return errors.Join(err, s.Shutdown(), <-served)
}
