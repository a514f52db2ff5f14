package store

import (
	"context"
	"database/sql"
	"time"
)

// CertificateFile is a value that TLS=acme keeps under a key such as acme/host/sites/name/name.crt, sealed.
type CertificateFile struct {
	Key, Sealed string
	Bytes       int64 // before it was sealed
	ModifiedAt  time.Time
}

// PutCertificateFile writes a value, over an older one of the key.
func (db *DB) PutCertificateFile(ctx context.Context, f CertificateFile) error {
	var b Batch
	b.Add(`INSERT INTO certificate_files (key, sealed, bytes, modified_at) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed, bytes = excluded.bytes, modified_at = excluded.modified_at`,
		f.Key, f.Sealed, f.Bytes, f.ModifiedAt.UnixMilli())
	return db.Do(ctx, &b)
}

// CertificateFile is the value of a key; ErrNone.
func (db *DB) CertificateFile(ctx context.Context, key string) (CertificateFile, error) {
	f := CertificateFile{Key: key}
	var at int64
	err := db.row(ctx, `SELECT sealed, bytes, modified_at FROM certificate_files WHERE key = ?`, []any{key}, &f.Sealed,
		&f.Bytes,
		&at)
	f.ModifiedAt = time.UnixMilli(at)
	return f, err
}

// CertificateFiles are the keys of a folder, which ends in a slash or is "", by key and without their values.
func (db *DB) CertificateFiles(ctx context.Context, folder string) ([]CertificateFile, error) {
	const query = `SELECT key, bytes, modified_at FROM certificate_files WHERE substr(key, 1, length(?)) = ? ORDER BY
  key`
	return list(ctx, db, query, []any{folder, folder}, func(r *sql.Rows, f *CertificateFile) error {
		var at int64
		err := r.Scan(&f.Key, &f.Bytes, &at)
		f.ModifiedAt = time.UnixMilli(at)
		return err
	})
}

// DeleteCertificateFiles removes a key, or all keys of the folder of that name.
func (db *DB) DeleteCertificateFiles(ctx context.Context, key string) error {
	var b Batch
	b.Add(`DELETE FROM certificate_files WHERE key = ? OR substr(key, 1, length(?) + 1) = ? || '/'`, key, key, key)
	return db.Do(ctx, &b)
}

// LockCertificate takes a lock, or keeps it, until a moment, and says whether the holder has it.
func (db *DB) LockCertificate(ctx context.Context, name, holder string, now, until time.Time) (bool, error) {
	var b Batch
	b.Add(`INSERT INTO certificate_locks (name, holder, until) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE holder = excluded.holder OR until < ?`, name, holder, until.UnixMilli(), now.UnixMilli())
	if err := db.Do(ctx, &b); err != nil {
		return false, err
	}
	var has string
	err := db.row(ctx, `SELECT holder FROM certificate_locks WHERE name = ?`, []any{name}, &has)
	return has == holder, err
}

// UnlockCertificate lets a lock go.
func (db *DB) UnlockCertificate(ctx context.Context, name, holder string) error {
	var b Batch
	b.Add(`DELETE FROM certificate_locks WHERE name = ? AND holder = ?`, name, holder)
	return db.Do(ctx, &b)
}

// ServedHosts are the host names of pages, which were proved to be their organisations'.
func (db *DB) ServedHosts(ctx context.Context) ([]string, error) {
	return list(ctx, db, `SELECT hostname FROM organizations WHERE hostname IS NOT NULL ORDER BY hostname`, nil,
		func(r *sql.Rows, name *string) error { return r.Scan(name) })
}
