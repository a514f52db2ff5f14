// Package ingest reads the alerts of other programs: what fires and what is over, in their own words. It is pure: what
// becomes of an alert is decided elsewhere.
package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/status"
)

// Sources are the senders that are understood: CONTRACT 7, and UptimeRobot.
var Sources = []string{"alertmanager", "grafana", "datadog", "pagerduty", "opsgenie", "uptimekuma", "uptimerobot",
	"generic"}

// maxAlerts is how many alerts a request may bring.
const maxAlerts = 200

// Alert is one thing that fires or is over.
type Alert struct {
	Fingerprint string // the same for the same thing, as long as the sender means it
	ID          string // what the sender calls it
	Firing      bool
	Title       string
	Body        string
	Severity    string
	Labels      map[string]string
	Names       []string // of services that it may be about, the likeliest first
}

// Read understands a request of a source. query are the request's parameters, which generic takes JSON pointers from.
func Read(source string, body []byte, query map[string]string) ([]Alert, *fault.Error) {
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil || doc == nil {
		return nil, fault.New(fault.Malformed, "The body must be a JSON object.")
	}
	d := object(doc)
	var list []Alert
	var no *fault.Error
	switch source {
	case "alertmanager", "grafana":
		list, no = prometheus(d)
	case "datadog":
		list, no = datadog(d)
	case "pagerduty":
		list, no = pagerduty(d)
	case "opsgenie":
		list, no = opsgenie(d)
	case "uptimekuma":
		list, no = uptimekuma(d)
	case "uptimerobot":
		list, no = uptimerobot(d)
	case "generic":
		list, no = generic(doc, query)
	default:
		return nil, fault.New(fault.NotFound, "There is no source named %s.", source)
	}
	if no == nil && len(list) > maxAlerts {
		no = fault.OnField("alerts", "A request may bring %s alerts at most.", strconv.Itoa(maxAlerts))
	}
	if no != nil {
		return nil, no
	}
	for i := range list {
		list[i].tidy()
	}
	return list, nil
}

// tidy makes of others' words what an incident can have.
func (a *Alert) tidy() {
	a.Title = status.Tidy(a.Title, status.TitleMax)
	if a.Title == "" {
		a.Title = "Alert"
	}
	a.Body = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f && r <= 0x9f || r >= 0x202a && r <= 0x202e || r >= 0x2066 &&
			r <= 0x2069) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(a.Body, ""))
	if r := []rune(a.Body); len(r) > status.BodyMax {
		a.Body = string(r[:status.BodyMax])
	}
	if len(a.Fingerprint) > usecase.MaxFingerprint ||
		status.Tidy(a.Fingerprint, usecase.MaxFingerprint) != a.Fingerprint {
		a.Fingerprint = hashed(a.Fingerprint)
	}
	a.ID = status.Tidy(a.ID, usecase.MaxFingerprint)
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// State is what a severity makes of a service.
func (a *Alert) State() status.ServiceStatus {
	switch strings.ToLower(a.Severity) {
	case "warning", "warn", "minor", "low", "info", "informational", "p3", "p4", "p5", "degraded_performance", "sev3",
		"sev4":
		return status.Degraded
	case "major", "p2", "sev2", "average", "partial_outage":
		return status.Partial
	}
	return status.Major
}

type object map[string]any

// text is a member as text; numbers and booleans are written out.
func (o object) text(names ...string) string {
	for _, name := range names {
		if t := written(o[name]); t != "" {
			return t
		}
	}
	return ""
}

func written(x any) string {
	switch x := x.(type) {
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(x)
	}
	return ""
}

func (o object) in(name string) object {
	m, _ := o[name].(map[string]any)
	return m
}

func (o object) texts() map[string]string {
	out := map[string]string{}
	for name, value := range o {
		if t := written(value); t != "" {
			out[name] = t
		}
	}
	return out
}

// names are the labels that may name a service.
func names(labels map[string]string) (out []string) {
	for _, key := range []string{"statuspage_service", "service_id", "service", "component", "app", "application",
		"job", "namespace", "instance"} {
		if v := labels[key]; v != "" {
			out = append(out, v)
		}
	}
	return out
}

// prometheus reads what Alertmanager sends (version 4 of its webhook), and Grafana, whose form is the same.
func prometheus(d object) ([]Alert, *fault.Error) {
	list, is := d["alerts"].([]any)
	if !is {
		return nil, fault.OnField("alerts", "alerts must be a list.")
	}
	var out []Alert
	for i, x := range list {
		o, is := x.(map[string]any)
		if !is {
			return nil, fault.OnField(fmt.Sprintf("alerts[%d]", i), "Each of alerts must be an object.")
		}
		one := object(o)
		labels, notes := one.in("labels").texts(), one.in("annotations")
		a := Alert{Fingerprint: one.text("fingerprint"), Firing: one.text("status") != "resolved",
			Severity: labels["severity"],
			Labels:   labels, Names: names(labels)}
		if a.Fingerprint == "" {
			keys := make([]string, 0, len(labels))
			for k, v := range labels {
				keys = append(keys, k+"="+v)
			}
			slices.Sort(keys)
			a.Fingerprint = hashed(strings.Join(keys, "\x00"))
		}
		a.ID = labels["alertname"]
		a.Title = notes.text("summary", "title")
		if a.Title == "" {
			a.Title = a.ID
		}
		a.Body = notes.text("description", "message")
		out = append(out, a)
	}
	return out, nil
}

func datadog(d object) ([]Alert, *fault.Error) {
	a := Alert{ID: d.text("alert_id", "id"), Title: d.text("alert_title", "event_title", "title"),
		Body:     d.text("event_msg", "body", "text_only_msg"),
		Severity: d.text("alert_priority", "priority", "alert_type", "severity"), Labels: map[string]string{}}
	a.Fingerprint = d.text("aggreg_key", "alert_cycle_key", "alert_id", "id")
	if a.Fingerprint == "" {
		return nil, fault.OnField("aggreg_key",
			"One of aggreg_key, alert_cycle_key, alert_id and id must say which alert this is.")
	}
	tags := d.text("tags")
	if list, is := d["tags"].([]any); is {
		for _, x := range list {
			tags += "," + written(x)
		}
	}
	for tag := range strings.SplitSeq(tags, ",") {
		if name, value, is := strings.Cut(strings.TrimSpace(tag), ":"); is {
			a.Labels[name] = value
		}
	}
	a.Names = names(a.Labels)
	state := strings.ToLower(d.text("alert_transition", "transition", "alert_status", "status"))
	if state == "" {
		return nil, fault.OnField("alert_transition", "alert_transition must say whether it fires or is over: add "+
			`"alert_transition": "$ALERT_TRANSITION" and "alert_cycle_key": "$ALERT_CYCLE_KEY" to the payload.`)
	}
	a.Firing = !slices.Contains([]string{"recovered", "resolved", "ok", "no data recovered"}, state)
	return []Alert{a}, nil
}

// pagerduty reads webhooks of version 3.
func pagerduty(d object) ([]Alert, *fault.Error) {
	event := d.in("event")
	data := event.in("data")
	if event == nil || data == nil {
		return nil, fault.OnField("event", "event must hold the data of an incident.")
	}
	kind := event.text("event_type")
	if !slices.Contains([]string{"incident.triggered", "incident.acknowledged", "incident.reopened",
		"incident.escalated", "incident.resolved",
		"incident.unacknowledged", "incident.priority_updated"}, kind) {
		return nil, nil // it says nothing about whether something works
	}
	a := Alert{Fingerprint: data.text("id", "incident_key"), ID: data.text("id"), Firing: kind != "incident.resolved",
		Title:    data.text("title", "summary"),
		Severity: data.in("priority").text("summary"), Labels: map[string]string{}}
	if a.Severity == "" {
		a.Severity = map[string]string{"low": "warning"}[data.text("urgency")]
	}
	if a.Fingerprint == "" {
		return nil, fault.OnField("event.data.id", "event.data.id must say which incident this is.")
	}
	for _, name := range []string{data.in("service").text("summary"), data.in("service").text("id")} {
		if name != "" {
			a.Names = append(a.Names, name)
		}
	}
	return []Alert{a}, nil
}

func opsgenie(d object) ([]Alert, *fault.Error) {
	alert, action := d.in("alert"), d.text("action")
	if alert == nil {
		return nil, fault.OnField("alert", "alert must be an object.")
	}
	if !slices.Contains([]string{"Create", "Close", "Delete", "UpdateMessage", "UpdateDescription", "UpdatePriority"},
		action) {
		return nil, nil
	}
	a := Alert{Fingerprint: alert.text("alias", "alertId"), ID: alert.text("alertId"), Firing: action != "Close" &&
		action != "Delete",
		Title: alert.text("message"), Body: alert.text("description"), Severity: alert.text("priority"),
		Labels: alert.in("details").texts()}
	if a.Fingerprint == "" {
		return nil, fault.OnField("alert.alertId", "alert.alertId must say which alert this is.")
	}
	a.Names = names(a.Labels)
	if entity := alert.text("entity"); entity != "" {
		a.Names = append(a.Names, entity)
	}
	return []Alert{a}, nil
}

func uptimekuma(d object) ([]Alert, *fault.Error) {
	monitor, beat := d.in("monitor"), d.in("heartbeat")
	if monitor == nil || beat == nil {
		if _, is := d["msg"]; is {
			return nil, nil // its test
		}
		return nil, fault.OnField("heartbeat", "monitor and heartbeat must be objects.")
	}
	id := monitor.text("id")
	if id == "" {
		id = beat.text("monitorID", "monitor_id")
	}
	a := Alert{Fingerprint: id, ID: id, Title: monitor.text("name", "pathName"), Body: beat.text("msg"),
		Labels: map[string]string{}}
	if id == "" {
		return nil, fault.OnField("monitor.id", "monitor.id must say which monitor this is.")
	}
	switch beat.text("status") {
	case "0":
		a.Firing = true
	case "1":
	default:
		return nil, nil // pending, under maintenance
	}
	if a.Title != "" {
		a.Names = []string{a.Title}
		a.Title += " is down"
	}
	if tags, is := monitor["tags"].([]any); is {
		for _, x := range tags {
			t, _ := x.(map[string]any)
			a.Labels[object(t).text("name")] = object(t).text("value")
		}
		a.Names = append(names(a.Labels), a.Names...)
	}
	return []Alert{a}, nil
}

func uptimerobot(d object) ([]Alert, *fault.Error) {
	id, name := d.text("monitorID"), d.text("monitorFriendlyName")
	if id == "" {
		return nil, fault.OnField("monitorID", "monitorID must say which monitor this is.")
	}
	a := Alert{Fingerprint: id, ID: id, Title: name + " is down", Body: d.text("alertDetails"),
		Labels: map[string]string{}, Names: []string{name}}
	switch strings.ToLower(d.text("alertType", "alertTypeFriendlyName")) {
	case "1", "down":
		a.Firing = true
	case "2", "up":
	default:
		return nil, nil // a certificate, a domain
	}
	return []Alert{a}, nil
}
