package public_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"statuspage/server/auth"
	"statuspage/shared/page"
)

// keys are those of one object of a script.
func keys(t *testing.T, file, object string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("js/dashboard/" + file) // #nosec G304 -- our own source
	if err != nil {
		t.Fatal(err)
	}
	body := regexp.MustCompile(`(?s)const ` + object + ` = \{\n(.*?)\n\};`).FindSubmatch(text)
	if body == nil {
		t.Fatalf("%s: there is no %s", file, object)
	}
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  (\w+)[:(]`).FindAllSubmatch(body[1], -1) {
		found[string(m[1])] = true
	}
	return found
}

// What the server can say happened, the dashboard can say in words: no event and no command is told as another one.
func TestEveryEventAndEveryCommandHasWordsInTheDashboard(t *testing.T) {
	happened, did := keys(t, "commands.js", "happened"), keys(t, "commands.js", "commands")
	for _, event := range page.EventTypes() {
		if !happened[string(event)] {
			t.Errorf("commands.js, happened: %s", event)
		}
		delete(happened, string(event))
	}
	forms, told := keys(t, "views/queue.js", "forms"), keys(t, "command.js", "told")
	for _, kind := range page.Kinds() {
		if !did[kind] {
			t.Errorf("commands.js: %s", kind)
		}
		delete(did, kind)
		delete(forms, kind)
		delete(told, kind)
	}
	if len(happened)+len(did)+len(forms)+len(told) > 0 {
		t.Errorf("words and forms for what cannot happen: %v %v %v %v", happened, did, forms, told)
	}
}

func TestTheDashboardSaysTheRuleOfPasswordsAsTheServerDoes(t *testing.T) {
	words, err := os.ReadFile("js/dashboard/words.js")
	if err != nil || !strings.Contains(string(words), "export const passwordRule = t`"+auth.PasswordRule+"`;") {
		t.Errorf("words.js does not say %q (%v)", auth.PasswordRule, err)
	}
	for length, taken := range map[int]bool{9: false, 10: true} {
		if err := auth.CheckPassword(strings.Repeat("x", length)); (err == nil) != taken {
			t.Errorf("a password of %d characters: %v, and the rule is %q", length, err, auth.PasswordRule)
		}
	}
}
