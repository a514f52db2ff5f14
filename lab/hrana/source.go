package hrana

import "github.com/mattn/go-sqlite3"

// source is a file opened for copying; flags are the driver's, so that the primary's own file is only read.
type source struct {
	flags   string
	path    string
	conn    *sqlite3.SQLiteConn
	version int64
	taken   bool // a copy of this version was made
}

// changed says whether the file at path holds something that was not copied yet.
func (s *source) changed(path string) (bool, error) {
	if s.conn == nil || s.path != path {
		s.close()
		conn, err := openFile(path, s.flags)
		if err != nil {
			return false, err
		}
		s.path, s.conn = path, conn
	}
	version, err := dataVersion(s.conn)
	if err != nil {
		s.close()
		return false, err
	}
	fresh := !s.taken || version != s.version
	s.version, s.taken = version, false
	return fresh, nil
}

// copyTo copies at least the version that changed looked at.
func (s *source) copyTo(to *sqlite3.SQLiteConn) error {
	if err := copyFile(to, s.conn); err != nil {
		s.close()
		return err
	}
	s.taken = true
	return nil
}

// same notes that there was nothing new.
func (s *source) same() { s.taken = true }

func (s *source) close() {
	if s.conn != nil {
		s.conn.Close()
	}
	*s = source{flags: s.flags}
}
