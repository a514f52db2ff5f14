package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Restore puts a copy in the place of a file: database, under a new epoch. from is a path, or a file: address; what
// SQLite keeps beside it is read with it. A server that runs on the database refuses it.
func Restore(ctx context.Context, url, from string, force bool) error {
	_, err := RestoreKeeping(ctx, url, from, force)
	return err
}

// RestoreKeeping is Restore, and says where the database that was there is kept; "" when there was none.
//
// The copy is checked before anything is touched. At each moment there is a whole database under the name: the one that
// was there, or the restored one. One that was set aside before is never written over.
func RestoreKeeping(ctx context.Context, url, from string, force bool) (kept string, err error) {
	path, err := filePath(url)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(from, "file:") {
		if from, err = filePath(from); err != nil {
			return "", err
		}
	}
	if err := restorable(from); err != nil {
		return "", err
	}
	if same(from, path) {
		return "", fmt.Errorf("%s is the database itself", from)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return "", fmt.Errorf("make the database's folder: %w", err)
	}
	lock, err := lockAlone(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	_, missing := os.Stat(path)
	if missing == nil && !force {
		return "", fmt.Errorf("%s is there already; --force replaces it", path)
	}
	fresh := path + ".restoring"
	if err := prepare(ctx, from, fresh); err != nil {
		return "", errors.Join(err, discard(fresh))
	}
	giveTo(fresh, path)
	if missing == nil {
		if kept, err = setAside(path); err != nil {
			return "", errors.Join(err, discard(fresh))
		}
	}
	return kept, errors.Join(os.Rename(fresh, path), syncFile(filepath.Dir(path)))
}

// lockAlone keeps servers away, and refuses when one is there: also one of a version that has no lock.
func lockAlone(path string) (*fileLock, error) {
	lock, err := lockFile(path, true)
	if err != nil {
		return nil, err
	}
	used, err := openElsewhere(path)
	if err == nil && used {
		err = errUsed
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// restorable looks at the file as it is, without SQLite, which would take an empty one for a new database.
func restorable(from string) error {
	if err := there(from); err != nil {
		return err
	}
	f, err := os.Open(filepath.Clean(from))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 100)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read %s: %w", from, err)
	}
	head = head[:n]
	for magic, tool := range map[string]string{"\x1f\x8b": "gzip", "\x28\xb5\x2f\xfd": "zstd", "BZh": "bzip2",
		"\xfd7zXZ": "xz", "PK\x03\x04": "zip"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return fmt.Errorf("%s is packed by %s: unpack it first", from, tool)
		}
	}
	if !bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
		return fmt.Errorf("%s is no SQLite database", from)
	}
	if n < 100 || cut(f, head) && !beforeCheckpoint(from) {
		return fmt.Errorf("%s is cut off: it is shorter than the database it begins", from)
	}
	if used, err := openElsewhere(from); err != nil || used {
		return errors.Join(err, fmt.Errorf("%s is in use by another process: make a copy of it with statuspage backup",
			from))
	}
	return nil
}

// cut compares the size with the pages that the header counts (sqlite.org/fileformat, 1.3).
func cut(f *os.File, head []byte) bool {
	info, err := f.Stat()
	if err != nil {
		return true
	}
	size := int64(binary.BigEndian.Uint16(head[16:]))
	if size == 1 {
		size = 65536
	}
	counted := bytes.Equal(head[24:28], head[92:96])
	return counted && info.Size() < size*int64(binary.BigEndian.Uint32(head[28:]))
}

// beforeCheckpoint says that the rest of the file may stand in the log beside it.
func beforeCheckpoint(from string) bool {
	return there(from+"-wal") == nil || there(from+"-journal") == nil
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// prepare makes a database of the copy that can take the place of another: checked, migrated, under an epoch of its
// own, in one file.
func prepare(ctx context.Context, from, fresh string) error {
	if err := discard(fresh); err != nil { // of a restore that was killed
		return err
	}
	for _, end := range []string{"", "-wal", "-journal"} {
		if err := copyFile(from+end, fresh+end); err != nil && (end == "" || !errors.Is(err, os.ErrNotExist)) {
			return err
		}
	}
	db, err := openFile(fresh)
	if err != nil {
		return fmt.Errorf("%s cannot be read as a database: %w", from, err)
	}
	err = ours(ctx, db.write, from)
	if err == nil {
		err = sound(ctx, db.write, from)
	}
	if err == nil {
		err = renew(ctx, db)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if there(fresh+"-wal") == nil {
		return errors.New("the restored database could not be closed")
	}
	return syncFile(fresh)
}

func renew(ctx context.Context, db *DB) error {
	for _, step := range []func(context.Context) error{db.Migrate, db.NewEpoch, db.BuryJobs} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// setAside gives the database that is there a second name, so that the first can be taken from it at once.
func setAside(path string) (string, error) {
	settle(path)
	kept := path + ".replaced"
	for n := 2; taken(kept); n++ {
		kept = fmt.Sprintf("%s.replaced.%d", path, n)
	}
	// The log goes first: no new database may ever stand beside an old one's.
	for _, end := range []string{"-wal", "-journal", ""} {
		err := os.Link(path+end, kept+end)
		if err != nil && end == "" {
			err = os.Rename(path, kept) // a file system without links
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("set the database aside: %w", err)
		}
	}
	for _, end := range beside {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("set the database aside: %w", err)
		}
	}
	return kept, syncFile(filepath.Dir(path))
}

// settle lets SQLite bring what stands in the log into the database. A database that it cannot read is set aside with
// its log.
func settle(path string) {
	if db, err := openFile(path); err == nil {
		_ = db.Close()
	}
}

func taken(kept string) bool {
	for _, end := range append([]string{""}, beside...) {
		if _, err := os.Lstat(kept + end); err == nil {
			return true
		}
	}
	return false
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(filepath.Clean(from))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(filepath.Clean(to), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
