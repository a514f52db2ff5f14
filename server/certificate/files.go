package certificate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/google/uuid"

	"statuspage/server/auth"
	"statuspage/server/store"
)

const (
	// lockFor is for how long a lock is kept without being renewed: whoever dies holds the others up for no longer.
	lockFor = 2 * time.Minute
	// lockAgain is how often a lock that somebody else has is tried.
	lockAgain = time.Second
	// sealedUse binds what is sealed to this use and to its key: a value does not open under another key.
	sealedUse = "certificate "
)

// files is certmagic.Storage on the database.
type files struct {
	db     *store.DB
	sealer auth.Sealer
	settle time.Duration
	now    func() time.Time
	held   sync.Map // who holds a lock here, by its name
}

var _ certmagic.Storage = (*files)(nil)

// Store writes a value. A challenge waits until every region has it.
func (f *files) Store(ctx context.Context, key string, value []byte) error {
	err := f.db.PutCertificateFile(ctx, store.CertificateFile{Key: key,
		Sealed: f.sealer.Seal(sealedUse+key, string(value)),
		Bytes:  int64(len(value)), ModifiedAt: f.now()})
	if err != nil || f.settle == 0 || !strings.Contains(key, "/challenge_tokens/") {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(f.settle):
		return nil
	}
}

// Load reads a value; fs.ErrNotExist.
func (f *files) Load(ctx context.Context, key string) ([]byte, error) {
	kept, err := f.file(ctx, key)
	if err != nil {
		return nil, err
	}
	value, err := f.sealer.Open(sealedUse+key, kept.Sealed)
	if err != nil {
		return nil, fmt.Errorf("%s was sealed with another SECRETS_KEY: %w", key, err)
	}
	return []byte(value), nil
}

func (f *files) file(ctx context.Context, key string) (store.CertificateFile, error) {
	kept, err := f.db.CertificateFile(ctx, key)
	if errors.Is(err, store.ErrNone) {
		err = fs.ErrNotExist
	}
	return kept, err
}

// Delete removes a key, or a folder with all that is in it.
func (f *files) Delete(ctx context.Context, key string) error {
	return f.db.DeleteCertificateFiles(ctx, key)
}

// Exists says whether a key or a folder is there, and could be read.
func (f *files) Exists(ctx context.Context, key string) bool {
	if _, err := f.file(ctx, key); err == nil {
		return true
	}
	within, err := f.db.CertificateFiles(ctx, key+"/")
	return err == nil && len(within) > 0
}

// List are the keys of a folder, and with recursive those of the folders in it.
func (f *files) List(ctx context.Context, folder string, recursive bool) ([]string, error) {
	folder = strings.TrimSuffix(folder, "/") + "/"
	if folder == "/" {
		folder = ""
	}
	within, err := f.db.CertificateFiles(ctx, folder)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, x := range within {
		key := x.Key
		if rest, _, deeper := strings.Cut(strings.TrimPrefix(key, folder), "/"); deeper && !recursive {
			key = folder + rest
		}
		if len(keys) == 0 || keys[len(keys)-1] != key {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fs.ErrNotExist
	}
	return keys, nil
}

// Stat tells of a key or a folder; fs.ErrNotExist.
func (f *files) Stat(ctx context.Context, key string) (certmagic.KeyInfo, error) {
	kept, err := f.file(ctx, key)
	if errors.Is(err, fs.ErrNotExist) && f.Exists(ctx, key) {
		return certmagic.KeyInfo{Key: key}, nil
	}
	return certmagic.KeyInfo{Key: key, Modified: kept.ModifiedAt, Size: kept.Bytes, IsTerminal: true}, err
}

// Lock waits until nobody else has the lock of that name.
func (f *files) Lock(ctx context.Context, name string) error {
	holder := uuid.NewString()
	for {
		has, err := f.db.LockCertificate(ctx, name, holder, f.now(), f.now().Add(lockFor))
		if err != nil {
			return err
		}
		if has {
			f.held.Store(name, holder)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockAgain):
		}
	}
}

// Unlock lets it go.
func (f *files) Unlock(ctx context.Context, name string) error {
	holder, held := f.held.LoadAndDelete(name)
	if !held {
		return fs.ErrNotExist
	}
	return f.db.UnlockCertificate(ctx, name, holder.(string))
}

// RenewLockLease keeps a lock for longer, while it is worked under.
func (f *files) RenewLockLease(ctx context.Context, name string, lease time.Duration) error {
	holder, held := f.held.Load(name)
	if !held {
		return fs.ErrNotExist
	}
	has, err := f.db.LockCertificate(ctx, name, holder.(string), f.now(), f.now().Add(max(lease, lockFor)))
	if err == nil && !has {
		err = fmt.Errorf("another process has the lock %s", name)
	}
	return err
}
