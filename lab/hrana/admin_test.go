package hrana

import (
	"net/http"
	"strings"
	"testing"
)

// By the source of libsql-server 0.24.33: connection_core.rs sets PRAGMA synchronous for each stream that is opened,
// query_analysis.rs lets it be asked and not be set, and http/admin/mod.rs takes these bodies.
func TestTheDurabilityIsSetByTheAdminAPIAloneAndSeenByEveryStream(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Config{DBPath: dir, AdminListenAddr: "127.0.0.1:0"})
	sees := func(want int64) {
		t.Helper()
		if n := number(t, dial(t, s.URL()), `SELECT synchronous FROM pragma_synchronous`); n != want {
			t.Errorf("synchronous is %d, not %d", n, want)
		}
		if n := number(t, dial(t, s.URL()), `PRAGMA synchronous`); n != want {
			t.Errorf("synchronous is %d, not %d", n, want)
		}
	}
	sees(1)
	for mode, want := range map[string]int64{"off": 0, "relaxed": 1, "strong": 2, "extra": 3} {
		configured(t, s, mode)
		sees(want)
	}
	if _, err := dial(t, s.URL()).Exec(`PRAGMA synchronous=FULL`); err == nil ||
		!strings.Contains(err.Error(), "SQL string could not be parsed") {
		t.Errorf("a client sets it: %v", err)
	}
	configured(t, s, "strong")
	for _, body := range []string{`{`, `{}`, `{"block_reads":false,"block_writes":false,"durability_mode":"full"}`,
		`{"durability_mode":"relaxed"}`} {
		res, err := http.Post(s.AdminURL()+"/v1/namespaces/default/config", "application/json", strings.NewReader(body))
		if err != nil || res.StatusCode < 400 {
			t.Errorf("%s: %v, %v", body, res, err)
		}
	}
	res, err := http.Post(s.AdminURL()+"/v1/namespaces/default/config", "application/json",
		strings.NewReader(`{"block_reads":false,"block_writes":false}`))
	if err != nil || res.StatusCode != http.StatusOK || s.Durability() != "strong" {
		t.Errorf("%v, %v, it is %s", res, err, s.Durability())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = start(t, Config{DBPath: dir, AdminListenAddr: "127.0.0.1:0"})
	sees(1)
}
