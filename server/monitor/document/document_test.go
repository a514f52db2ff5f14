package document_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"statuspage/server/monitor/document"
)

// TestAPointerFindsWhatRFC6901Says, and nothing where there is nothing.
func TestAPointerFindsWhatRFC6901Says(t *testing.T) {
	var doc any
	text := `{"foo":["bar","baz"],"":0,"a/b":1,"m~n":8,"~1":9,"deep":{"list":[{"x":"y"}]}}`
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]string{"/foo/0": "bar", "/": "0", "/a~1b": "1", "/m~0n": "8", "/~01": "9",
		"/deep/list/0/x": "y",
		"/foo/2":         "", "/foo/-1": "", "/foo/x": "", "/foo/0/0": "", "/none": ""} {
		got, there := document.Find(doc, document.Pointer(pointer))
		if there != (want != "") || there && fmt.Sprint(got) != want {
			t.Errorf("%s: %v, %v", pointer, got, there)
		}
	}
	if whole, there := document.Find(doc, document.Pointer("")); !there || fmt.Sprint(whole) != fmt.Sprint(doc) {
		t.Error("\"\" is not the whole")
	}
}
