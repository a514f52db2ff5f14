package store_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"statuspage/server/store"
)

// filled makes a database with a name in it, closed, and answers with its file.
func filled(t *testing.T, address, name string) {
	t.Helper()
	db, err := store.Open(address, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	var b store.Batch
	b.Add(`INSERT INTO meta (key, value) VALUES ('name', ?)`, name)
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// nameOf reads the name of a database that nobody uses.
func nameOf(t *testing.T, address string) string {
	t.Helper()
	db, err := store.Open(address, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Dump(context.Background(), "meta")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if _, name, found := strings.Cut(row, "key='name' value='"); found {
			return strings.TrimSuffix(name, "'")
		}
	}
	return ""
}

func write(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatIsNoBackupIsRefusedBeforeAnythingIsTouched(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	filled(t, "file:"+filepath.Join(dir, "good.db"), "good")
	good, err := os.ReadFile(filepath.Join(dir, "good.db"))
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.db")
	db, err := sql.Open("sqlite3", "file:"+other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE meta (key TEXT, value TEXT); CREATE TABLE events (id INTEGER); CREATE TABLE organizations (id TEXT);
CREATE TABLE goose_db_version (version_id INTEGER, is_applied INTEGER)`); err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	packed, err := os.Create(filepath.Join(dir, "good.db.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(packed)
	_, _ = z.Write(good)
	_, _ = z.Close(), packed.Close()
	damaged := append([]byte{}, good...)
	for i := len(damaged) / 3; i < len(damaged)/3+20_000; i++ {
		damaged[i] ^= 0x5a
	}
	newer := filepath.Join(dir, "newer.db")
	write(t, newer, good)
	if db, err = sql.Open("sqlite3", "file:"+newer); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	for _, c := range []struct{ name, from, says string }{
		{"missing", filepath.Join(dir, "missing.db"), "is not there"},
		{"empty", write(t, filepath.Join(dir, "empty.db"), nil), "is empty"},
		{"a folder", dir, "no regular file"},
		{"text", write(t, filepath.Join(dir, "dump.sql"), []byte("CREATE TABLE events (id INTEGER);")),
			"no SQLite database"},
		{"of another program", other, "another program"},
		{"gzipped", packed.Name(), "gzip"},
		{"cut in the middle", write(t, filepath.Join(dir, "half.db"), good[:len(good)/2]), "cut off"},
		{"cut by a page", write(t, filepath.Join(dir, "page.db"), good[:len(good)-4096]), "cut off"},
		{"cut in its head", write(t, filepath.Join(dir, "head.db"), good[:60]), "cut off"},
		{"damaged", write(t, filepath.Join(dir, "damaged.db"), damaged), "damaged"},
		{"of a newer version", newer, "newer version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := t.TempDir()
			target := filepath.Join(home, "status.db")
			for _, there := range []bool{false, true} {
				if there {
					filled(t, "file:"+target, "mine")
				}
				err := store.Restore(ctx, "file:"+target, c.from, true)
				if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
					t.Errorf("it says %v, not %q in one line", err, c.says)
				}
				for _, f := range names(t, home) {
					if f != "status.db.lock" && !(there && f == "status.db") {
						t.Errorf("it left %s", f)
					}
				}
				if there && nameOf(t, "file:"+target) != "mine" {
					t.Error("the database is not what it was")
				}
			}
		})
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, f := range found {
		out = append(out, f.Name())
	}
	return out
}

func TestWhatARestoreSetAsideIsKeptByTheNext(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	target := filepath.Join(dir, "status.db")
	filled(t, "file:"+target, "first")
	for _, name := range []string{"second", "third", "fourth"} {
		copied := filepath.Join(t.TempDir(), name)
		filled(t, "file:"+copied, name)
		if err := store.Restore(ctx, "file:"+target, copied, true); err != nil {
			t.Fatal(err)
		}
		write(t, target+".restoring", []byte("the remains of one that was killed"))
		write(t, target+".restoring-wal", []byte("the remains of one that was killed"))
	}
	for file, name := range map[string]string{target: "fourth", target + ".replaced": "first",
		target + ".replaced.2": "second", target + ".replaced.3": "third"} {
		if got := nameOf(t, "file:"+file); got != name {
			t.Errorf("%s is %q, not %q", filepath.Base(file), got, name)
		}
	}
	if err := store.Restore(ctx, "file:"+target, target, true); err == nil {
		t.Error("a database was restored from itself")
	}
}

func TestACopyIsReadWithItsLog(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	live := filepath.Join(dir, "live.db")
	filled(t, "file:"+live, "in the file")
	db, err := store.Open("file:"+live, "")
	if err != nil {
		t.Fatal(err)
	}
	var b store.Batch
	b.Add(`UPDATE meta SET value = 'in the log' WHERE key = 'name'`)
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "copied.db")
	for _, end := range []string{"", "-wal"} { // as they lie there when the power is cut
		body, err := os.ReadFile(live + end)
		if err != nil {
			t.Fatal(err)
		}
		write(t, copied+end, body)
	}
	_ = db.Close()
	if err := store.Restore(ctx, "file:"+filepath.Join(dir, "status.db"), copied, false); err != nil {
		t.Fatal(err)
	}
	if got := nameOf(t, "file:"+filepath.Join(dir, "status.db")); got != "in the log" {
		t.Errorf("restored was what stood %q", got)
	}
}

func TestADatabaseInUseIsNotReplacedAndTwoMayUseIt(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	target, copied := "file:"+filepath.Join(dir, "status.db"), filepath.Join(dir, "copy.db")
	filled(t, target, "mine")
	if err := store.Backup(ctx, target, copied); err != nil {
		t.Fatal(err)
	}
	one, err := store.Open(target, "")
	if err != nil {
		t.Fatal(err)
	}
	two, err := store.Open(target, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, db := range []*store.DB{one, two} {
		if err := store.Restore(ctx, target, copied, true); err == nil || !strings.Contains(err.Error(), "in use") {
			t.Errorf("it was replaced under a server: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Restore(ctx, target, copied, true); err != nil {
		t.Errorf("a server that has gone still holds it: %v", err)
	}
}

// childHolds names a database that a process of its own has open, and how: as this version does, or as one that had no
// lock.
const childHolds = "STATUSPAGE_TEST_HOLDS"

func TestIAmAProcessThatHoldsADatabase(t *testing.T) {
	how, path, found := strings.Cut(os.Getenv(childHolds), " ")
	if !found {
		t.Skip("another test starts this one in a process of its own")
	}
	if how == "lock" {
		if _, err := store.Open("file:"+path, ""); err != nil {
			t.Fatal(err)
		}
	} else {
		db, err := sql.Open("sqlite3", "file:"+path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(context.Background(), `SELECT count(*) FROM meta`); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println("holding")
	time.Sleep(2 * time.Minute) // should nobody kill it
}

func TestTheLockOfAServerDiesWithItsProcess(t *testing.T) {
	ctx := context.Background()
	for _, how := range []string{"lock", "none"} {
		dir := t.TempDir()
		target, copied := filepath.Join(dir, "status.db"), filepath.Join(dir, "copy.db")
		filled(t, "file:"+target, "mine")
		if err := store.Backup(ctx, "file:"+target, copied); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestIAmAProcessThatHoldsADatabase$", "-test.v")
		cmd.Env = append(os.Environ(), childHolds+"="+how+" "+target)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "holding") {
			continue
		}
		if err := store.Restore(ctx, "file:"+target, copied, true); err == nil ||
			!strings.Contains(err.Error(), "in use") {
			t.Errorf("%s: it was replaced under another process: %v", how, err)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if err := store.Restore(ctx, "file:"+target, copied, true); err != nil {
			t.Errorf("%s: a process that was killed still holds it: %v", how, err)
		}
	}
}

func TestABackupIsCheckedAndNeverOfNothing(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	missing := filepath.Join(dir, "none", "status.db")
	if err := store.Backup(ctx, "file:"+missing, filepath.Join(dir, "a.db")); err == nil {
		t.Error("a database that is not there was copied")
	}
	if found := names(t, dir); len(found) > 0 {
		t.Errorf("it left %v", found)
	}
	live := filepath.Join(dir, "status.db")
	filled(t, "file:"+live, "mine")
	body, err := os.ReadFile(live)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(body) / 3; i < len(body)/3+20_000; i++ {
		body[i] ^= 0x5a
	}
	write(t, live, body)
	if err := store.Backup(ctx, "file:"+live, filepath.Join(dir, "b.db")); err == nil {
		t.Error("a damaged database was copied without a word")
	}
	for _, f := range names(t, dir) {
		if strings.HasPrefix(f, "b.db") {
			t.Errorf("it left %s", f)
		}
	}
}

func TestAnAddressIsTheSameFileForEverybodyOrNone(t *testing.T) {
	ctx := context.Background()
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	defer func() { _ = os.Chdir(home) }()
	for _, c := range []struct{ address, file string }{
		{"file:plain.db", "plain.db"},
		{"file:./dot.db", "dot.db"},
		{"file:new/folder/status.db", "new/folder/status.db"},
		{"file:with space.db", "with space.db"},
		{"file:a#b.db", "a#b.db"},
		{"file:100%.db", "100%.db"},
		{"file:a%20b.db", "a%20b.db"},
		{"file:%41%3f.db", "%41%3f.db"},
		{"file:ü&=+;.db", "ü&=+;.db"},
		{"file:" + dir + "/abs#olute %25.db", "abs#olute %25.db"},
		{"file://" + dir + "/slashes.db", "slashes.db"},
		{"file://localhost" + dir + "/local.db", "local.db"},
		{"file:///" + dir + "/two.db", "two.db"},
		{"file:a?b.db", ""},
		{"file:a.db?mode=ro", ""},
		{"file::memory:", ""},
		{"file::memory:?cache=shared", ""},
		{"file:", ""},
		{"file:folder/", ""},
		{"file:.", ""},
		{"file://elsewhere/status.db", ""},
		{"file:a\x00b.db", ""},
	} {
		t.Run(c.address, func(t *testing.T) {
			if c.file == "" {
				_, open := store.Open(c.address, "")
				for what, err := range map[string]error{"serve": open,
					"backup":  store.Backup(ctx, c.address, filepath.Join(t.TempDir(), "x")),
					"restore": store.Restore(ctx, c.address, filepath.Join(dir, "plain.db"), true)} {
					if err == nil || !strings.Contains(err.Error(), "DATABASE_URL") ||
						strings.Contains(err.Error(), "\n") {
						t.Errorf("%s: %v", what, err)
					}
				}
				return
			}
			filled(t, c.address, c.address)
			if _, err := os.Stat(filepath.Join(dir, c.file)); err != nil {
				t.Fatal(err, names(t, dir))
			}
			copied := filepath.Join(t.TempDir(), "copy #%20.db")
			if err := store.Backup(ctx, c.address, copied); err != nil {
				t.Fatal(err)
			}
			if err := store.Restore(ctx, c.address, copied, true); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(dir, c.file+".replaced")); err != nil {
				t.Error(err)
			}
			if got := nameOf(t, c.address); got != c.address {
				t.Errorf("restored was %q", got)
			}
		})
	}
	filled(t, "file:older b.db", "what an older version wrote under file:older%20b.db")
	if _, err := store.Open("file:older%20b.db", ""); err == nil || !strings.Contains(err.Error(), "older b.db") {
		t.Errorf("an empty database took its place: %v", err)
	}
}
