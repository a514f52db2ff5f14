// Command lab opens the multi-region laboratory: `lab regions` for a person, `lab hrana` is one of its database
// servers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"statuspage/lab/hrana"
)

const usage = `usage:
  lab regions [flags]   three regions on this machine, with faults at hand (--help lists the flags)
  lab hrana [flags]     one database server, with flags like sqld's (--help lists them)
`

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, in io.Reader, out, errs io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(errs, usage)
		return 2
	}
	switch args[0] {
	case "hrana":
		return hrana.Main(args[1:])
	case "regions":
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return exitCode(regions(ctx, args[1:], in, out), errs)
	case "help", "-h", "--help":
		fmt.Fprint(out, usage)
		return 0
	}
	fmt.Fprintf(errs, "lab: no command %q\n%s", args[0], usage)
	return 2
}

func exitCode(err error, errs io.Writer) int {
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	default:
		fmt.Fprintln(errs, "lab:", err)
		return 1
	}
}
