package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"statuspage/server/certificate"
	"statuspage/server/hostname"
)

// settle is for how long a challenge waits for the replicas, where there are other regions.
const settle = 2 * time.Second

// serveHTTPS answers on TLS_ADDR, and on ln with what leads there. failed hears of the end of either.
func (a *App) serveHTTPS(ctx context.Context, ln net.Listener, failed chan<- error) error {
	secure, err := net.Listen("tcp", a.cfg.TLSAddr)
	if err != nil {
		return fmt.Errorf("TLS_ADDR: %w", err)
	}
	d := certificate.Deps{DB: a.DB, Sealer: a.UseCases.Sealer, Primary: a.cfg.Primary(), Email: a.cfg.TLSEmail,
		Directory: a.cfg.TLSDirectory, Roots: a.cfg.Host.Roots, Plain: ln.Addr(), Secure: secure.Addr(), Now: a.now,
		Own: []string{hostname.Of(a.cfg.BaseURL)}}
	if strings.HasPrefix(a.cfg.PrimaryURL, "https://") {
		d.Own = append(d.Own, hostname.Of(a.cfg.PrimaryURL))
	}
	if a.cfg.PrimaryRegion != "" {
		d.Settle = settle
	}
	if a.keeper, err = certificate.New(d); err != nil {
		return err
	}
	a.Fiber.Handler() // prepares the routes, for two listeners
	go func() {
		failed <- a.Fiber.Server().Serve(steady{tls.NewListener(secure, a.keeper.TLS()), a.front.Conn})
	}()
	go func() {
		failed <- a.Fiber.Server().Serve(steady{ln, func(conn net.Conn) net.Conn { return certificate.Plain{Conn: conn} }})
	}()
	a.every(ctx, 0, a.keeper.Run)
	return nil
}
