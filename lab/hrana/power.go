package hrana

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A power cut takes back what SQLite has written and nobody has synced: the end of the WAL. The layout of both files is
// in
// https://sqlite.org/fileformat2.html#walformat and https://sqlite.org/walformat.html#walidxfmt.
const (
	walHead   = 32
	frameHead = 24
	saltAt    = 16 // in the WAL; of a frame it is at 8
	shmSaltAt = 32 // in the index, as in the WAL
	shmLastAt = 16 // the last frame that was committed
	backfill  = 96 // frames that a checkpoint has copied
	attempted = 128
)

// PowerCut takes up to so many of the newest commits of a killed server's database away, and answers how many are gone.
// What was synced stays: by a checkpoint, before the server's last start, or since durability_mode was strong. dbPath
// is the server's --db-path, of the stand-in or of sqld.
//
// Files are replaced, never changed: another process may still read the old ones.
func PowerCut(dbPath string, commits int) (lost int, err error) {
	path := dataFile(dbPath)
	lost, err = cutAside(path, commits)
	if err != nil || lost == 0 {
		return 0, err
	}
	return lost, putBack(path)
}

// LosePower is PowerCut of a running server, which ends. Start it again on the same folder.
func (s *Server) LosePower(commits int) (lost int, err error) {
	path := s.database.path
	if err := s.database.writer.acquire(); err != nil {
		return 0, err
	}
	lost, err = cutAside(path, commits)
	s.Kill() // closing folds the WAL, so the copies were made before
	if err != nil || lost == 0 {
		return 0, err
	}
	return lost, putBack(path)
}

func dataFile(dbPath string) string { return filepath.Join(dbPath, "dbs", "default", "data") }

// aside is the ending of the copies that take the place of the files.
const aside = ".cut"

// cutAside copies the database without its newest commits; nothing is copied when there are none to lose.
func cutAside(path string, commits int) (lost int, err error) {
	wal, err := os.ReadFile(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	ends := commitEnds(wal)
	floor, err := syncedFrames(path, wal)
	if err != nil {
		return 0, err
	}
	for lost < min(commits, len(ends)) && ends[len(ends)-1-lost] > floor {
		lost++
	}
	if lost == 0 {
		return 0, nil
	}
	keep := 0
	if left := ends[:len(ends)-lost]; len(left) > 0 {
		keep = left[len(left)-1]
	}
	if err := copyTo(path+aside, path); err != nil {
		return 0, err
	}
	return lost, os.WriteFile(path+"-wal"+aside, wal[:walHead+keep*frameSize(wal)], 0o644)
}

// putBack lets the copies take the place of the files.
func putBack(path string) error {
	err := os.Remove(path + "-shm") // it is in memory, and made anew of the WAL
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(os.Rename(path+aside, path), os.Rename(path+"-wal"+aside, path+"-wal"))
}

func frameSize(wal []byte) int { return frameHead + int(binary.BigEndian.Uint32(wal[8:])) }

// commitEnds is how many frames the WAL has at the end of each commit.
func commitEnds(wal []byte) (ends []int) {
	if len(wal) < walHead {
		return nil
	}
	size := frameSize(wal)
	for n := 1; walHead+n*size <= len(wal); n++ {
		frame := wal[walHead+(n-1)*size:]
		if !bytes.Equal(frame[8:16], wal[saltAt:saltAt+8]) {
			break // of an earlier round
		}
		if binary.BigEndian.Uint32(frame[4:]) != 0 {
			ends = append(ends, n)
		}
	}
	return ends
}

// syncedFrames is how many frames cannot be lost: those that a checkpoint has begun to copy (it syncs the WAL first),
// those that were found at the start, and those that were committed while the durability was strong.
func syncedFrames(path string, wal []byte) (int, error) {
	shm, err := os.ReadFile(path + "-shm")
	if err != nil {
		return 0, err
	}
	if len(shm) < attempted+4 || len(wal) < walHead || !bytes.Equal(shm[shmSaltAt:shmSaltAt+8], wal[saltAt:saltAt+8]) {
		return len(wal), nil // it is of an earlier round: all of it is in the database
	}
	n := max(binary.NativeEndian.Uint32(shm[backfill:]), binary.NativeEndian.Uint32(shm[attempted:]))
	mark, err := os.ReadFile(path + synced)
	if err == nil && len(mark) == 12 && bytes.Equal(mark[:8], wal[saltAt:saltAt+8]) {
		n = max(n, binary.NativeEndian.Uint32(mark[8:]))
	}
	return int(n), nil
}

// synced is the ending of the file that says how much of the WAL was synced by a strong durability.
const synced = "-synced"

// sync notes that everything which is committed is on the disk.
func (d *database) sync() error {
	shm, err := os.Open(d.path + "-shm")
	if err != nil {
		return err
	}
	defer shm.Close()
	head := make([]byte, shmSaltAt+8)
	if _, err := io.ReadFull(shm, head); err != nil {
		return err
	}
	return os.WriteFile(d.path+synced, append(head[shmSaltAt:], head[shmLastAt:shmLastAt+4]...), 0o644)
}

func copyTo(to, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}
