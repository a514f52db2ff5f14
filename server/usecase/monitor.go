package usecase

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	// maxMonitors bounds the monitors of an organisation.
	maxMonitors = 1_000
	// maxHeaders bounds the headers of a monitor's requests, and maxHeaderBytes their names and values together.
	maxHeaders     = 30
	maxHeaderBytes = 16_000
)

// MonitorText is what somebody writes of a monitor; what is nil stays.
type MonitorText struct {
	ReadVersion
	ID, Name, Kind, Target, Service, Method, Body, Action, To, Template *string
	Interval, Timeout, Failures, Successes, Quorum, HoldOff             *int64
	Conditions                                                          *[]status.Condition
	Regions                                                             *[]string
	Shown, Paused                                                       *bool
	Headers                                                             wire.JSON
}

// Wire is the body of POST and PATCH monitors: CONTRACT 7.
func (t *MonitorText) Wire(f *wire.Fields) {
	f.OptStr("id", &t.ID)
	f.OptInt("version", &t.Version)
	f.OptStr("name", &t.Name)
	f.OptStr("kind", &t.Kind)
	f.OptStr("target", &t.Target)
	optNull(f, "service", &t.Service)
	f.OptInt("interval_s", &t.Interval)
	f.OptInt("timeout_ms", &t.Timeout)
	var conditions []status.Condition
	wire.OptList(f, "conditions", &conditions, (*status.Condition).Wire)
	f.JSON("headers", &t.Headers)
	f.OptStr("method", &t.Method)
	f.OptStr("body", &t.Body)
	var regions []string
	if f.Reading() {
		if f.Strings("regions", &regions); regions != nil {
			t.Regions = &regions
		}
		quorum := int64(-2)
		if status.WireQuorum(f, &quorum); quorum != -2 {
			t.Quorum = &quorum
		}
		if conditions != nil {
			t.Conditions = &conditions
		}
	}
	f.OptInt("failures", &t.Failures)
	f.OptInt("successes", &t.Successes)
	f.OptInt("hold_off_s", &t.HoldOff)
	f.OptStr("action", &t.Action)
	f.OptStr("to_state", &t.To)
	optNull(f, "template", &t.Template)
	f.OptBool("shown", &t.Shown)
	f.OptBool("paused", &t.Paused)
}

// optNull maps a text that may be absent, or null, which is "".
func optNull(f *wire.Fields, key string, s **string) {
	if f.Reading() {
		var raw wire.JSON
		if f.JSON(key, &raw); string(raw) == "null" {
			*s = new(string)
			return
		}
	}
	f.OptStr(key, s)
}

func set[T any](field, change *T) {
	if change != nil {
		*field = *change
	}
}

// onto writes what was said over what is there, and says what is wrong with the outcome.
func (t *MonitorText) onto(m *status.Monitor) *fault.Error {
	kind := m.Kind
	set((*string)(&m.Kind), t.Kind)
	if t.Target != nil && m.Kind != status.HeartbeatMonitor {
		m.Target = *t.Target
	}
	if kind == status.HeartbeatMonitor && m.Kind != kind && t.Target == nil {
		m.Target = "" // a token is no target
	}
	set(&m.Name, t.Name)
	set(&m.Service, t.Service)
	set(&m.Interval, t.Interval)
	set(&m.Timeout, t.Timeout)
	if t.Timeout == nil {
		m.Timeout = min(m.Timeout, max(m.Interval, 1)*1000)
	}
	set(&m.Conditions, t.Conditions)
	if t.Method != nil {
		m.Method = strings.ToUpper(*t.Method)
	}
	set(&m.Body, t.Body)
	set(&m.Regions, t.Regions)
	set(&m.Failures, t.Failures)
	set(&m.Successes, t.Successes)
	set(&m.Quorum, t.Quorum)
	set(&m.HoldOff, t.HoldOff)
	set((*string)(&m.Action), t.Action)
	set((*string)(&m.To), t.To)
	set(&m.Template, t.Template)
	set(&m.Shown, t.Shown)
	set(&m.Paused, t.Paused)
	var list status.Checks
	for i := range m.Conditions {
		if op := m.Conditions[i].Operator(); op == "matches" || op == "not_matches" {
			_, err := regexp.Compile(m.Conditions[i].Text())
			list.That(err == nil, "conditions["+wire.Itoa(int64(i))+"].value",
				"value must be a regular expression (RE2).")
		}
	}
	return fault.Together(m.Check(), list.Err())
}

// headersOf reads {name: value}.
func headersOf(raw wire.JSON) (map[string]string, *fault.Error) {
	var list map[string]string
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fault.OnField("headers",
			`headers must be an object of texts, such as {"Authorization": "Bearer …"}.`)
	}
	bytes := 0
	for name, value := range list {
		bytes += len(name) + len(value)
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, fault.OnField("headers", "headers has a name or a value that no request can have.")
		}
	}
	if len(list) > maxHeaders || bytes > maxHeaderBytes {
		return nil, fault.OnField("headers", "A monitor may have %s headers with %s bytes together at most.",
			wire.Itoa(maxHeaders), wire.Itoa(maxHeaderBytes))
	}
	return list, nil
}

// headers seals what a monitor sends. It is for this monitor alone.
func (d *UseCases) headers(w *store.Watched, raw wire.JSON) *fault.Error {
	if raw == nil {
		return nil
	}
	list, no := headersOf(raw)
	if no != nil {
		return no
	}
	w.HeaderNames, w.Headers = nil, ""
	if len(list) == 0 {
		return nil
	}
	if !d.Sealer.Works() {
		return fault.OnField("headers", "Headers cannot be kept here: SECRETS_KEY is not set.")
	}
	for name := range list {
		w.HeaderNames = append(w.HeaderNames, name)
	}
	slices.Sort(w.HeaderNames)
	text, err := json.Marshal(list)
	if err != nil {
		return fault.OnField("headers", "headers cannot be read.")
	}
	w.Headers = d.Sealer.Seal(sealUse(w), string(text))
	return nil
}

func sealUse(w *store.Watched) string { return "monitor/" + w.ID }

// HeadersOf opens what a monitor sends.
func (d *UseCases) HeadersOf(w *store.Watched) (list map[string]string, err error) {
	if w.Headers == "" {
		return nil, nil
	}
	text, err := d.Sealer.Open(sealUse(w), w.Headers)
	if err != nil {
		return nil, err
	}
	return list, json.Unmarshal([]byte(text), &list)
}

// known refuses a service that is not there, and has the batch refuse such a template.
func (d *UseCases) known(ctx context.Context, b *store.Batch, orgID string, m *status.Monitor) error {
	if m.Service != "" {
		p, err := d.relay.Page(ctx, orgID)
		if err != nil {
			return err
		}
		if _, there := p.State.Service(m.Service); !there {
			return fault.New(fault.NotFound, "There is no such service.").With("service", "There is no such service.")
		}
	}
	if m.Template != "" {
		d.db.Org(orgID).NeedsTemplate(b, m.Template,
			fault.New(fault.NotFound, "There is no such template.").With("template", "There is no such template."))
	}
	return nil
}

// token is what a program shows that it is alive with.
func token() string {
	var raw [24]byte
	_, _ = rand.Read(raw[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// newMonitor is one that is nowhere kept yet.
func (d *UseCases) newMonitor(text *MonitorText) (store.Watched, *fault.Error) {
	now := status.Time(d.now().UnixMilli())
	w := store.Watched{Monitor: status.NewMonitor()}
	w.ID, w.CreatedAt, w.UpdatedAt, w.Version = newID(), now, now, 1
	set(&w.ID, text.ID)
	var list status.Checks
	list.Made("id", w.ID)
	no := fault.Together(list.Err(), text.onto(&w.Monitor))
	no = fault.Together(no, d.headers(&w, text.Headers))
	if w.Kind == status.HeartbeatMonitor {
		w.Target = token()
	}
	return w, no
}

// TrialMonitor is a monitor as it would be with what somebody writes, on top of the one with this id where there is
// one. It is nowhere kept, and does nothing but look.
func (d *UseCases) TrialMonitor(ctx context.Context, orgID, id string, text MonitorText) (store.Watched, error) {
	show, none, paused := string(status.ShowOnly), "", false
	text.ID, text.Action, text.Service, text.Template, text.Paused = nil, &show, &none, &none, &paused
	if id == "" {
		if text.Name == nil || *text.Name == "" {
			text.Name = &show // it is not asked for yet
		}
		w, no := d.newMonitor(&text)
		if no != nil {
			return w, no
		}
		w.OrgID = orgID
		return w, nil
	}
	w, err := d.monitor(ctx, orgID, id, nil)
	if err != nil {
		return w, err
	}
	if no := d.written(&w, &text); no != nil {
		return w, no
	}
	return w, nil
}

// written writes what was said over a monitor. Headers go to the host that they were written for, and to no other.
func (d *UseCases) written(w *store.Watched, text *MonitorText) *fault.Error {
	host := w.Host()
	no := fault.Together(text.onto(&w.Monitor), d.headers(w, text.Headers))
	if no == nil && text.Headers == nil && w.Headers != "" && w.Host() != host {
		return fault.OnField("headers", "Write the headers again: they were for %s and are sent to no other host.",
			host)
	}
	return no
}

// CreateMonitor keeps a new monitor.
func (d *UseCases) CreateMonitor(ctx context.Context, by Caller, orgID string, text MonitorText) (store.Watched,
	error) {
	return once(ctx, d, by, orgID, func(b *store.Batch) (store.Watched, error) {
		w, no := d.newMonitor(&text)
		if no != nil {
			return w, no
		}
		if err := d.known(ctx, b, orgID, &w.Monitor); err != nil {
			return w, err
		}
		org := d.db.Org(orgID)
		org.Room(b, store.CountMonitors, maxMonitors,
			fault.New(fault.Conflict, "There are %s monitors already, which is the limit.", wire.Itoa(maxMonitors)))
		b.Taken("monitors.id",
			fault.New(fault.Conflict, "There is a monitor with this id already.").With("id", "This id is taken."))
		w.OrgID = orgID
		org.AddMonitor(b, &w)
		org.AddAudit(b, by.audit("create_monitor", "monitor", w.ID, "", audited(&w), d.now()))
		return w, nil
	})
}

// audited is a monitor as the audit log keeps it: without what it saw, and without its token.
func audited(w *store.Watched) string {
	m := w.Monitor
	m.Window = status.Window{}
	if m.Kind == status.HeartbeatMonitor {
		m.Target = ""
	}
	return string(encode(&m))
}

// EditMonitor changes a monitor.
func (d *UseCases) EditMonitor(ctx context.Context, by Caller, orgID, id string, text MonitorText) (store.Watched,
	error) {
	return once(ctx, d, by, orgID, func(b *store.Batch) (store.Watched, error) {
		w, err := d.monitor(ctx, orgID, id, text.Version)
		if err != nil {
			return w, err
		}
		before, sealed := audited(&w), w.Headers
		if no := d.written(&w, &text); no != nil {
			return w, no
		}
		if text.Service != nil || text.Template != nil {
			if err := d.known(ctx, b, orgID, &w.Monitor); err != nil {
				return w, err
			}
		}
		if w.Kind == status.HeartbeatMonitor && w.Target == "" || text.Kind != nil && *text.Kind == "heartbeat" &&
			!strings.Contains(before, `"kind":"heartbeat"`) {
			w.Target = token()
		}
		if audited(&w) == before && sealed == w.Headers {
			return w, nil
		}
		w.Version++
		w.UpdatedAt = status.Time(d.now().UnixMilli())
		org := d.db.Org(orgID)
		org.EditMonitor(b, &w)
		org.AddAudit(b, by.audit("edit_monitor", "monitor", w.ID, before, audited(&w), d.now()))
		return w, nil
	})
}

// DeleteMonitor takes a monitor away.
func (d *UseCases) DeleteMonitor(ctx context.Context, by Caller, orgID, id string, version *int64) error {
	_, err := once(ctx, d, by, orgID, func(b *store.Batch) (store.Watched, error) {
		w, err := d.monitor(ctx, orgID, id, version)
		if err != nil {
			return w, err
		}
		org := d.db.Org(orgID)
		org.DeleteMonitor(b, id, w.Version, status.Time(d.now().UnixMilli()))
		org.AddAudit(b, by.audit("delete_monitor", "monitor", id, audited(&w), "", d.now()))
		return w, nil
	})
	return err
}

// monitor is the one that the caller means, if it is as the caller read it.
func (d *UseCases) monitor(ctx context.Context, orgID, id string, version *int64) (store.Watched, error) {
	w, err := d.db.Org(orgID).Monitor(ctx, id)
	if errors.Is(err, store.ErrNone) {
		return w, fault.New(fault.NotFound, "There is no such monitor.")
	}
	if err == nil && version != nil && *version != w.Version {
		no := fault.New(fault.Conflict, "This monitor was changed meanwhile: you read version %s, it is now at %s.",
			wire.Itoa(*version), wire.Itoa(w.Version))
		no.Current = []byte(audited(&w))
		return w, no
	}
	return w, err
}
