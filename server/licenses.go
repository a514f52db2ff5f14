package main

import (
	_ "embed"
	"os"
)

// notices are of all that this program contains and others wrote: `make notices` writes them.
// CONTRACT 9.
//
//go:embed notices.txt
var notices string

type licenses struct{}

// Run prints them.
func (licenses) Run() error {
	_, err := os.Stdout.WriteString(notices)
	return err
}
