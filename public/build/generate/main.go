// Command generate writes what follows from the rules in other languages, so that it is said once:
// go generate ./shared/...
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// file is one that is generated. make gets what it is now, for those of which a part is written by hand.
type file struct {
	path string
	make func(root string, now []byte) ([]byte, error)
}

var files = []file{
	{"public/js/dashboard/commands.js", commands},
	{"public/js/dashboard/types.js", types},
	{"server/api/openapi.json", schemas},
}

func main() {
	root := flag.String("root", ".", "the module's folder")
	flag.Parse()
	for _, f := range files {
		if err := f.write(*root); err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
	}
}

func (f file) write(root string) error {
	now, made, err := f.both(root)
	if err != nil || string(now) == string(made) {
		return err
	}
	return os.WriteFile(filepath.Join(root, filepath.FromSlash(f.path)), made, 0o644) // #nosec G306 -- a source
}

// both is the file as it is, and as it should be.
func (f file) both(root string) (now, made []byte, err error) {
	now, err = os.ReadFile(filepath.Join(root, filepath.FromSlash(f.path))) // #nosec G304 -- our own source
	if err != nil && !os.IsNotExist(err) {
		return nil, nil, err
	}
	if made, err = f.make(root, now); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.path, err)
	}
	return now, made, nil
}
