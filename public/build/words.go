package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// catalogues puts the interface's words in other languages, public/words/<language>.json, beside the scripts: each as
// dashboard.<language>.json, so that the service worker keeps them with the rest of the dashboard.
func catalogues(root string, out *output, manifest map[string]string) error {
	found, err := filepath.Glob(filepath.Join(root, "public", "words", "*.json"))
	if err != nil {
		return err
	}
	for _, path := range found {
		text, err := os.ReadFile(path) // #nosec G304 -- the module's own source
		if err != nil {
			return err
		}
		var short bytes.Buffer
		if err := json.Compact(&short, text); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		sum := sha256.Sum256(short.Bytes())
		name := filepath.Base(path)
		at := "words-" + hex.EncodeToString(sum[:4]) + "-" + name
		if err := out.compressed(at, short.Bytes()); err != nil {
			return err
		}
		manifest["dashboard."+name] = prefix + at
	}
	return nil
}
