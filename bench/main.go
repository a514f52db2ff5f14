// Command bench measures Status Page beside its peers, in one run on one machine:
//
//	cd bench && go run -mod=mod .
//
// Every server is a process of its own on the loopback; rounds of them are interleaved, and what is told is the median
// round. Compare the ratios: the client shares the machine's cores, and nothing else about the numbers is yours.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bench is one run.
type bench struct {
	dir     string // removed at the end
	program string // the built server
	root    string // of the module
	rounds  int
	sockets int
	large   bool
	plots   string // where plots are written; "" is nowhere
	report  report
}

func main() {
	if role, ok := roles[os.Getenv(roleName)]; ok {
		os.Exit(role(os.Args[1:]))
	}
	b := &bench{}
	flag.StringVar(&b.root, "root", "..", "the module's folder")
	flag.IntVar(&b.rounds, "rounds", 5, "rounds of each measurement")
	flag.IntVar(&b.sockets, "sockets", 2000, "sockets that hear one event; up to 15000")
	flag.BoolVar(&b.large, "large", false, "growth up to 100,000 organisations and past incidents, which takes an hour")
	only := flag.String("only", "", "the parts to measure, with commas between, which then are printed and not written")
	out := flag.String("out", filepath.Join("..", "docs", "performance.md"), "file to write; none when empty")
	flag.Parse()
	if b.sockets < 1 || b.sockets > 15_000 || b.rounds < 1 {
		fmt.Fprintln(os.Stderr, "bench: 1 to 15000 sockets, 1 round or more")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	written := false
	flag.Visit(func(f *flag.Flag) { written = written || f.Name == "out" })
	if *only != "" && !written {
		*out = ""
	}
	if *out != "" {
		b.plots = filepath.Join(filepath.Dir(*out), "img")
	}
	if err := b.run(ctx, *only, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context, only, out string) error {
	var err error
	if b.dir, err = os.MkdirTemp("", "statuspage-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	began := time.Now()
	var failed error
	if err := b.build(ctx); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"start", b.start}, {"pages", b.pages}, {"fan-out", b.fanOut}, {"writes", b.writes}, {"relay",
			b.relay}, {"rules", b.rules}, {"overload", b.overload}, {"monitors", b.monitors}, {"growth", b.growth},
	} {
		if only != "" && !slices.Contains(strings.Split(only, ","), part.name) {
			continue
		}
		at := time.Now()
		if err := part.run(ctx); err != nil {
			failed = fmt.Errorf("%s: %w", part.name, err)
			break
		}
		fmt.Fprintf(os.Stderr, "%s: %.0f s\n", part.name, time.Since(at).Seconds())
	}
	text := b.report.text(time.Since(began))
	fmt.Print(text)
	if failed != nil || out == "" {
		return failed
	}
	return os.WriteFile(out, []byte(text), 0o644) // #nosec G306 -- a public document
}

// build makes the assets and the server as `make build` does.
func (b *bench) build(ctx context.Context) error {
	b.program = filepath.Join(b.dir, "statuspage")
	for _, args := range [][]string{
		{"run", "./public/build"},
		{"build", "-trimpath", "-ldflags=-s -w", "-o", b.program, "./server"},
	} {
		c := exec.CommandContext(ctx, "go", args...) // #nosec G204 -- our own words
		c.Dir, c.Stderr = b.root, os.Stderr
		if err := c.Run(); err != nil {
			return fmt.Errorf("go %v: %w", args, err)
		}
	}
	return nil
}
