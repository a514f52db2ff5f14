package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/store"
)

// sealer has the key of SECRETS_KEY; else of a file beside the database, which is made at the first start and which
// nobody but its owner reads. A database on another machine has no such file: without SECRETS_KEY nothing is sealed
// there, and nobody sets an authenticator up.
func sealer(cfg config.Config, db *store.DB) (auth.Sealer, error) {
	if cfg.SecretsKey != "" {
		key, err := auth.ReadSealKey(cfg.SecretsKey)
		if err != nil {
			return auth.Sealer{}, fmt.Errorf("SECRETS_KEY: %w", err)
		}
		return auth.NewSealer(key)
	}
	path := db.Beside("secrets")
	if path == "" {
		return auth.Sealer{}, nil
	}
	key, err := keyFile(filepath.Clean(path))
	if err != nil {
		return auth.Sealer{}, fmt.Errorf("the key beside the database: %w", err)
	}
	return auth.NewSealer(key)
}

// keyFile reads the key, or makes it. Of two processes that make it at once one does, and the other reads it: it
// appears whole.
func keyFile(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		return auth.ReadSealKey(string(text))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	_, made := auth.NewSealKey()
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
	return auth.ReadSealKey(string(text))
}
