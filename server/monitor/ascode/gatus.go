package ascode

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// gatus reads a configuration of Gatus.
type gatus struct{ remarks []Remark }

func (g *gatus) say(line int, format string, args ...any) {
	g.remarks = append(g.remarks, Remark{line, fmt.Sprintf(format, args...)})
}

// endpoint is an entry of `endpoints`.
type endpoint struct {
	Name       string            `yaml:"name"`
	Group      string            `yaml:"group"`
	URL        string            `yaml:"url"`
	Enabled    *bool             `yaml:"enabled"`
	Method     string            `yaml:"method"`
	Body       string            `yaml:"body"`
	Headers    map[string]string `yaml:"headers"`
	Interval   time.Duration     `yaml:"interval"`
	Conditions []yaml.Node       `yaml:"conditions"`
	DNS        *struct {
		Name string `yaml:"query-name"`
		Type string `yaml:"query-type"`
	} `yaml:"dns"`
	GraphQL   bool                 `yaml:"graphql"`
	Client    map[string]yaml.Node `yaml:"client"`
	Heartbeat struct {
		Interval time.Duration `yaml:"interval"`
	} `yaml:"heartbeat"`
}

// understood are the members of an endpoint that are read.
var understood = map[string]bool{"name": true, "group": true, "url": true, "enabled": true, "method": true,
	"body": true, "graphql": true, "headers": true, "interval": true, "conditions": true, "dns": true, "client": true,
	"heartbeat": true}

// schemes are those of Gatus's addresses, and what watches them here.
var schemes = map[string]string{"http": "http", "https": "http", "tcp": "tcp", "tls": "tls", "icmp": "icmp",
	"grpc": "grpc", "grpcs": "grpc"}

func (g *gatus) read(node *yaml.Node) (e endpoint, w Wanted, ok bool) {
	if err := node.Decode(&e); err != nil || e.Name == "" {
		g.say(node.Line, "this endpoint cannot be read: a name is needed, and durations such as 30s")
		return e, w, false
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if key := node.Content[i]; !understood[key.Value] && key.Tag != "!!merge" {
			g.say(key.Line, "%s of %q is left out", key.Value, e.Name)
		}
	}
	w = Wanted{Name: e.Name, Line: node.Line, Members: map[string]any{}}
	if e.Group != "" {
		w.Name = e.Group + " / " + e.Name
	}
	w.Members["name"] = w.Name
	w.Members["paused"] = e.Enabled != nil && !*e.Enabled
	return e, w, true
}

func (g *gatus) interval(w *Wanted, d, usual time.Duration) {
	if d == 0 {
		d = usual
	}
	if d < 10*time.Second {
		g.say(w.Line, "%q is looked at every 10 s, not every %v", w.Name, d)
		d = 10 * time.Second
	}
	w.Members["interval_s"] = int64(d / time.Second)
}

func (g *gatus) endpoint(list []Wanted, node *yaml.Node) []Wanted {
	e, w, ok := g.read(node)
	if !ok {
		return list
	}
	scheme, rest, _ := strings.Cut(e.URL, "://")
	kind := schemes[scheme]
	if e.DNS != nil {
		kind = "dns"
	}
	m := w.Members
	switch kind {
	case "":
		g.say(w.Line, "%q is left out: nothing here watches %s", w.Name, e.URL)
		return list
	case "http":
		m["target"] = e.URL
		if e.Method != "" {
			m["method"] = e.Method
		}
		if e.GraphQL {
			query, _ := json.Marshal(map[string]string{"query": e.Body}) // texts can be written
			e.Body = string(query)
			if e.Headers == nil {
				e.Headers = map[string]string{"Content-Type": "application/json"}
			}
		}
		if e.Body != "" {
			m["body"] = e.Body
		}
		if len(e.Headers) > 0 {
			m["headers"] = e.Headers
		}
	case "dns":
		m["target"] = strings.TrimSuffix(e.DNS.Name, ".")
		g.say(w.Line, "%q asks this machine's resolver, not %s", w.Name, e.URL)
	default:
		m["target"] = strings.TrimSuffix(rest, "/")
	}
	m["kind"] = kind
	g.interval(&w, e.Interval, time.Minute)
	g.client(&w, e.Client)
	conditions := []any{}
	for i := range e.Conditions {
		on, op, value, said := condition(e.Conditions[i].Value, e.DNS != nil)
		looked := kind == "http" || kind == "dns" || on != "body" && !strings.HasPrefix(on, "json:")
		switch {
		case kind == "grpc" && on == "json:/status" && op == "eq" && value == "SERVING": // it must be so here anyway
		case said == "" && !looked:
			g.say(e.Conditions[i].Line, "%s is left out: of %s no body is looked at", e.Conditions[i].Value, kind)
		case said != "":
			g.say(e.Conditions[i].Line, "%s is left out: %s", e.Conditions[i].Value, said)
		case on != "":
			if e.DNS != nil {
				on = "dns:" + strings.ToLower(e.DNS.Type)
			}
			c := map[string]any{"on": on, "op": op}
			if value != nil {
				c["value"] = value
			}
			conditions = append(conditions, c)
		}
	}
	m["conditions"] = conditions
	return append(list, w)
}

// client reads how Gatus asks: of that only its timeout is known here.
func (g *gatus) client(w *Wanted, members map[string]yaml.Node) {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		node := members[name]
		var d time.Duration
		if name == "timeout" && node.Decode(&d) == nil && d > 0 {
			w.Members["timeout_ms"] = d.Milliseconds()
		} else {
			g.say(node.Line, "client.%s of %q is left out", name, w.Name)
		}
	}
}

func (g *gatus) external(list []Wanted, node *yaml.Node) []Wanted {
	e, w, ok := g.read(node)
	if !ok {
		return list
	}
	w.Members["kind"] = "heartbeat"
	g.interval(&w, e.Heartbeat.Interval, time.Hour)
	g.say(w.Line, "%q calls another address: heartbeat_url of the monitor", w.Name)
	return append(list, w)
}

var (
	comparison = regexp.MustCompile(`^\s*(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*$`)
	call       = regexp.MustCompile(`^(\w+)\((.*)\)$`)
	ops        = map[string]string{"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
	subscript  = regexp.MustCompile(`\[(\d+)\]`)
)

// condition is one of Gatus's in words of ours; on is "" for one that holds anyway, said why there is none.
func condition(text string, dns bool) (on, op string, value any, said string) {
	parts := comparison.FindStringSubmatch(text)
	if parts == nil {
		return "", "", nil, "it is no comparison"
	}
	left, op, right := parts[1], ops[parts[2]], parts[3]
	exists := false
	if f := call.FindStringSubmatch(left); f != nil {
		if f[1] != "has" || right != "true" && right != "false" || op != "eq" {
			return "", "", nil, f[1] + "() is not known"
		}
		left, exists, op = f[2], true, map[string]string{"true": "exists", "false": "absent"}[right]
	}
	path, body := strings.CutPrefix(left, "[BODY]")
	switch {
	case left == "[CONNECTED]" && right == "true" && op == "eq", left == "[DNS_RCODE]" && right == "NOERROR" &&
		op == "eq":
		return "", "", nil, "" // it must be so here anyway
	case left == "[STATUS]":
		on = "status"
	case left == "[RESPONSE_TIME]":
		on = "time"
		if d, err := time.ParseDuration(right); err == nil {
			right = strconv.FormatInt(d.Milliseconds(), 10)
		}
	case left == "[CERTIFICATE_EXPIRATION]":
		d, err := time.ParseDuration(right)
		if err != nil {
			return "", "", nil, "its time cannot be read"
		}
		return "certificate", op, int64(d.Hours() / 24), ""
	case body && path == "":
		on = "body"
	case body:
		on = "json:" + strings.ReplaceAll(subscript.ReplaceAllString(path, ".$1"), ".", "/")
	default:
		return "", "", nil, left + " is not known"
	}
	if exists {
		return on, op, nil, ""
	}
	return compared(on, op, right, dns)
}

// compared is a condition with its value.
func compared(on, op, right string, dns bool) (string, string, any, string) {
	if f := call.FindStringSubmatch(right); f != nil {
		expression := ""
		switch f[1] {
		case "pat":
			expression = strings.ReplaceAll(regexp.QuoteMeta(f[2]), `\*`, ".*")
		case "any":
			var words []string
			for word := range strings.SplitSeq(f[2], ",") {
				words = append(words, regexp.QuoteMeta(strings.TrimSpace(word)))
			}
			expression = "(" + strings.Join(words, "|") + ")"
		default:
			return "", "", nil, f[1] + "() is not known"
		}
		how := map[string]string{"eq": "matches", "ne": "not_matches"}[op]
		if how == "" {
			return "", "", nil, "a pattern is only equal or not"
		}
		return on, how, "(?s)^" + expression + "$", "" // Gatus's * is for lines, too
	}
	if dns && op == "eq" {
		op = "contains"
	}
	if n, err := strconv.ParseInt(right, 10, 64); err == nil {
		return on, op, n, ""
	}
	return on, op, strings.Trim(right, `"`), ""
}
