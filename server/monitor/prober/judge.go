package prober

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"statuspage/server/monitor/document"
	"statuspage/shared/status"
)

// judge holds a monitor's conditions against what was found. Of http a success is wanted where nothing is said of the
// status.
func judge(m *status.Monitor, f *found) error {
	said := false
	for i := range m.Conditions {
		c := &m.Conditions[i]
		kind, _ := c.Subject()
		said = said || kind == "status"
		if err := hold(c, f); err != nil {
			return err
		}
	}
	if m.Kind == status.HTTPMonitor && !said && (f.status < 200 || f.status > 299) {
		return fmt.Errorf("it answered %d", f.status)
	}
	return nil
}

// InTime says whether the conditions on time hold of an answer that took so many milliseconds, and its timeout.
func InTime(m *status.Monitor, ms int64) bool {
	f := found{took: time.Duration(ms) * time.Millisecond}
	for i := range m.Conditions {
		if kind, _ := m.Conditions[i].Subject(); kind == "time" && hold(&m.Conditions[i], &f) != nil {
			return false
		}
	}
	return ms <= m.Timeout
}

// hold is nil when a condition holds.
func hold(c *status.Condition, f *found) error {
	kind, rest := c.Subject()
	values, there := f.values(kind, rest)
	op, want := c.Operator(), c.Text()
	ok := false
	switch op {
	case "exists":
		ok = there
	case "absent":
		ok = !there
	case "ne", "not_contains", "not_matches":
		ok = true
		for _, v := range values {
			ok = ok && compare(op, v, want)
		}
	default:
		for _, v := range values {
			ok = ok || compare(op, v, want)
		}
	}
	if ok {
		return nil
	}
	is := "nothing"
	if len(values) > 0 && kind != "body" {
		is = strings.Join(values, ", ")
	}
	switch kind {
	case "body":
		return fmt.Errorf("the body fails %s %s", op, want)
	case "status":
		return fmt.Errorf("it answered %s, wanted: status %s %s", is, op, want)
	}
	return fmt.Errorf("%s is %s, wanted: %s %s", c.On, is, op, want)
}

// values are what a condition looks at.
func (f *found) values(kind, rest string) (list []string, there bool) {
	switch kind {
	case "status":
		return []string{strconv.Itoa(f.status)}, f.status != 0
	case "time":
		return []string{strconv.FormatInt(f.took.Milliseconds(), 10)}, true
	case "body":
		return []string{string(f.body)}, len(f.body) > 0
	case "header":
		list = f.header.Values(rest)
		return list, len(list) > 0
	case "certificate":
		if f.secure {
			return []string{strconv.Itoa(f.days)}, true
		}
	case "dns":
		return f.dns[rest], len(f.dns[rest]) > 0
	case "json":
		var doc any
		if json.Unmarshal(f.body, &doc) != nil {
			return nil, false
		}
		return at(doc, rest)
	}
	return nil, false
}

// at finds what stands at a JSON pointer (/a/0) or at a path ($.a[0].b) of a document.
func at(doc any, path string) ([]string, bool) {
	steps := document.Pointer(path)
	if !strings.HasPrefix(path, "/") {
		path = strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
		path = strings.NewReplacer("[", "\x00", "]", "", ".", "\x00", `"`, "", "'", "").Replace(path)
		steps = strings.Split(strings.TrimPrefix(path, "\x00"), "\x00")
	}
	doc, there := document.Find(doc, steps)
	if !there {
		return nil, false
	}
	if text, is := doc.(string); is {
		return []string{text}, true
	}
	text, err := json.Marshal(doc)
	return []string{string(text)}, err == nil
}

// compare holds one value against another; as numbers where both are.
func compare(op, have, want string) bool {
	switch op {
	case "contains":
		return strings.Contains(have, want)
	case "not_contains":
		return !strings.Contains(have, want)
	case "matches", "not_matches":
		re, err := regexp.Compile(want)
		return err == nil && re.MatchString(have) == (op == "matches")
	}
	a, errA := strconv.ParseFloat(strings.TrimSpace(have), 64)
	b, errB := strconv.ParseFloat(strings.TrimSpace(want), 64)
	numbers := errA == nil && errB == nil
	switch op {
	case "eq":
		return have == want || numbers && a == b
	case "ne":
		return have != want && (!numbers || a != b)
	case "lt":
		return numbers && a < b
	case "le":
		return numbers && a <= b
	case "gt":
		return numbers && a > b
	case "ge":
		return numbers && a >= b
	}
	return false
}
