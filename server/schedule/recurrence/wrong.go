package recurrence

import (
	"strings"

	"github.com/teambition/rrule-go"
)

// wrong says what RFC 5545 3.3.10 forbids in a rule and the library behind this package takes all the same; "" is
// nothing.
func wrong(text string, o *rrule.ROption) string {
	parts := map[string]bool{}
	for part := range strings.SplitSeq(text, ";") {
		name, _, _ := strings.Cut(part, "=")
		if parts[name] {
			return "rrule may name " + name + " once."
		}
		parts[name] = true
	}
	yearly, monthly := o.Freq == rrule.YEARLY, o.Freq == rrule.MONTHLY
	for _, rule := range []struct {
		broken   bool
		sentence string
	}{
		{parts["INTERVAL"] && o.Interval < 1, "INTERVAL in rrule must be 1 or more."},
		{parts["COUNT"] && o.Count < 1, "COUNT in rrule must be 1 or more."},
		{parts["COUNT"] && parts["UNTIL"], "rrule may name COUNT or UNTIL, not both."},
		{o.Wkst.N() != 0, "WKST in rrule must be a day such as MO."},
		{len(o.Bymonthday) > 0 && o.Freq == rrule.WEEKLY, "BYMONTHDAY in rrule does not go with FREQ=WEEKLY."},
		{len(o.Byyearday) > 0 && !yearly, "BYYEARDAY in rrule goes with FREQ=YEARLY only."},
		{len(o.Byweekno) > 0 && !yearly, "BYWEEKNO in rrule goes with FREQ=YEARLY only."},
		{len(o.Bysetpos) > 0 && len(o.Bymonth)+len(o.Bymonthday)+len(o.Byyearday)+len(o.Byweekno)+len(o.Byweekday) == 0,
			"BYSETPOS in rrule needs another part that begins with BY."},
	} {
		if rule.broken {
			return rule.sentence
		}
	}
	return wrongDay(text, o, yearly, monthly)
}

// wrongDay says what is wrong with BYDAY.
func wrongDay(text string, o *rrule.ROption, yearly, monthly bool) string {
	most := 53 // weeks of a year
	if monthly || len(o.Bymonth) > 0 {
		most = 5
	}
	for _, w := range o.Byweekday {
		switch n := w.N(); {
		case n == 0:
		case !yearly && !monthly, len(o.Byweekno) > 0:
			return "A number before a day in rrule, such as 2TU, goes with FREQ=MONTHLY, or FREQ=YEARLY without " +
				"BYWEEKNO."
		case n > most || n < -most:
			return "No month has more than five of a day, and no year more than 53: see BYDAY in rrule."
		}
	}
	_, list, _ := strings.Cut(text, "BYDAY=")
	list, _, _ = strings.Cut(list, ";")
	for day := range strings.SplitSeq(list, ",") {
		if n := strings.TrimRight(day, "MOTUWEHFRSA"); n != "" && strings.Trim(n, "+-0") == "" {
			return "A number before a day in rrule is 1 or more, or -1 or less."
		}
	}
	return ""
}
