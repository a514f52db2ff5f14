// Command statuspage is a multi-tenant, real-time status page.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/mattn/go-isatty"

	"statuspage/server/app"
	"statuspage/server/config"
	"statuspage/shared/fault"
)

// version is set by the build.
var version = "dev"

var commands struct {
	Serve   serve   `cmd:"" help:"Serve pages, API and sockets; migrates the database at the start when it is the primary."`
	Migrate migrate `cmd:"" help:"Bring the database's schema up to this version."`
	Demo    demo    `cmd:"" help:"Fill the database with the demonstration organisation acme."`
	Backup  backup  `cmd:"" help:"Copy the database, while the server runs or not."`
	Restore restore `cmd:"" help:"Put a copy back. Stop the server first."`
	Epoch   epoch   `cmd:"" help:"Say that the database was replaced by an older copy: everybody loads everything again."`
	Org     struct {
		Create orgCreate `cmd:"" help:"Create an organisation and print its id."`
	} `cmd:"" help:"Organisations."`
	User struct {
		Create userCreate `cmd:"" help:"Create a user in an organisation and print its id."`
	} `cmd:"" help:"Users."`
	Token   token       `cmd:"" help:"Print a token of the built-in issuer."`
	Version versionLine `cmd:"" help:"Print the version."`
}

func main() {
	parser, err := kong.New(&commands, kong.Name("statuspage"), kong.Description("A real-time status page that runs at the edge."), kong.UsageOnError())
	if err != nil {
		panic(err)
	}
	run, err := parser.Parse(os.Args[1:])
	if err != nil {
		fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run.BindTo(ctx, (*context.Context)(nil))
	if err := run.Run(); err != nil {
		fail(err)
	}
}

// fail ends the program with one clear line.
func fail(err error) {
	var f *fault.Error
	if errors.As(err, &f) {
		err = errors.New(f.Message)
	}
	fmt.Fprintln(os.Stderr, "statuspage: "+err.Error())
	os.Exit(1)
}

type serve struct {
	config.Config `embed:""`
}

// Run serves until a signal comes.
func (s *serve) Run(ctx context.Context) error {
	logTo(s.LogLevel, s.LogFormat)
	ln, err := net.Listen("tcp", s.Listen())
	if err != nil {
		return fmt.Errorf("ADDR: %w", err)
	}
	a, err := app.New(ctx, s.Config)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	if s.Config.Demo && s.Primary() {
		if err := greet(ctx, a, ln.Addr()); err != nil {
			return errors.Join(err, ln.Close(), a.Close())
		}
	}
	if !s.Config.Demo && s.Primary() {
		if err := offerSetup(ctx, a, s.BaseURL, ln.Addr()); err != nil {
			return errors.Join(err, ln.Close(), a.Close())
		}
	}
	slog.Info("serving", "address", ln.Addr().String(), "region", s.Region(), "primary", s.Primary(), "version", version)
	return a.Serve(ctx, ln)
}

func logTo(level, format string) {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // one of the four that the flag takes
	opts := &slog.HandlerOptions{Level: l}
	if format == "text" || format == "" && isatty.IsTerminal(os.Stderr.Fd()) {
		slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, opts)))
		return
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, opts)))
}

type versionLine struct{}

// Run prints the version and what it was built from.
func (versionLine) Run() error {
	line := version
	if info, ok := debug.ReadBuildInfo(); ok {
		line += " " + info.GoVersion
	}
	fmt.Println(line)
	return nil
}
