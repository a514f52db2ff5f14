package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"statuspage/lab/hrana"
	"statuspage/server/store"
	"statuspage/shared/fault"
)

// A replica whose primary goes while it loads everything anew answers nobody, and then denies that its namespace
// exists. Whoever asks is told to come again, at the latest after the store's deadline, and the same open store goes on
// as soon as the replica does.
func TestAReplicaWhosePrimaryGoesDuringItsResetIsUnavailableUntilItIsStartedAnew(t *testing.T) {
	primary, err := hrana.Start(hrana.Config{HTTPListenAddr: "127.0.0.1:0", GRPCListenAddr: "127.0.0.1:0",
		DBPath: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Kill)
	replica, err := hrana.Start(hrana.Config{HTTPListenAddr: "127.0.0.1:0", PrimaryGRPCURL: primary.GRPCURL(),
		DBPath: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(replica.Kill)
	home, err := store.Open(primary.URL(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = home.Close() })
	if err := home.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	far, err := store.Open(replica.URL(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	ask := func(limit time.Duration) error {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		_, err := far.AnyOrg(ctx)
		return err
	}
	for end := time.Now().Add(20 * time.Second); ask(5*time.Second) != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the replica never answers")
		}
	}
	for name, stuck := range map[string]struct{ locked, limit time.Duration }{
		"locked":                 {time.Hour, 200 * time.Millisecond},
		"no namespace by itself": {time.Nanosecond, 5 * time.Second},
	} {
		replica.Stick(stuck.locked)
		err := ask(stuck.limit)
		var told *fault.Error
		if !errors.As(err, &told) || told.Code != fault.Unavailable || told.RetryAfter == 0 {
			t.Errorf("%s: whoever asks is told %v", name, err)
		}
		replica.Stick(0)
		if err := ask(5 * time.Second); err != nil {
			t.Errorf("%s: after a new start: %v", name, err)
		}
	}
}
