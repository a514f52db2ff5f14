package storetest

import (
	"testing"

	"statuspage/server/store"
)

// durability: every database can be asked, while it writes, too. A file is always durable; another is what its operator
// made it.
func durability(t *testing.T, db *store.DB) {
	begin(t, db, "durable", 1000)
	is, err := db.Durability(ctx)
	if err != nil || is != store.Strong && is != store.Relaxed {
		t.Errorf("it is %q: %v", is, err)
	}
	if db.Beside("x") != "" && is != store.Strong {
		t.Errorf("a file is %q", is)
	}
}
