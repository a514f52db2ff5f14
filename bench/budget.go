package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// budget is what a number may be. Those of time are several times what a quiet machine needs: they catch a mistake, not
// a busy neighbour.
type budget struct {
	what     string
	is, most float64
	unit     string
}

// weights are the bytes that a dashboard's first visit costs, in brotli.
func (b *bench) weights() ([]budget, error) {
	var all []budget
	for _, x := range []struct {
		what  string
		most  float64
		globs []string
	}{
		{"core.wasm in brotli", 480, []string{"public/wasm/core-*.wasm.br"}},
		{"dashboard.js and what it imports at once, in brotli", 60,
			[]string{"public/dist/dashboard-*.js.br", "public/dist/chunk-*.js.br"}},
		{"dashboard.css in brotli", 10, []string{"public/dist/dashboard-*.css.br"}},
	} {
		bytes := 0.0
		for _, glob := range x.globs {
			found, err := filepath.Glob(filepath.Join(b.root, glob))
			if err != nil || len(found) != 1 {
				return nil, fmt.Errorf("%s: %d files, %w", glob, len(found), err)
			}
			info, err := os.Stat(found[0])
			if err != nil {
				return nil, err
			}
			bytes += float64(info.Size())
		}
		all = append(all, budget{x.what, bytes / 1000, x.most, "KB"})
	}
	return all, nil
}

// hold tells of budgets, and fails on one that is broken.
func (b *bench) hold(all []budget) error {
	var rows [][]string
	var broken []string
	for _, x := range all {
		rows = append(rows, []string{x.what, fmt.Sprintf("%.2f %s", x.is, x.unit),
			fmt.Sprintf("%g %s", x.most, x.unit)})
		if x.is > x.most {
			broken = append(broken, fmt.Sprintf("%s is %.2f %s, over %g", x.what, x.is, x.unit, x.most))
		}
	}
	b.report.say("### The dashboard's rules in chromium, and their budgets")
	b.report.table("what|is|may be", rows)
	if len(broken) > 0 {
		return fmt.Errorf("budget: %s", strings.Join(broken, "; "))
	}
	return nil
}
