package serve

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// FuzzHeadersTime looks for a header that takes long to read: of 16 KB, more than a request's headers may have
// together.
func FuzzHeadersTime(f *testing.F) {
	f.Add("a;q=0.1,", "br")
	f.Add(`W/"a",`, `"`)
	f.Add(",", ";")
	f.Add("*;;;=", "q=")
	cpu := func(t *testing.T) time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if a == "" || len(a)+len(b) > 200 {
			return
		}
		text, best := strings.Repeat(a, (16<<10)/len(a))+b, time.Hour
		for range 3 {
			begun := cpu(t)
			quality(text, "br")
			Knows(text, `"a"`)
			best = min(best, cpu(t)-begun)
		}
		if best > 100*time.Millisecond {
			t.Errorf("%v", best)
		}
	})
}
