package fault_test

import (
	"testing"

	"statuspage/shared/fault"
)

// CONTRACT 3.
func TestEveryCodeHasTheStatusOfTheContract(t *testing.T) {
	for code, want := range map[fault.Code]int{
		"invalid": 422, "malformed": 400, "unauthenticated": 401, "forbidden": 403, "not_found": 404,
		"method_not_allowed": 405, "conflict": 409,
		"precondition_failed": 412, "too_large": 413, "rate_limited": 429, "unavailable": 503, "internal": 500,
		"something new": 500,
	} {
		if got := code.Status(); got != want {
			t.Errorf("%s is %d, want %d", code, got, want)
		}
	}
}

func TestTextTakesItsArgumentsInOrder(t *testing.T) {
	for _, c := range []struct {
		sentence string
		args     []string
		want     string
	}{
		{"Nothing to fill in, 100%s sure.", nil, "Nothing to fill in, 100%s sure."},
		{"From %s to %s.", []string{"a", "b"}, "From a to b."},
		{"From %s to %s.", []string{"%s", "b"}, "From %s to b."},
		{"From %s to %s.", []string{"a"}, "From a to %s."},
		{"100% of %s", []string{"it"}, "100% of it"},
		{"%s%", []string{"5"}, "5%"},
	} {
		if got := fault.Text(c.sentence, c.args...); got != c.want {
			t.Errorf("%q with %q is %q, want %q", c.sentence, c.args, got, c.want)
		}
	}
}

func TestAFaultCarriesItsFields(t *testing.T) {
	err := fault.OnField("title", "%s must not be empty.", "title").With("body", "Too long.")
	if err.Code != fault.Invalid || err.Message != "title must not be empty." ||
		err.Error() != "invalid: title must not be empty." {
		t.Errorf("%+v", err)
	}
	if len(err.Fields) != 2 || err.Fields[0] != (fault.Field{Name: "title", Message: "title must not be empty."}) ||
		err.Fields[1].Name != "body" {
		t.Errorf("%+v", err.Fields)
	}
}
