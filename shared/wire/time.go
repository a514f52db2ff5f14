package wire

// Time is a moment in milliseconds since 1970-01-01T00:00:00Z. It is what time.Time would be, without its download.
type Time int64

// Units of Time.
const (
	Second Time = 1000
	Minute      = 60 * Second
	Hour        = 60 * Minute
	Day         = 24 * Hour
)

// lastMoment is the end of the year 9999: what is later has no RFC 3339 form and could not be read again.
const lastMoment = 2932897*Day - 1

// Valid says that t lies in the years 1970 to 9999.
func (t Time) Valid() bool { return t >= 0 && t <= lastMoment }

// String is RFC 3339 in UTC; milliseconds are written when there are any.
func (t Time) String() string {
	days, ms := int64(t)/int64(Day), int64(t)%int64(Day)
	if ms < 0 {
		days, ms = days-1, ms+int64(Day)
	}
	y, m, d := civil(days)
	out := make([]byte, 0, 24)
	out = pad(out, y, 4)
	out = append(out, '-')
	out = pad(out, m, 2)
	out = append(out, '-')
	out = pad(out, d, 2)
	out = append(out, 'T')
	out = pad(out, ms/3600000, 2)
	out = append(out, ':')
	out = pad(out, ms/60000%60, 2)
	out = append(out, ':')
	out = pad(out, ms/1000%60, 2)
	if frac := ms % 1000; frac != 0 {
		out = append(out, '.')
		out = pad(out, frac, 3)
	}
	return string(append(out, 'Z'))
}

// DayNumber counts whole UTC days since 1970-01-01.
func (t Time) DayNumber() int64 {
	if t < 0 {
		return (int64(t)+1)/int64(Day) - 1
	}
	return int64(t) / int64(Day)
}

// Date is the UTC day as YYYY-MM-DD.
func Date(dayNumber int64) string { return Time(dayNumber * int64(Day)).String()[:10] }

// ParseDate is the first moment of a UTC day that is written as 2026-01-31.
func ParseDate(s string) (Time, bool) {
	if len(s) != len("2026-01-31") {
		return 0, false
	}
	return ParseTime(s + "T00:00:00Z")
}

func pad(out []byte, n int64, width int) []byte {
	s := Itoa(n)
	for i := len(s); i < width; i++ {
		out = append(out, '0')
	}
	return append(out, s...)
}

// civil turns days since the epoch into a proleptic Gregorian date (Howard Hinnant, "chrono-Compatible Low-Level Date
// Algorithms").
func civil(z int64) (y, m, d int64) {
	z += 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	if m > 12 {
		m -= 12
	}
	y = yoe + era*400
	if m <= 2 {
		y++
	}
	return y, m, d
}

func daysFromCivil(y, m, d int64) int64 {
	if m <= 2 {
		y--
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - era*400
	shift := int64(9)
	if m > 2 {
		shift = -3
	}
	doy := (153*(m+shift)+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// ParseTime reads RFC 3339 of the years 1970 to 9999; digits beyond the millisecond are cut.
func ParseTime(s string) (Time, bool) {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != 't') || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	var n [6]int64
	for i, span := range [6][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		v, ok := digits(s[span[0]:span[1]])
		if !ok {
			return 0, false
		}
		n[i] = v
	}
	if n[0] < 1970 || n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > daysIn(n[0], n[1]) || n[3] > 23 || n[4] > 59 ||
		n[5] > 59 {
		return 0, false
	}
	t := Time(daysFromCivil(n[0], n[1], n[2]))*Day + Time(n[3])*Hour + Time(n[4])*Minute + Time(n[5])*Second
	rest := s[19:]
	if rest[0] == '.' {
		end := 1
		for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
			if end <= 3 {
				t += Time(rest[end]-'0') * [...]Time{100, 10, 1}[end-1]
			}
			end++
		}
		if end == 1 {
			return 0, false
		}
		rest = rest[end:]
	}
	offset, ok := zone(rest)
	return t - offset, ok && (t - offset).Valid()
}

func zone(s string) (Time, bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) != 6 || s[3] != ':' || (s[0] != '+' && s[0] != '-') {
		return 0, false
	}
	h, ok1 := digits(s[1:3])
	m, ok2 := digits(s[4:6])
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return 0, false
	}
	offset := Time(h)*Hour + Time(m)*Minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

func daysIn(y, m int64) int64 {
	next, year := m+1, y
	if m == 12 {
		next, year = 1, y+1
	}
	return daysFromCivil(year, next, 1) - daysFromCivil(y, m, 1)
}

func digits(s string) (int64, bool) {
	var n int64
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

// Itoa is strconv.Itoa for int64.
func Itoa(n int64) string {
	if n == 0 {
		return "0"
	}
	var b [20]byte
	i, neg := len(b), n < 0
	for n != 0 {
		d := n % 10
		if d < 0 {
			d = -d
		}
		i--
		b[i] = byte('0' + d)
		n /= 10
	}
	if neg {
		i--
		b[i] = '-'
	}
	return string(b[i:])
}

// Atoi reads a decimal integer that fits 63 bits, with an optional minus.
func Atoi(s string) (int64, bool) {
	neg := len(s) > 0 && s[0] == '-'
	if neg {
		s = s[1:]
	}
	if s == "" || len(s) > 18 {
		return 0, false
	}
	n, ok := digits(s)
	if neg {
		n = -n
	}
	return n, ok
}
