package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"statuspage/server/monitor/ascode"
)

type apply struct {
	File    string `arg:"" help:"The file, or - for the standard input."`
	URL     string `name:"url" env:"STATUSPAGE_URL" required:"" help:"Where the installation is."`
	Token   string `env:"STATUSPAGE_TOKEN" required:"" help:"An API key that reads and writes; better in the environment."`
	DryRun  bool   `name:"dry-run" help:"Only print what would change, and end with 2 when something would."`
	Prune   bool   `help:"Delete the monitors that are not in the file."`
	Headers bool   `help:"Write headers again: that a value is new is not seen."`
}

// Run makes monitors as the file has them.
func (a *apply) Run(ctx context.Context) error {
	text, err := a.text()
	if err != nil {
		return err
	}
	list, remarks, err := ascode.Read(text)
	if err != nil {
		return fmt.Errorf("%s: %w", a.File, err)
	}
	for _, r := range remarks {
		fmt.Fprintf(os.Stderr, "%s:%d: %s\n", a.File, r.Line, r.Text)
	}
	changes, err := ascode.Apply(ctx, ascode.Options{URL: a.URL, Key: a.Token, DryRun: a.DryRun, Prune: a.Prune,
		Headers: a.Headers, Out: os.Stdout}, list)
	if err != nil {
		return err
	}
	if a.DryRun && changes > 0 {
		os.Exit(2)
	}
	return nil
}

func (a *apply) text() ([]byte, error) {
	if a.File == "-" {
		return io.ReadAll(os.Stdin)
	}
	text, err := os.ReadFile(filepath.Clean(a.File))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s", a.File)
	}
	return text, err
}
