package store

import (
	"compress/gzip"
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// testdata/releases has a small database as each release wrote it by its own code, with a story of a hundred commands
// of every kind. Beside the databases of the migrations it holds what a release put into its rows, and not only its
// schema. make release-database NAME=… writes that of the version at hand; none is ever written anew.

var writeRelease = flag.String("write-release", "", "the name of a release, whose database is to be written")

const releases = "testdata/releases"

func TestTheDatabaseOfARelease(t *testing.T) {
	if *writeRelease == "" {
		t.Skip("make release-database")
	}
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "release.db")
	db, err := Open("file:"+path, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	story := rapid.Custom(func(rt *rapid.T) page.State { return tellStory(t, db, rt) }).Example(1)
	if story.Seq < 50 {
		t.Fatalf("the story has %d events", story.Seq)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if _, err := db.write.ExecContext(ctx, `VACUUM INTO ?`, copied); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(copied) // #nosec G304 -- made above
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(releases, 0o750); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(releases, *writeRelease+".db.gz"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	w, _ := gzip.NewWriterLevel(f, gzip.BestCompression)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// tellStory writes a story into a database and gives the page that it ends with.
func tellStory(t *testing.T, db *DB, rt *rapid.T) page.State {
	ctx := context.Background()
	author := &pagetest.Author{Space: 1}
	birth := author.Birth()
	org := db.Org(birth.Org.ID)
	if err := org.Append(ctx, page.State{}, []page.Event{birth}, nil); err != nil {
		t.Fatal(err)
	}
	s, at := page.Evolve(page.State{}, &birth), pagetest.Start
	for range 100 {
		at = author.Later(rt, at)
		events, no := page.Decide(s, author.Command(rt, s, at), at)
		if no != nil || len(events) == 0 {
			continue
		}
		if err := org.Append(ctx, s, events, nil); err != nil {
			t.Fatal(err)
		}
		for i := range events {
			s = page.Evolve(s, &events[i])
		}
	}
	return s
}

func TestTheDatabaseOfEveryReleaseIsOpenedUpgradedAndWrittenTo(t *testing.T) {
	packed, err := filepath.Glob(filepath.Join(releases, "*.db.gz"))
	if err != nil || len(packed) == 0 {
		t.Fatalf("%d databases, %v", len(packed), err)
	}
	for _, file := range packed {
		t.Run(filepath.Base(file), func(t *testing.T) {
			db := openOld(t, file)
			ctx := t.Context()
			if err := db.Migrate(ctx); err != nil {
				t.Fatal(err)
			}
			var id string
			if err := db.row(ctx, `SELECT id FROM organizations`, nil, &id); err != nil {
				t.Fatal(err)
			}
			org := db.Org(id)
			s := readAsLogged(t, org)
			c := &page.CreateService{ID: "0190a0a0-0000-7000-8000-0000000000ff", Name: "Of today"}
			events, no := page.Decide(s, c, s.At+wire.Hour)
			if no != nil {
				t.Fatal(no)
			}
			if err := org.Append(ctx, s, events, nil); err != nil {
				t.Fatal(err)
			}
			if after := readAsLogged(t, org); after.Seq != s.Seq+1 || len(after.Services) != len(s.Services)+1 {
				t.Errorf("after a write there are %d services at %d", len(after.Services), after.Seq)
			}
		})
	}
}

// readAsLogged reads the page, and holds it to what its log makes of it.
func readAsLogged(t *testing.T, org *Org) page.State {
	t.Helper()
	events, err := org.EventsSince(t.Context(), 0, 10_000)
	if err != nil || len(events) < 50 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	var want page.State
	for i := range events {
		want = page.Evolve(want, &events[i])
	}
	s, err := org.State(t.Context(), want.At)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Services {
		want.Services[i].Days = status.Trimmed(want.Services[i].Days, want.At)
	}
	if diff := cmp.Diff(want, s, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("the page of the log (-) and of the tables (+):\n%s", diff)
	}
	return s
}
