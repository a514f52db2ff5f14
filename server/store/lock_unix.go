//go:build unix && !solaris && !aix

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockWait is for how long an opened database waits for a restore of it to end.
const lockWait = 5 * time.Second

// errUsed says that a process has the database open.
var errUsed = errors.New("the database is in use: stop the server first")

// fileLock says that a process uses a database file. It is an flock on a file beside the database: it ends with the
// process, however that ends, and holds between containers that share the volume. Those who use the database share it;
// a restore wants it alone. SQLite's own locks are on the database itself, where opening and closing it once more in
// the same process would drop them.
type fileLock struct{ file *os.File }

// lockFile takes the lock of a database, shared or alone.
func lockFile(path string, alone bool) (*fileLock, error) {
	// Readable by everybody: root restores, and the server's own user must be able to lock it afterwards.
	f, err := os.OpenFile(filepath.Clean(path+".lock"), os.O_RDONLY|os.O_CREATE, 0o644) // #nosec G302 -- it is empty
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	if alone {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	} else {
		err = share(f)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errUsed
		if !alone {
			err = errors.New("the database is being restored; start again when that is done")
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &fileLock{f}, nil
}

// share waits a little: a restore may be at its end.
func share(f *os.File) error {
	for until := time.Now().Add(lockWait); ; time.Sleep(50 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(until) {
			return err
		}
	}
}

// Close lets the lock go.
func (l *fileLock) Close() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

// sharedLock is SQLite's: every connection to a database in WAL mode holds a byte of it for as long as it is open.
const (
	sharedFirst = 0x40000000 + 2
	sharedSize  = 510
)

// openElsewhere asks whether another process has the file open with SQLite: an older version of this program, which had
// no lock of its own, or any other program. No process may have it open through this one's connections, whose locks
// this would drop.
func openElsewhere(path string) (bool, error) {
	f, err := os.Open(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Start: sharedFirst, Len: sharedSize}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil {
		return false, err
	}
	return lock.Type != syscall.F_UNLCK, nil
}

// giveTo makes a new file belong to whom the old one, or its folder, belongs: whoever restores is often root.
func giveTo(file, like string) {
	info, err := os.Stat(like)
	if err != nil {
		if info, err = os.Stat(filepath.Dir(like)); err != nil {
			return
		}
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = os.Chown(file, int(s.Uid), int(s.Gid)) // only root may; anybody else owns it already
	}
}
