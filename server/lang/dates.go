package lang

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	spanText  = `(?:\d+ (?:day|hour|minute)s?)(?: \d+ (?:hour|minute)s?)?|less than a minute`
	stateText = `Operational|Degraded Performance|Partial Outage|Major Outage|Under Maintenance`
	monthText = `(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*`
	dateText  = `\d{1,2} ` + monthText + ` \d{4}`
)

var (
	aSpan    = regexp.MustCompile(`^(?:` + spanText + `)$`)
	aDate    = regexp.MustCompile(`^(` + dateText + `)(, \d\d:\d\d.*)?$`)
	aMonth   = regexp.MustCompile(`^(` + monthText + `) (\d{4})$`)
	aDay     = regexp.MustCompile(`^(` + dateText + `): (.+)$`)
	aPart    = regexp.MustCompile(`(\d+) (day|hour|minute)s?`)
	aClock   = regexp.MustCompile(`^\d\d:\d\d( [A-Z0-9+:-]+)?$`)
	happened = regexp.MustCompile(`^(?:(?:` + stateText + `) (?:` + spanText + `)(?:, |$))+$`)
	aState   = regexp.MustCompile(`(` + stateText + `) (less than a minute|\d[^,]*)`)
	aDecimal = regexp.MustCompile(`^\d+\.\d+$`)
	aPercent = regexp.MustCompile(`^(\d+(?:\.\d+)?)%$`)
)

// points are the languages that write decimals with a point, as CLDR has it.
var points = []string{English, "ar", "he", "ja", "ko", "zh-Hans"}

var months = []string{"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December"}

// measure writes dates, spans and numbers.
func (l In) measure(text string) (string, bool) {
	switch {
	case aSpan.MatchString(text):
		return l.span(text), true
	case aDecimal.MatchString(text):
		return l.Decimal(text), true
	case aPercent.MatchString(text):
		return l.percent(text[:len(text)-1]), true
	case happened.MatchString(text):
		return l.happened(text), true
	}
	if m := aDate.FindStringSubmatch(text); m != nil {
		return l.dateOf(m[1]) + m[2], true
	}
	if m := aMonth.FindStringSubmatch(text); m != nil {
		return l.monthOf(monthIndex(m[1]), m[2]), true
	}
	if m := aDay.FindStringSubmatch(text); m != nil { // what happened on a day
		what := strings.Split(m[2], ", ")
		for i := range what {
			var ok bool
			if what[i], ok = l.words(what[i]); !ok {
				return "", false
			}
		}
		return l.dateOf(m[1]) + ": " + strings.Join(what, ", "), true
	}
	return "", false
}

// Decimal writes a number that has a point as the language does.
func (l In) Decimal(text string) string {
	if slices.Contains(points, string(l)) {
		return text
	}
	return strings.Replace(text, ".", ",", 1)
}

// percent writes a number with the sign for percent where the language's words for uptime have it.
func (l In) percent(number string) string {
	number = l.Decimal(number)
	switch form := l.Say("{x}% uptime"); {
	case strings.Contains(form, "%{x}"):
		return "%" + number
	case strings.Contains(form, "{x}\u00a0%"):
		return number + "\u00a0%"
	}
	return number + "%"
}

// happened writes "Partial Outage 34 minutes, Degraded Performance 2 hours".
func (l In) happened(text string) string {
	return aState.ReplaceAllStringFunc(text, func(one string) string {
		m := aState.FindStringSubmatch(one)
		return l.Say(m[1]) + " " + l.span(m[2])
	})
}

// span writes "2 hours 3 minutes" in the short units of a language.
func (l In) span(text string) string {
	if text == "less than a minute" {
		return l.Say(text)
	}
	return aPart.ReplaceAllStringFunc(text, func(part string) string {
		m := aPart.FindStringSubmatch(part)
		n, _ := strconv.ParseInt(m[1], 10, 64) // digits, as the pattern says
		return l.Lasting(n, m[2])
	})
}

// Lasting is so many of a unit: day, hour or minute.
func (l In) Lasting(n int64, unit string) string {
	if l == English {
		return l.Count(n, "{n} "+unit+"s")
	}
	return strings.ReplaceAll(l.Count(n, "{n} "+unit+"s"), " ", "\u00a0")
}

func monthIndex(name string) int {
	return slices.IndexFunc(months, func(m string) bool { return strings.HasPrefix(m, name[:3]) })
}

func (l In) dateOf(text string) string {
	parts := strings.Fields(text)
	day, _ := strconv.Atoi(parts[0]) // digits, as the pattern says
	year, _ := strconv.Atoi(parts[2])
	return l.Date(time.Date(year, time.Month(monthIndex(parts[1])+1), day, 0, 0, 0, 0, time.UTC))
}

// Date writes a day, "1 December 2026".
func (l In) Date(t time.Time) string {
	if l == English {
		return t.Format("2 January 2006")
	}
	return l.Say("{d} {m} {y}", "d", strconv.Itoa(t.Day()), "m", l.Say(months[t.Month()-1]), "y",
		strconv.Itoa(t.Year()))
}

// Moment writes a date with its time of day, "1 December 2026, 14:03".
func (l In) Moment(t time.Time) string { return l.Date(t) + ", " + t.Format("15:04") }

// Month writes a month by itself, "December 2026".
func (l In) Month(t time.Time) string { return l.monthOf(int(t.Month())-1, strconv.Itoa(t.Year())) }

// monthOf takes the form of a month's name that stands without a day.
func (l In) monthOf(month int, year string) string {
	if l == English {
		return months[month] + " " + year
	}
	name := l.Say(months[month])
	if alone := strings.Split(l.Say("January, February, …"), ", "); len(alone) == len(months) {
		name = alone[month]
	}
	return l.Say("{m} {y}", "m", name, "y", year)
}
