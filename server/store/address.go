package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// filePath is the file that a file: address names: what stands behind "file:", as it stands. A space, %, # and every
// other character are themselves. Only ? is refused, since in an address it begins parameters, of which there are none.
func filePath(address string) (string, error) {
	path, ok := strings.CutPrefix(address, "file:")
	if !ok {
		return "", errRemote
	}
	// file:///var/… and file://localhost/var/…, as RFC 8089 writes them
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		host, _, _ := strings.Cut(rest, "/")
		if host != "" && host != "localhost" || rest == host {
			return "", fmt.Errorf("DATABASE_URL: %q names another host; write file: and the path", address)
		}
		path = strings.TrimPrefix(rest, host)
	}
	switch {
	case path == "":
		return "", errors.New("DATABASE_URL: file: names no file")
	case path == ":memory:":
		return "", errors.New("DATABASE_URL: a database in memory would be gone with the process; name a file")
	case strings.Contains(path, "?"):
		return "", fmt.Errorf("DATABASE_URL: %q: parameters after ? are not taken, and a file's name may have none",
			address)
	case strings.ContainsRune(path, 0):
		return "", errors.New("DATABASE_URL: the file's name has a NUL")
	case strings.HasSuffix(path, "/"):
		return "", fmt.Errorf("DATABASE_URL: %q names a folder; name a file", address)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("DATABASE_URL: %s is no regular file", path)
	}
	return path, misread(path)
}

// misread refuses a file that is not there, when versions up to 27 November read its address as another file that is:
// they took %20 for a space and dropped what follows #. Nobody shall find an empty database where his own was.
func misread(path string) error {
	older, _, _ := strings.Cut(path, "#")
	if plain, err := url.PathUnescape(older); err == nil {
		older = plain
	}
	if older == path || older == "" {
		return nil
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if info, err := os.Stat(older); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	return fmt.Errorf("DATABASE_URL: there is no file %q, and an older version would have used %q: write file:%s, or "+
		"rename it", path, older, older)
}

// source is the data source of a file for go-sqlite3, which takes a URI.
func source(path, parameters string) string {
	if filepath.IsAbs(path) {
		path = "/" + strings.TrimLeft(path, "/") // else //name would be a host
	} else {
		path = "./" + path
	}
	return "file:" + strings.NewReplacer("%", "%25", "#", "%23", "?", "%3f").Replace(filepath.ToSlash(path)) + "?" +
		parameters
}

// private lets nobody but its owner read a database: it holds keys and what people wrote to nobody. What SQLite puts
// beside a file may be read by whoever may read the file. One that belongs to somebody else is left as it is.
func private(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		return f.Close()
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(path + end); err == nil && info.Mode().Perm()&0o077 != 0 {
			if err := os.Chmod(path+end, 0o600); err != nil {
				slog.Debug("a database stays readable for others", "file", path+end, "error", err)
			}
		}
	}
	return nil // what keeps it from being made, SQLite says better
}

// There refuses the address of a file: database that is not there: for commands that only make sense of one that is.
func There(url string) error {
	if !strings.HasPrefix(url, "file:") {
		return nil
	}
	path, err := filePath(url)
	if err != nil {
		return err
	}
	if err := there(path); err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	return nil
}

// there says whether a file is, and is not empty.
func there(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is not there", path)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file", path)
	case info.Size() == 0:
		return fmt.Errorf("%s is empty", path)
	}
	return nil
}
