package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

var errRemote = errors.New("this is for a file: database; docs/deploy.md says how libSQL is backed up")

// Backup copies a file: database into a new file, whole and of one moment, while it is used or not.
func Backup(ctx context.Context, url, to string) error {
	if !strings.HasPrefix(url, "file:") {
		return errRemote
	}
	if _, err := os.Stat(to); err == nil {
		return fmt.Errorf("%s is there already", to)
	}
	db, err := Open(url, "")
	if err != nil {
		return err
	}
	_, err = db.write.ExecContext(ctx, `VACUUM INTO ?`, to)
	return errors.Join(err, db.Close())
}

// Restore puts a copy in the place of a file: database, under a new epoch. The server must not run.
func Restore(ctx context.Context, url, from string, force bool) error {
	path, ok := strings.CutPrefix(url, "file:")
	if !ok {
		return errRemote
	}
	fresh := path + ".restoring"
	if err := copyFile(from, fresh); err != nil {
		return err
	}
	db, err := Open("file:"+fresh, "")
	if err != nil {
		return err
	}
	if err := errors.Join(db.sound(ctx), db.Migrate(ctx), db.NewEpoch(ctx), db.BuryJobs(ctx), db.Close()); err != nil {
		return errors.Join(fmt.Errorf("%s cannot be restored", from), err, os.Remove(fresh))
	}
	if _, err := os.Stat(path); err == nil {
		if !force {
			return errors.Join(fmt.Errorf("%s is there already; --force replaces it", path), os.Remove(fresh))
		}
		for _, end := range []string{"", "-wal", "-shm"} {
			if err := os.Rename(path+end, path+".replaced"+end); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
	}
	return os.Rename(fresh, path)
}

func (db *DB) sound(ctx context.Context) error {
	var word string
	if err := db.row(ctx, `PRAGMA integrity_check`, nil, &word); err != nil {
		return err
	}
	if word != "ok" {
		return fmt.Errorf("the copy is damaged: %s", word)
	}
	return nil
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(filepath.Clean(from))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Clean(to), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
