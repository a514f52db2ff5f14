package limit

import (
	"strconv"
	"time"
)

// Header calls set for each header that tells a client of its limit, after draft-ietf-httpapi-ratelimit-headers:
// RateLimit-Policy and RateLimit, whose policy bears the given name, and Retry-After with a refusal.
func (r Result) Header(policy string, set func(name, value string)) {
	name := quoted(policy)
	set("RateLimit-Policy", name+";q="+strconv.Itoa(r.Rate.Quota)+";w="+whole(r.Rate.Window))
	set("RateLimit", name+";r="+strconv.Itoa(r.Remaining)+";t="+whole(r.Reset))
	if !r.Allowed {
		set("Retry-After", strconv.Itoa(r.Seconds()))
	}
}

// Append writes the value of RateLimit for a policy.
func (r Result) Append(to []byte, policy string) []byte {
	to = append(to, '"')
	to = append(to, policy...)
	to = append(to, `";r=`...)
	to = strconv.AppendInt(to, int64(r.Remaining), 10)
	to = append(to, ";t="...)
	return strconv.AppendInt(to, int64(seconds(r.Reset)), 10)
}

// Seconds is RetryAfter in whole seconds, at least 1, for Retry-After and fault.Error.
func (r Result) Seconds() int {
	return max(1, seconds(r.RetryAfter))
}

// whole rounds up, so that nobody is told to come back too early.
func whole(d time.Duration) string { return strconv.Itoa(seconds(d)) }

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// quoted writes a string of structured fields (RFC 9651): printable ASCII in quotes.
func quoted(s string) string {
	b := []byte{'"'}
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7e {
			continue
		}
		if c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return string(append(b, '"'))
}
