package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"

	"statuspage/public/build/core"
)

// output is public/dist while it is filled.
type output struct {
	dir  string
	made map[string]bool
}

func newOutput(dir string) *output {
	return &output{dir: dir, made: map[string]bool{".gitkeep": true}}
}

// plain writes a file, if it is another one than before.
func (o *output) plain(name string, content []byte) error {
	o.made[name] = true
	path := filepath.Join(o.dir, name)
	if was, err := os.ReadFile(path); err == nil && bytes.Equal(was, content) { // #nosec G304 -- written by this program
		return nil
	}
	return os.WriteFile(path, content, 0o644) // #nosec G306 -- for everybody to read
}

// compressed writes a file with its .br and .gz.
func (o *output) compressed(name string, content []byte) error {
	path := filepath.Join(o.dir, name)
	was, err := os.ReadFile(path) // #nosec G304 -- written by this program
	if err == nil && bytes.Equal(was, content) && exist(path+".br", path+".gz") {
		o.made[name], o.made[name+".br"], o.made[name+".gz"] = true, true, true
		return nil
	}
	if err := o.plain(name+".br", core.Brotli(content)); err != nil {
		return err
	}
	if err := o.plain(name+".gz", gzipped(content)); err != nil {
		return err
	}
	return o.plain(name, content) // last: it says that the others are there
}

func gzipped(in []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is one that exists
	_, _ = w.Write(in)                                      // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// sweep removes what an earlier build left.
func (o *output) sweep() error {
	entries, err := os.ReadDir(o.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if o.made[e.Name()] {
			continue
		}
		if err := os.Remove(filepath.Join(o.dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func exist(paths ...string) bool {
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil {
			return false
		}
	}
	return true
}
