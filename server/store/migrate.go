package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"statuspage/migrations"
	"statuspage/server/clock"
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
	b.Add(`INSERT INTO meta (key, value) VALUES ('push_key', ?) ON CONFLICT DO NOTHING`, newPushKey())
	if err := db.Do(ctx, &b); err != nil {
		return err
	}
	return db.moveAudit(ctx)
}

// up migrates on a connection of its own: goose keeps one while it waits for the lease, which the writer must take.
func (db *DB) up(ctx context.Context) (done []*goose.MigrationResult, err error) {
	own := db.write
	if !db.remote {
		own = sql.OpenDB(db.file.writer())
		defer func() { err = errors.Join(err, own.Close()) }()
	}
	provider, err := gooseOn(own, goose.WithLocker(newLease(db)))
	if err != nil {
		return nil, err
	}
	return provider.Up(ctx)
}

// Migrated says whether the schema is this program's: whether every migration of it was applied.
func (db *DB) Migrated(ctx context.Context) (bool, error) {
	wanted, err := db.wanted()
	if err != nil {
		return false, err
	}
	applied := map[int64]bool{}
	if err := db.rows(ctx, `SELECT DISTINCT version_id FROM goose_db_version WHERE is_applied = 1`, nil,
		func(rows *sql.Rows) error {
			var version int64
			err := rows.Scan(&version)
			applied[version] = true
			return err
		}); err != nil {
		return false, fmt.Errorf("read the schema's version: %w", err)
	}
	for _, version := range wanted {
		if !applied[version] {
			return false, nil
		}
	}
	return true, nil
}

// versions are the migrations that are built in: they are read once.
var versions struct {
	sync.Mutex
	all []int64
}

func (db *DB) wanted() ([]int64, error) {
	versions.Lock()
	defer versions.Unlock()
	if versions.all == nil {
		provider, err := gooseOn(db.read)
		if err != nil {
			return nil, err
		}
		for _, source := range provider.ListSources() {
			versions.all = append(versions.all, source.Version)
		}
	}
	return versions.all, nil
}

// gooseOn also applies a migration whose number is lower than one that was applied: numbers are given out in ranges,
// and no migration needs another of the same release.
func gooseOn(db *sql.DB, options ...goose.ProviderOption) (*goose.Provider, error) {
	options = append(options, goose.WithSlog(slog.New(slog.DiscardHandler)), goose.WithAllowOutofOrder(true))
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
	b.Add(`INSERT INTO meta (key, value) VALUES ('epoch', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
		uuid.NewString())
	return db.Do(ctx, &b)
}

// Beat writes the primary's clock, by which other regions know how old their copy is.
func (db *DB) Beat(ctx context.Context, at time.Time) error {
	var b Batch
	b.Add(`INSERT INTO heartbeat (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at`,
		at.UnixMilli())
	return db.Do(ctx, &b)
}

// BeatMark is Beat with what the next process should know of this one's clock.
func (db *DB) BeatMark(ctx context.Context, m clock.Mark) error {
	var b Batch
	b.Add(`INSERT INTO heartbeat (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at`,
		m.At.UnixMilli())
	b.Add(`INSERT INTO meta (key, value) VALUES ('clock', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
		fmt.Sprintf("%d %d %d %s", m.At.UnixMilli(), m.Since.Milliseconds(), m.Well.Milliseconds(), m.Boot))
	return db.Do(ctx, &b)
}

// LastMark is what the process before this one knew of its clock; the zero Mark when there was none.
func (db *DB) LastMark(ctx context.Context) (m clock.Mark, err error) {
	var text string
	if err := db.row(ctx, `SELECT value FROM meta WHERE key = 'clock'`, nil, &text); err != nil {
		if errors.Is(err, ErrNone) {
			err = nil
		}
		return m, err
	}
	var at, since, well int64
	if _, err := fmt.Sscanf(text, "%d %d %d", &at, &since, &well); err != nil {
		return m, nil //nolint:nilerr // whoever wrote that is no process before this one
	}
	_, m.Boot, _ = strings.Cut(text, " ")
	_, m.Boot, _ = strings.Cut(m.Boot, " ")
	_, m.Boot, _ = strings.Cut(m.Boot, " ")
	m.At, m.Since, m.Well = time.UnixMilli(at), time.Duration(since)*time.Millisecond,
		time.Duration(well)*time.Millisecond
	return m, nil
}

// Time is what the clock of a remote database's machine says; ok is false for a file, which has none of its own.
func (db *DB) Time(ctx context.Context) (at time.Time, ok bool, err error) {
	if !db.remote {
		return at, false, nil
	}
	var ms int64
	err = db.row(Unasked(ctx), `SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)`, nil, &ms)
	return time.UnixMilli(ms), err == nil, err
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
