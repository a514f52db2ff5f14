package notify

import (
	"math/rand/v2"
	"time"
)

// pauses lie between the tries of a job: eight tries in about six hours.
var pauses = []time.Duration{
	10 * time.Second, time.Minute, 5 * time.Minute, 20 * time.Minute, time.Hour, 2 * time.Hour, 150 * time.Minute,
}

// pause is how long to wait after so many tries, a fifth more or less so that what failed together does not come back
// together; false when it was the last one.
func pause(tries int64) (time.Duration, bool) {
	if tries < 1 || tries > int64(len(pauses)) {
		return 0, false
	}
	d := pauses[tries-1]
	return d + time.Duration((rand.Float64()*0.4-0.2)*float64(d)), true // #nosec G404 -- nothing is secret about it
}

// morePause is how long, and moreTries how often, mail is tried again after the usual tries: in all for more than four
// days (RFC 5321
// 4.5.4.1), so that it outlives a mail server that takes nothing for so long.
const (
	morePause  = 4 * time.Hour
	moreTries  = 24
	keepTrying = 5 * 24 * time.Hour // then what is still due of mail is given up
)

// patientPause is pause for mail.
func patientPause(tries int64) (time.Duration, bool) {
	if d, more := pause(tries); more || tries < 1 {
		return d, more
	}
	return morePause, tries <= int64(len(pauses))+moreTries
}
