package hrana

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// Main runs one server as a process until SIGTERM or SIGINT. Flags and environment are sqld's, as far as they go:
// --http-listen-addr, --grpc-listen-addr, --primary-grpc-url, --db-path, SQLD_AUTH_JWT_KEY. It returns the exit code.
func Main(args []string) int {
	cfg, err := parseFlags(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
		err = run(cfg)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "hrana:", err)
		return 1
	}
	return 0
}

func parseFlags(args []string) (Config, error) {
	cfg := Config{AuthJWTKey: os.Getenv("SQLD_AUTH_JWT_KEY"), Wedges: true}
	fs := flag.NewFlagSet("hrana", flag.ContinueOnError)
	text := func(to *string, name, env, otherwise, usage string) {
		if value := os.Getenv(env); value != "" {
			otherwise = value
		}
		fs.StringVar(to, name, otherwise, usage+" ["+env+"]")
	}
	text(&cfg.HTTPListenAddr, "http-listen-addr", "SQLD_HTTP_LISTEN_ADDR", "127.0.0.1:8080", "where clients connect")
	text(&cfg.GRPCListenAddr, "grpc-listen-addr", "SQLD_GRPC_LISTEN_ADDR", "", "where replicas connect")
	text(&cfg.AdminListenAddr, "admin-listen-addr", "SQLD_ADMIN_LISTEN_ADDR", "", "where the admin API listens")
	text(&cfg.PrimaryGRPCURL, "primary-grpc-url", "SQLD_PRIMARY_GRPC_URL", "", "the primary to follow")
	text(&cfg.DBPath, "db-path", "SQLD_DB_PATH", "data.sqld", "the directory of the database")
	if err := fs.Parse(args); err != nil {
		return cfg, err
	}
	if fs.NArg() > 0 {
		return cfg, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if cfg.GRPCListenAddr != "" && cfg.PrimaryGRPCURL != "" {
		return cfg, errors.New("--grpc-listen-addr is for a primary, --primary-grpc-url for a replica: not both")
	}
	return cfg, nil
}

func run(cfg Config) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := Start(cfg)
	if err != nil {
		return err
	}
	cfg.Log.Info("listening", "http", s.URL(), "path", cfg.DBPath)
	<-ctx.Done()
	return s.Close()
}
