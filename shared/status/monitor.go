package status

import (
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// MonitorKind is what a monitor asks.
type MonitorKind string

const (
	HTTPMonitor      MonitorKind = "http"
	TCPMonitor       MonitorKind = "tcp"
	DNSMonitor       MonitorKind = "dns"
	TLSMonitor       MonitorKind = "tls"
	ICMPMonitor      MonitorKind = "icmp"
	GRPCMonitor      MonitorKind = "grpc"
	HeartbeatMonitor MonitorKind = "heartbeat" // a program that tells that it is alive
	PageMonitor      MonitorKind = "page"      // another status page, by its Statuspage v2 summary
)

// MonitorKinds lists them.
var MonitorKinds = []MonitorKind{HTTPMonitor, TCPMonitor, DNSMonitor, TLSMonitor, ICMPMonitor, GRPCMonitor,
	HeartbeatMonitor, PageMonitor}

// MonitorAction is what a monitor does when it finds its target down.
type MonitorAction string

const (
	ShowOnly MonitorAction = "show"    // nothing but show it
	Propose  MonitorAction = "propose" // a proposal to the team
	Act      MonitorAction = "act"     // open, update and resolve an incident
)

// MonitorActions lists them.
var MonitorActions = []MonitorAction{ShowOnly, Propose, Act}

// MonitorState is what is known of a target.
type MonitorState string

const (
	MonitorUp      MonitorState = "up"
	MonitorDown    MonitorState = "down"
	MonitorUnknown MonitorState = "unknown"
	MonitorPaused  MonitorState = "paused"
)

// MonitorStates lists them.
var MonitorStates = []MonitorState{MonitorUp, MonitorDown, MonitorUnknown, MonitorPaused}

// Limits of a monitor.
const (
	MaxConditions  = 20
	MaxMonitorRuns = 20 // failures or successes in a row
	MaxRegions     = 50
	MaxTarget      = 2000   // characters
	MaxRequestBody = 20_000 // characters
	MinInterval    = 10     // seconds
	MaxInterval    = 86_400 // seconds
	MinTimeout     = 100    // milliseconds
	MaxTimeout     = 60_000 // milliseconds
	MaxHoldOff     = 3_600  // seconds
	defInterval    = 60     // seconds
	defTimeout     = 10_000 // milliseconds
	defFailures    = 3
	defSuccesses   = 2
)

// Condition is what must hold of an answer. On names what is looked at: status, time, body, json:POINTER,
// header:NAME, certificate (days that are left), dns.
type Condition struct {
	On    string
	Op    string
	Value wire.JSON // a string or a number, as it was written
}

// Wire is {on, op, value}.
func (c *Condition) Wire(f *wire.Fields) {
	f.Str("on", &c.On)
	f.Str("op", &c.Op)
	f.JSON("value", &c.Value)
}

// ConditionOps lists what a condition may ask.
var ConditionOps = []string{"eq", "ne", "lt", "le", "gt", "ge", "contains", "not_contains", "matches", "not_matches",
	"exists", "absent"}

// opNames are other ways to write an operator.
var opNames = map[string]string{"==": "eq", "=": "eq", "equals": "eq", "is": "eq", "!=": "ne", "<": "lt", "<=": "le",
	"lte": "le", ">": "gt", ">=": "ge", "gte": "ge", "includes": "contains", "regex": "matches", "=~": "matches",
	"!~": "not_matches", "not contains": "not_contains"}

// Operator is the condition's operator in its own name; "" is none.
func (c *Condition) Operator() string {
	if other, is := opNames[c.Op]; is {
		return other
	}
	if contains(ConditionOps, c.Op) {
		return c.Op
	}
	return ""
}

// Subject divides what a condition looks at into its kind and the rest: "header:X-A" is header and X-A.
func (c *Condition) Subject() (kind, rest string) {
	for i := 0; i < len(c.On); i++ {
		if c.On[i] == ':' || c.On[i] == '.' || c.On[i] == '/' {
			kind, rest = c.On[:i], c.On[i+1:]
			if c.On[i] == '/' {
				rest = c.On[i:]
			}
			break
		}
	}
	if kind == "" {
		kind = c.On
	}
	if other, is := subjects[kind]; is {
		kind = other
	}
	if kind == "body" && rest != "" { // body.a.b is a JSON path
		kind = "json"
	}
	return kind, rest
}

// subjects are the names of what a condition may look at, and what each means.
var subjects = map[string]string{"status": "status", "status_code": "status", "time": "time", "ms": "time",
	"response_time": "time", "body": "body", "json": "json", "jsonpath": "json", "header": "header",
	"headers":     "header",
	"certificate": "certificate", "cert": "certificate", "dns": "dns"}

// Monitor watches a target from every region, or from some.
type Monitor struct {
	ID         string
	Name       string
	Kind       MonitorKind
	Target     string // of a heartbeat: its token
	Service    string // id; "" is none
	Interval   int64  // seconds
	Timeout    int64  // milliseconds
	Conditions []Condition
	Method     string
	Body       string
	Regions    []string // [] is all
	Failures   int64    // in a row, until it is down
	Successes  int64    // in a row, until it is up again
	Quorum     int64    // of regions; 0 is a majority
	Action     MonitorAction
	To         ServiceStatus
	Template   string // id; "" is none
	HoldOff    int64  // for so many seconds subscribers do not hear of an incident that it opened
	Shown      bool   // on the public page
	Paused     bool
	CreatedAt  Time
	UpdatedAt  Time
	Version    int64

	Quiet       bool     // its service is under maintenance: set by who decides, kept nowhere
	HeaderNames []string // what is sent; the values are written and never read
	Window      Window   // what was seen, and what follows
}

// NewMonitor has what is not said otherwise.
func NewMonitor() Monitor {
	return Monitor{Kind: HTTPMonitor, Interval: defInterval, Timeout: defTimeout, Method: "GET", Failures: defFailures,
		Successes: defSuccesses, Action: ShowOnly, To: Major}
}

// Wire is the `monitor` of CONTRACT 7.
func (m *Monitor) Wire(f *wire.Fields) {
	f.Str("id", &m.ID)
	f.Str("name", &m.Name)
	f.Str("kind", (*string)(&m.Kind))
	f.Str("target", &m.Target)
	NullStr(f, "service", &m.Service)
	m.WireSettings(f)
	f.Bool("shown", &m.Shown)
	f.Bool("paused", &m.Paused)
	f.Derived("state", string(m.State()))
	if since := m.Window.Since; since > 0 {
		f.Time("since", &since)
	} else {
		f.Raw("since", []byte("null"))
	}
	f.Raw("last", m.Window.last())
	f.Time("created_at", &m.CreatedAt)
	f.Time("updated_at", &m.UpdatedAt)
	f.Int("version", &m.Version)
}

// WireSettings are the members that nobody searches for.
func (m *Monitor) WireSettings(f *wire.Fields) {
	f.Int("interval_s", &m.Interval)
	f.Int("timeout_ms", &m.Timeout)
	wire.List(f, "conditions", &m.Conditions, (*Condition).Wire)
	f.Strings("header_names", &m.HeaderNames)
	f.Str("method", &m.Method)
	f.Str("body", &m.Body)
	f.Strings("regions", &m.Regions)
	f.Int("failures", &m.Failures)
	f.Int("successes", &m.Successes)
	WireQuorum(f, &m.Quorum)
	f.Str("action", (*string)(&m.Action))
	f.Str("to_state", (*string)(&m.To))
	NullStr(f, "template", &m.Template)
	f.Int("hold_off_s", &m.HoldOff)
}

// WireQuorum maps "majority", which is 0, or a number.
func WireQuorum(f *wire.Fields, n *int64) {
	if !f.Reading() {
		if *n == 0 {
			f.Derived("quorum", "majority")
		} else {
			f.Int("quorum", n)
		}
		return
	}
	var raw wire.JSON
	if f.JSON("quorum", &raw); raw == nil {
		return
	}
	*n = -1
	if text := string(raw); text == `"majority"` || text == "null" {
		*n = 0
	} else if number, ok := wire.Atoi(text); ok && number > 0 {
		*n = number
	}
}

// NullStr maps a text that is null when it is empty.
func NullStr(f *wire.Fields, key string, s *string) {
	if !f.Reading() {
		if *s == "" {
			f.Raw(key, []byte("null"))
		} else {
			f.Str(key, s)
		}
		return
	}
	var raw wire.JSON
	if f.JSON(key, &raw); len(raw) > 2 && raw[0] == '"' {
		f.Str(key, s)
	}
}

// State is what is known of the target now.
func (m *Monitor) State() MonitorState {
	switch {
	case m.Paused:
		return MonitorPaused
	case m.Window.State == "":
		return MonitorUnknown
	}
	return m.Window.State
}

// Runs says whether a region asks this monitor's target.
func (m *Monitor) Runs(region string) bool {
	return !m.Paused && m.Kind != HeartbeatMonitor && (len(m.Regions) == 0 || contains(m.Regions, region))
}

// methods are the requests that a monitor may make.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// Check says what is wrong with what somebody wrote of a monitor.
func (m *Monitor) Check() *fault.Error {
	var c Checks
	c.Name("name", m.Name, TitleMax, true)
	c.OneOf("kind", string(m.Kind), contains(MonitorKinds, m.Kind), Names(MonitorKinds))
	m.checkTarget(&c)
	c.That(m.Service == "" || ValidID(m.Service), "service", "service must be the id of a service.")
	c.That(m.Service != "" || m.Action == ShowOnly, "service",
		"Say which service is affected: without one a monitor can only show.")
	c.Between("interval_s", m.Interval, MinInterval, MaxInterval)
	c.Between("timeout_ms", m.Timeout, MinTimeout, MaxTimeout)
	c.That(m.Timeout <= m.Interval*1000, "timeout_ms", "timeout_ms must not be longer than the interval.")
	c.OneOf("method", m.Method, contains(methods, m.Method), methods)
	c.Text("body", m.Body, MaxRequestBody, false)
	c.That(len(m.Regions) <= MaxRegions, "regions", "regions may name %s regions at most.", wire.Itoa(MaxRegions))
	for _, r := range m.Regions[:min(len(m.Regions), MaxRegions)] {
		c.Line("regions", r, 64, true)
	}
	c.Between("failures", m.Failures, 1, MaxMonitorRuns)
	c.Between("successes", m.Successes, 1, MaxMonitorRuns)
	c.That(m.Quorum >= 0 && m.Quorum <= MaxRegions, "quorum", `quorum must be "majority" or a number from 1 to %s.`,
		wire.Itoa(MaxRegions))
	c.OneOf("action", string(m.Action), contains(MonitorActions, m.Action), Names(MonitorActions))
	states := []ServiceStatus{Degraded, Partial, Major}
	c.OneOf("to_state", string(m.To), contains(states, m.To), Names(states))
	c.That(m.Template == "" || ValidID(m.Template), "template", "template must be the id of a template.")
	c.Between("hold_off_s", m.HoldOff, 0, MaxHoldOff)
	m.checkConditions(&c)
	return c.Err()
}

func (m *Monitor) checkConditions(c *Checks) {
	c.That(len(m.Conditions) <= MaxConditions, "conditions", "A monitor may have %s conditions at most.",
		wire.Itoa(MaxConditions))
	for i := range m.Conditions[:min(len(m.Conditions), MaxConditions)] {
		x, field := &m.Conditions[i], "conditions["+wire.Itoa(int64(i))+"]."
		kind, rest := x.Subject()
		c.That(subjects[kind] != "", field+"on",
			"on must be status, time, body, json:POINTER, header:NAME, certificate or dns.")
		c.That(kind != "json" && kind != "header" || rest != "", field+"on",
			"Say which one: json:POINTER, header:NAME.")
		c.OneOf(field+"op", x.Op, x.Operator() != "", ConditionOps)
		op, value := x.Operator(), x.Text()
		c.That(len(value) <= MaxTarget, field+"value", "value may have %s characters at most.", wire.Itoa(MaxTarget))
		valued := op != "exists" && op != "absent"
		c.That(!valued || len(x.Value) > 0 && x.Value[0] != '{' && x.Value[0] != '[', field+"value",
			"value must be a text or a number.")
	}
}

// Text is the value as text.
func (c *Condition) Text() string {
	var t textOf
	if len(c.Value) == 0 || c.Value[0] != '"' {
		return string(c.Value)
	}
	if err := wire.Unmarshal(append(append([]byte(`{"v":`), c.Value...), '}'), &t); err != nil {
		return ""
	}
	return t.v
}

type textOf struct{ v string }

func (t *textOf) Wire(f *wire.Fields) { f.Str("v", &t.v) }

func (m *Monitor) checkTarget(c *Checks) {
	c.Line("target", m.Target, MaxTarget, m.Kind != HeartbeatMonitor)
	if m.Target == "" || m.Kind == HeartbeatMonitor {
		return
	}
	for i := 0; i < len(m.Target); i++ {
		if m.Target[i] <= ' ' || m.Target[i] == 0x7f {
			c.That(false, "target", "target must not contain spaces.")
			return
		}
	}
	host, port, web := address(m.Target)
	switch m.Kind {
	case HTTPMonitor, PageMonitor:
		c.That(web && host != "", "target", "target must be an address that begins with http:// or https://.")
	case TCPMonitor, GRPCMonitor:
		c.That(!web && host != "" && port > 0, "target", "target must be host:port, such as db.example.com:5432.")
	case TLSMonitor:
		c.That(!web && host != "" && port >= 0, "target", "target must be host or host:port.")
	case DNSMonitor, ICMPMonitor:
		c.That(!web && host != "" && port == 0, "target", "target must be a host name.")
	}
}

// address divides a target into host and port; port is 0 when there is none and -1 when it is no port.
func address(target string) (host string, port int64, web bool) {
	rest := target
	for _, scheme := range []string{"http://", "https://"} {
		if len(target) > len(scheme) && target[:len(scheme)] == scheme {
			rest, web = target[len(scheme):], true
		}
	}
	for i := 0; i < len(rest); i++ {
		if c := rest[i]; c == '/' || c == '?' || c == '#' {
			if !web {
				return "", -1, false
			}
			rest = rest[:i]
			break
		}
		if rest[i] == '@' {
			return "", -1, web
		}
	}
	at := -1
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case ']':
			at = -1
		case ':':
			at = i
		}
	}
	if at < 0 {
		return rest, 0, web
	}
	n, ok := wire.Atoi(rest[at+1:])
	if !ok || n < 1 || n > 65535 {
		return rest[:at], -1, web
	}
	return rest[:at], n, web
}

// Host is the host of a target, without its port.
func (m *Monitor) Host() string {
	host, _, _ := address(m.Target)
	return host
}
