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
	"strconv"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/mattn/go-isatty"

	"statuspage/server/app"
	"statuspage/server/config"
	"statuspage/server/demo"
	"statuspage/shared/fault"
)

// version is set by the build.
var version = "dev"

var commands struct {
	Serve   serve    `cmd:"" help:"Serve pages, API and sockets; at the start the primary migrates the database."`
	Migrate migrate  `cmd:"" help:"Bring the database's schema up to this version."`
	Demo    fillDemo `cmd:"" help:"Fill the database with the demonstration organisation acme."`
	Backup  backup   `cmd:"" help:"Copy the database, while the server runs or not."`
	Restore restore  `cmd:"" help:"Put a copy back. Stop the server first."`
	Doctor  examine  `cmd:"" help:"Look at a deployment, from its regions to fly.toml. Ends with 1 if something is wrong."`
	Health  health   `cmd:"" help:"Ask the server on this machine whether it runs; for health checks."`
	Apply   apply    `cmd:"" help:"Make monitors as a file has them, or a configuration of Gatus, through the HTTP API."`
	Epoch   epoch    `cmd:"" help:"Say that the database was replaced by an older copy: everybody loads everything again."`
	Org     struct {
		Create  orgCreate  `cmd:"" help:"Create an organisation and print its id."`
		Delete  orgDelete  `cmd:"" help:"Hide an organisation at once and print when it is erased: after seven days."`
		Restore orgRestore `cmd:"" help:"Bring a deleted organisation back."`
		Erase   orgErase   `cmd:"" help:"Erase a deleted organisation now, its audit log too. There is no way back."`
	} `cmd:"" help:"Organisations."`
	User struct {
		Create        userCreate    `cmd:"" help:"Create a user in an organisation and print its id."`
		RemoveFactors removeFactors `cmd:"" help:"Remove the second factors and recovery codes of somebody who has lost them, and print how many factors there were. Every session of theirs ends."`
	} `cmd:"" help:"Users."`
	Token    token       `cmd:"" help:"Print a token of the built-in issuer."`
	Link     link        `cmd:"" help:"Print the link by which the owner of an account chooses a password."`
	Licenses licenses    `cmd:"" help:"Print the notices and licences of what others wrote and this program contains."`
	Version  versionLine `cmd:"" help:"Print the version."`
}

func main() {
	parser, err := kong.New(&commands, kong.Name("statuspage"), kong.Description("A real-time status page that runs "+
		"at the edge."), kong.UsageOnError())
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
	limitMemory(machine)
	ln, err := net.Listen("tcp", s.Listen())
	if err != nil {
		return s.cannotListen(err)
	}
	s.Config.Version = version
	if s.Config.Demo && s.Primary() {
		target, err := demo.NewTarget(time.Now)
		if err != nil {
			return errors.Join(err, ln.Close())
		}
		defer func() { _ = target.Close() }()
		s.Config.MonitorBeside = target.Addr()
	}
	a, err := app.New(ctx, s.Config)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	if s.Config.Demo && s.Primary() {
		if err := greet(ctx, a, &s.Config, ln.Addr()); err != nil {
			return errors.Join(err, ln.Close(), a.Close())
		}
	}
	if !s.Config.Demo && s.Primary() {
		if err := offerSetup(ctx, a, s.BaseURL, ln.Addr()); err != nil {
			return errors.Join(err, ln.Close(), a.Close())
		}
	}
	slog.Info("serving", "address", ln.Addr().String(), "region", s.Region(), "primary", s.Primary(), "version",
		version)
	return a.Serve(ctx, ln)
}

// cannotListen says which variable has another address, or another port where this one is somebody else's.
func (s *serve) cannotListen(err error) error {
	name := "PORT"
	if s.Addr != "" {
		name = "ADDR"
	}
	host, port, bad := net.SplitHostPort(s.Listen())
	other := func(port string) string {
		if name == "PORT" {
			return "set PORT to another, such as PORT=" + port
		}
		return "set ADDR to another, such as ADDR=" + net.JoinHostPort(host, port)
	}
	switch {
	case bad != nil:
	case errors.Is(err, syscall.EADDRINUSE):
		n, _ := strconv.Atoi(port)
		return fmt.Errorf("port %s is taken by another program: end that one, or %s", port, other(strconv.Itoa(n+1)))
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("this user may not open port %s: %s", port, other("8080"))
	}
	return fmt.Errorf("%s: %w", name, err)
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
