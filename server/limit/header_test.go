package limit

import (
	"maps"
	"testing"
	"time"
)

func TestTheHeadersAreTheDrafts(t *testing.T) {
	minute := Rate{100, time.Minute}
	for _, c := range []struct {
		name, policy string
		result       Result
		want         map[string]string
	}{
		{"allowed", "default", Result{Allowed: true, Rate: minute, Remaining: 42, Reset: 30500 * time.Millisecond},
			map[string]string{"RateLimit-Policy": `"default";q=100;w=60`, "RateLimit": `"default";r=42;t=31`}},
		{"refused", "default", Result{Rate: minute, Reset: time.Minute, RetryAfter: 600 * time.Millisecond},
			map[string]string{"RateLimit-Policy": `"default";q=100;w=60`, "RateLimit": `"default";r=0;t=60`,
				"Retry-After": "1"}},
		{"a second", "public", Result{Allowed: true, Rate: PerSecond(50), Remaining: 49, Reset: 20 * time.Millisecond},
			map[string]string{"RateLimit-Policy": `"public";q=50;w=1`, "RateLimit": `"public";r=49;t=1`}},
		{"a name with quotes", `a"b\c` + "\r\n", Result{Allowed: true, Rate: PerSecond(1)},
			map[string]string{"RateLimit-Policy": `"a\"b\\c";q=1;w=1`, "RateLimit": `"a\"b\\c";r=0;t=0`}},
	} {
		got := map[string]string{}
		c.result.Header(c.policy, func(name, value string) { got[name] = value })
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
