package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// OpenSealer has the key that is given as text (SECRETS_KEY); else of a file, which is made at the first start and
// which nobody but its owner reads. Without either nothing is sealed, and nobody sets an authenticator up: so it is
// where the database is on another machine.
func OpenSealer(text, path string) (Sealer, error) {
	if text != "" {
		key, err := ReadSealKey(text)
		if err != nil {
			return Sealer{}, fmt.Errorf("SECRETS_KEY: %w", err)
		}
		return NewSealer(key)
	}
	if path == "" {
		return Sealer{}, nil
	}
	key, err := keyFile(filepath.Clean(path))
	if err != nil {
		return Sealer{}, fmt.Errorf("the key beside the database: %w", err)
	}
	return NewSealer(key)
}

// keyFile reads the key, or makes it. Of two processes that make it at once one does, and the other reads it: it
// appears whole.
func keyFile(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		return ReadSealKey(string(text))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	_, made := NewSealKey()
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // for its owner alone: 0600
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(made + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	text, err = os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ReadSealKey(string(text))
}
