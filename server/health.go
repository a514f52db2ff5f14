package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"statuspage/server/config"
)

// healthWait is how long a server may take to say that it runs.
const healthWait = 4 * time.Second

type health struct {
	Addr string `env:"ADDR" help:"The address that serve listens on (default :8080)."`
	Port string `env:"PORT" help:"The port that serve listens on, when there is no ADDR."`
}

// Run asks the server on this machine whether it runs, for health checks in an image without curl. It prints nothing,
// and ends with 1 when it does not.
func (h *health) Run(ctx context.Context) error {
	host, port, err := net.SplitHostPort(config.Config{Addr: h.Addr, Port: h.Port}.Listen())
	if err != nil {
		return fmt.Errorf("ADDR: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", res.Status)
	}
	return nil
}
