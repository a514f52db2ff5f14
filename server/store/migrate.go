package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"statuspage/migrations"
)

var errBadConn = driver.ErrBadConn

// Migrate brings the schema up to this program's version; only the primary does.
func (db *DB) Migrate(ctx context.Context) error {
	done, err := db.up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, m := range done {
		slog.Info("migrated", "version", m.Source.Version, "took", m.Duration.Round(time.Millisecond).String())
	}
	var b Batch
	b.Add(`INSERT INTO meta (key, value) VALUES ('epoch', ?) ON CONFLICT DO NOTHING`, uuid.NewString())
	return db.Do(ctx, &b)
}

// up migrates on a connection of its own: goose keeps one while it waits for the lease, which the writer must take.
func (db *DB) up(ctx context.Context) (done []*goose.MigrationResult, err error) {
	own := db.write
	if !db.remote {
		if own, err = sql.Open("sqlite3", db.file); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, own.Close()) }()
	}
	provider, err := gooseOn(own, goose.WithLocker(newLease(db)))
	if err != nil {
		return nil, err
	}
	return provider.Up(ctx)
}

// Migrated says whether the schema is this program's.
func (db *DB) Migrated(ctx context.Context) (bool, error) {
	provider, err := gooseOn(db.read)
	if err != nil {
		return false, err
	}
	sources := provider.ListSources()
	var version int64
	err = db.row(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied = 1`, nil, &version)
	if err != nil {
		return false, fmt.Errorf("read the schema's version: %w", err)
	}
	return version >= sources[len(sources)-1].Version, nil
}

func gooseOn(db *sql.DB, options ...goose.ProviderOption) (*goose.Provider, error) {
	options = append(options, goose.WithSlog(slog.New(slog.DiscardHandler)))
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.FS, options...)
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return provider, nil
}

// Epoch names the log: another one means that the database was restored from an older copy.
func (db *DB) Epoch(ctx context.Context) (string, error) {
	var epoch string
	if err := db.row(ctx, `SELECT value FROM meta WHERE key = 'epoch'`, nil, &epoch); err != nil {
		return "", fmt.Errorf("read the epoch: %w", err)
	}
	return epoch, nil
}

// NewEpoch says that the log was replaced by another one.
func (db *DB) NewEpoch(ctx context.Context) error {
	var b Batch
	b.Add(`INSERT INTO meta (key, value) VALUES ('epoch', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, uuid.NewString())
	return db.Do(ctx, &b)
}

// Beat writes the primary's clock, by which other regions know how old their copy is.
func (db *DB) Beat(ctx context.Context, at time.Time) error {
	var b Batch
	b.Add(`INSERT INTO heartbeat (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at`, at.UnixMilli())
	return db.Do(ctx, &b)
}

// LastBeat is the newest heartbeat that has arrived here; the zero time when there is none.
func (db *DB) LastBeat(ctx context.Context) (time.Time, error) {
	var at int64
	err := db.row(ctx, `SELECT at FROM heartbeat WHERE id = 1`, nil, &at)
	if err == ErrNone {
		return time.Time{}, nil
	}
	return time.UnixMilli(at), err
}
