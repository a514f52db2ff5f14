package notify

import (
	"strings"
	"testing"

	"statuspage/server/store"
	"statuspage/shared/status"
)

// Who chose services that are gone before he confirms is not promised the whole page.
func TestAQuestionWhoseServicesAreGonePromisesNothing(t *testing.T) {
	k := &kept{notice: &Notice{Kind: Confirm, Services: []status.Ref{{ID: "gone", Name: "Old words"}}},
		about: &store.Today{}}
	n, err := k.today(&store.Job{}, store.Standing{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := write(n, acme, reader(store.Email), "")
	facts := ""
	for _, f := range l.Facts {
		facts += f.Name + ": " + f.Value + "\n"
	}
	if !strings.Contains(facts, "nothing, as the services that were chosen are not on the page") ||
		strings.Contains(facts, "everything") || strings.Contains(facts, "Old words") {
		t.Error(facts)
	}
	k.notice.Services = nil
	if n, err = k.today(&store.Job{}, store.Standing{}, 0); err != nil || n.Gone {
		t.Error(n, err)
	}
}
