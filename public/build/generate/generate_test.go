package main

import "testing"

// What was generated is what would be generated now.
func TestWhatIsGeneratedFollowsFromTheRulesAsTheyAre(t *testing.T) {
	for _, f := range files {
		now, made, err := f.both("../../..")
		if err != nil {
			t.Fatal(err)
		}
		if string(now) != string(made) {
			t.Errorf("%s is not what the rules say: go generate ./shared/...", f.path)
		}
	}
}
