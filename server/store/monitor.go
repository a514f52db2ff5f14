package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Watched is a monitor with the organisation that it belongs to, as those who run it need it.
type Watched struct {
	status.Monitor
	OrgID   string
	Headers string // sealed
}

const monitorColumns = `SELECT m.org_id, m.id, m.name, m.kind, m.target, m.service_id, coalesce(m.token, ''),
 m.settings, m.headers,
 m.shown, m.paused, m.created_at, m.updated_at, m.version, coalesce(s.kept, '')
FROM monitors m LEFT JOIN monitor_states s ON s.org_id = m.org_id AND s.monitor_id = m.id WHERE m.deleted_at IS NULL`

func scanMonitor(rows *sql.Rows, w *Watched) error {
	m := &w.Monitor
	var token, settings, kept string
	if err := rows.Scan(&w.OrgID, &m.ID, &m.Name, &m.Kind, &m.Target, &m.Service, &token, &settings, &w.Headers,
		&m.Shown, &m.Paused, &m.CreatedAt, &m.UpdatedAt, &m.Version, &kept); err != nil {
		return err
	}
	if m.Kind == status.HeartbeatMonitor {
		m.Target = token
	}
	if err := decoded([]byte(settings), monitorSettings{m}); err != nil {
		return err
	}
	if kept == "" {
		return nil
	}
	return decoded([]byte(kept), &m.Window)
}

type monitorSettings struct{ *status.Monitor }

func (s monitorSettings) Wire(f *wire.Fields) { s.WireSettings(f) }

// MonitorFilter chooses monitors; what is "" chooses all.
type MonitorFilter struct {
	Service, State, Search string
	Shown                  bool
}

func (f MonitorFilter) where() (text string, args []any) {
	if f.Service != "" {
		text, args = text+` AND m.service_id = ?`, append(args, f.Service)
	}
	if f.Shown {
		text += ` AND m.shown = 1`
	}
	switch f.State {
	case "":
	case "paused":
		text += ` AND m.paused = 1`
	case "unknown":
		text += ` AND m.paused = 0 AND coalesce(s.state, '') IN ('', 'unknown')`
	default:
		text, args = text+` AND m.paused = 0 AND s.state = ?`, append(args, f.State)
	}
	if f.Search != "" {
		text += ` AND (instr(lower(m.name), lower(?)) > 0 OR instr(lower(m.target), lower(?)) > 0)`
		args = append(args, f.Search, f.Search)
	}
	return text, args
}

// Monitors lists monitors by name and counts them all.
func (o *Org) Monitors(ctx context.Context, f MonitorFilter, s Span) ([]Watched, int, error) {
	where, args := f.where()
	args, n := append([]any{o.id}, args...), 0
	if err := o.db.row(ctx, `SELECT count(*) FROM monitors m LEFT JOIN monitor_states s ON s.org_id = m.org_id AND
 s.monitor_id = m.id
WHERE m.deleted_at IS NULL AND m.org_id = ?`+where, args, &n); err != nil {
		return nil, 0, fmt.Errorf("count monitors: %w", err)
	}
	found, err := list(ctx, o.db, monitorColumns+` AND m.org_id = ?`+where+` ORDER BY m.name, m.id LIMIT ? OFFSET ?`,
		append(args, s.Limit, s.Offset), scanMonitor)
	if err != nil {
		return nil, 0, fmt.Errorf("list monitors: %w", err)
	}
	return found, n, nil
}

// Monitor reads one; ErrNone.
func (o *Org) Monitor(ctx context.Context, id string) (Watched, error) {
	return first(list(ctx, o.db, monitorColumns+` AND m.org_id = ? AND m.id = ?`, []any{o.id, id}, scanMonitor))
}

// watchedAtOnce is how many monitors one question asks for: of the largest, sqld answers no more.
const watchedAtOnce = 100

// Watched lists the monitors of all organisations that are not deleted.
func (db *DB) Watched(ctx context.Context) (all []Watched, err error) {
	org, id := "", ""
	for {
		n := 0
		part, err := everybodys(ctx, db, "monitor", monitorColumns+` AND `+living("m")+
			` AND (m.org_id, m.id) > (?, ?) ORDER BY m.org_id, m.id LIMIT ?`, []any{org, id, watchedAtOnce},
			func(rows *sql.Rows, w *Watched) error {
				n++
				err := scanMonitor(rows, w)
				org, id = max(org, w.OrgID), w.ID
				return err
			}, nil)
		if err != nil {
			return nil, err
		}
		if all = append(all, part...); n < watchedAtOnce {
			return all, nil
		}
	}
}

// Heartbeat finds the monitor of a heartbeat's token; ErrNone.
func (db *DB) Heartbeat(ctx context.Context, token string) (Watched, error) {
	return first(list(ctx, db, monitorColumns+` AND m.token = ? AND `+living("m"), []any{token}, scanMonitor))
}

func (o *Org) monitorSaid(b *Batch) {
	b.Add(`INSERT INTO meta (key, value) VALUES ('monitors', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
		uuid.NewString())
}

func targetAndToken(m *status.Monitor) (target string, token any) {
	if m.Kind == status.HeartbeatMonitor {
		return "", m.Target
	}
	return m.Target, nil
}

// AddMonitor puts a new monitor into a batch.
func (o *Org) AddMonitor(b *Batch, w *Watched) {
	m := &w.Monitor
	target, token := targetAndToken(m)
	b.Add(`INSERT INTO monitors (org_id, id, name, kind, target, service_id, token, settings, headers, shown, paused,
 created_at, updated_at, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, o.id, m.ID, m.Name, string(m.Kind), target, m.Service, token,
		string(wire.Marshal(monitorSettings{m})), w.Headers, number(m.Shown), number(m.Paused), int64(m.CreatedAt),
		int64(m.UpdatedAt), m.Version)
	o.monitorSaid(b)
}

func number(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// EditMonitor puts what a monitor is now into a batch, which is undone when somebody else changed it meanwhile.
func (o *Org) EditMonitor(b *Batch, w *Watched) {
	m := &w.Monitor
	target, token := targetAndToken(m)
	o.unchanged(b, CountMonitors, m.ID, m.Version-1)
	b.Add(`UPDATE monitors SET name = ?, kind = ?, target = ?, service_id = ?, token = ?, settings = ?, headers = ?,
 shown = ?, paused = ?,
 updated_at = ?, version = ? WHERE org_id = ? AND id = ?`, m.Name, string(m.Kind), target, m.Service, token,
		string(wire.Marshal(monitorSettings{m})), w.Headers, number(m.Shown), number(m.Paused), int64(m.UpdatedAt),
		m.Version, o.id, m.ID)
	o.monitorSaid(b)
}

// DeleteMonitor hides a monitor; what it measured goes by and by.
func (o *Org) DeleteMonitor(b *Batch, id string, version int64, at status.Time) {
	o.unchanged(b, CountMonitors, id, version)
	b.Add(`UPDATE monitors SET deleted_at = ?, token = NULL WHERE org_id = ? AND id = ?`, int64(at), o.id, id)
	b.Add(`DELETE FROM monitor_states WHERE org_id = ? AND monitor_id = ?`, o.id, id)
	o.monitorSaid(b)
}

// Look is one result of a monitor.
type Look struct {
	OrgID, Monitor string
	status.Observation
	Body string // the beginning of a failure's
}

// Wire is a result as regions bring it to the primary.
func (l *Look) Wire(f *wire.Fields) {
	f.Str("org", &l.OrgID)
	f.Str("monitor", &l.Monitor)
	f.Str("region", &l.Region)
	f.Time("at", &l.At)
	f.Bool("ok", &l.OK)
	f.Int("ms", &l.Ms)
	f.Str("error", &l.Error)
	f.Str("body", &l.Body)
	f.Bool("reached", &l.Reached)
	f.Bool("blind", &l.Blind)
}

// AddLook puts a result into a batch; one that is there already stays. That of a monitor which is gone is left out.
func (b *Batch) AddLook(l *Look) {
	b.Add(`INSERT INTO monitor_results (org_id, monitor_id, at, region, ok, ms, error, body)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM monitors WHERE org_id = ?1 AND id = ?2 AND
 deleted_at IS NULL)
ON CONFLICT DO NOTHING`, l.OrgID, l.Monitor, int64(l.At), l.Region, number(l.OK), l.Ms, l.Error, l.Body)
}

// KeepWindow puts what is known of a monitor into a batch.
func (b *Batch) KeepWindow(orgID, id string, w *status.Window) {
	b.Add(`INSERT INTO monitor_states (org_id, monitor_id, state, kept)
SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM monitors WHERE org_id = ?1 AND id = ?2 AND deleted_at IS NULL)
ON CONFLICT (org_id, monitor_id) DO UPDATE SET state = excluded.state, kept = excluded.kept`,
		orgID, id, string(w.State), string(wire.Marshal(w)))
}

// LookFilter chooses results; State is "", up or down.
type LookFilter struct {
	Region, State string
	Since         status.Time
}

// Looks lists a monitor's results, newest first, and counts them all.
func (o *Org) Looks(ctx context.Context, monitor string, f LookFilter, s Span) ([]Look, int, error) {
	where, args := `org_id = ? AND monitor_id = ? AND at >= ?`, []any{o.id, monitor, int64(f.Since)}
	if f.Region != "" {
		where, args = where+` AND region = ?`, append(args, f.Region)
	}
	if f.State != "" {
		where, args = where+` AND ok = ?`, append(args, number(f.State == string(status.MonitorUp)))
	}
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM monitor_results WHERE `+where, args, &n); err != nil {
		return nil, 0, fmt.Errorf("count results: %w", err)
	}
	found, err := list(ctx, o.db, `SELECT org_id, monitor_id, at, region, ok, ms, error, body FROM monitor_results WHERE
 `+where+
		` ORDER BY at DESC, region LIMIT ? OFFSET ?`, append(args, s.Limit, s.Offset), scanLook)
	return found, n, err
}

func scanLook(rows *sql.Rows, l *Look) error {
	return rows.Scan(&l.OrgID, &l.Monitor, &l.At, &l.Region, &l.OK, &l.Ms, &l.Error, &l.Body)
}

// Alert is what a source said last of what it calls by a fingerprint.
type Alert struct {
	Kind, Fingerprint string
	Firing            bool
	Incident          string
	Version           int64 // of the incident, as the source left it
	Proposal          string
	Text              string // what was said
}

// Alert reads one; ErrNone.
func (o *Org) Alert(ctx context.Context, kind, fingerprint string) (a Alert, err error) {
	a.Kind, a.Fingerprint = kind, fingerprint
	err = o.db.row(ctx, `SELECT firing, incident_id, incident_version, proposal_id, text FROM alerts WHERE org_id = ?
 AND kind = ? AND fingerprint = ?`,
		[]any{o.id, kind, fingerprint}, &a.Firing, &a.Incident, &a.Version, &a.Proposal, &a.Text)
	return a, err
}

// KeepAlert puts an alert into a batch.
func (o *Org) KeepAlert(b *Batch, a *Alert, at status.Time) {
	b.Add(`INSERT INTO alerts (org_id, kind, fingerprint, firing, incident_id, incident_version, proposal_id, text,
 updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org_id, kind, fingerprint) DO UPDATE SET firing = excluded.firing,
 incident_id = excluded.incident_id,
 incident_version = excluded.incident_version, proposal_id = excluded.proposal_id, text = excluded.text, updated_at =
 excluded.updated_at`,
		o.id, a.Kind, a.Fingerprint, number(a.Firing), a.Incident, a.Version, a.Proposal, a.Text, int64(at))
}

// AlertAccepted puts into a batch that a person opened the incident of a proposal: no version of it is the source's.
func (o *Org) AlertAccepted(b *Batch, p *Proposal) {
	b.Add(`UPDATE alerts SET incident_id = ?, incident_version = 0, updated_at = ?
WHERE org_id = ? AND kind = ? AND fingerprint = ? AND proposal_id = ?`, p.Incident, int64(p.UpdatedAt), o.id,
		p.Source.Kind, p.Source.Fingerprint, p.ID)
}

// CountAlerts counts what fires, and all that is kept.
func (o *Org) CountAlerts(ctx context.Context) (all int, err error) {
	err = o.db.row(ctx, `SELECT count(*) FROM alerts WHERE org_id = ?`, []any{o.id}, &all)
	return all, err
}

// ForgetAlerts puts into a batch that what fired long ago is forgotten.
func (b *Batch) ForgetAlerts(before status.Time) {
	b.Add(`DELETE FROM alerts WHERE firing = 0 AND updated_at < ?`, int64(before))
	b.Add(`DELETE FROM proposals WHERE state <> 'open' AND updated_at < ?`, int64(before))
}

// Proposal is what a source would do.
type Proposal struct {
	ID        string
	Kind      string // open, resolve
	State     string // open, accepted, dismissed, over
	Source    status.Source
	Service   string // "" is to be chosen
	To        status.ServiceStatus
	Title     string
	Body      string
	Incident  string // that it is about, or that was opened
	CreatedAt status.Time
	UpdatedAt status.Time
}

// Wire is the `proposal` of the REST API.
func (p *Proposal) Wire(f *wire.Fields) {
	f.Str("id", &p.ID)
	f.Str("kind", &p.Kind)
	f.Str("state", &p.State)
	wire.One(f, "source", &p.Source, (*status.Source).Wire)
	status.NullStr(f, "service", &p.Service)
	status.NullStr(f, "to_state", (*string)(&p.To))
	f.Str("title", &p.Title)
	f.Str("body", &p.Body)
	status.NullStr(f, "incident", &p.Incident)
	f.Time("created_at", &p.CreatedAt)
	f.Time("updated_at", &p.UpdatedAt)
}

const proposalColumns = `SELECT id, kind, state, source, service_id, to_state, title, body, incident_id, created_at,
 updated_at FROM proposals WHERE org_id = ?`

func scanProposal(rows *sql.Rows, p *Proposal) error {
	var source string
	if err := rows.Scan(&p.ID, &p.Kind, &p.State, &source, &p.Service, &p.To, &p.Title, &p.Body, &p.Incident,
		&p.CreatedAt, &p.UpdatedAt); err != nil {
		return err
	}
	return decoded([]byte(source), &p.Source)
}

// Proposals lists them, newest first, and counts them all.
func (o *Org) Proposals(ctx context.Context, state string, s Span) ([]Proposal, int, error) {
	where, args, n := "", []any{o.id}, 0
	if state != "" {
		where, args = ` AND state = ?`, append(args, state)
	}
	if err := o.db.row(ctx, `SELECT count(*) FROM proposals WHERE org_id = ?`+where, args, &n); err != nil {
		return nil, 0, fmt.Errorf("count proposals: %w", err)
	}
	found, err := list(ctx, o.db, proposalColumns+where+` ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?`,
		append(args, s.Limit, s.Offset), scanProposal)
	return found, n, err
}

// Proposal reads one; ErrNone.
func (o *Org) Proposal(ctx context.Context, id string) (Proposal, error) {
	return first(list(ctx, o.db, proposalColumns+` AND id = ?`, []any{o.id, id}, scanProposal))
}

// AddProposal puts a proposal into a batch.
func (o *Org) AddProposal(b *Batch, p *Proposal) {
	b.Add(`INSERT INTO proposals (org_id, id, kind, state, source, service_id, to_state, title, body, incident_id,
 created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, o.id, p.ID, p.Kind, p.State, string(wire.Marshal(&p.Source)),
		p.Service, string(p.To), p.Title, p.Body,
		p.Incident, int64(p.CreatedAt), int64(p.UpdatedAt))
}

// EndProposal puts what became of an open proposal into a batch, which is undone when it is not open any more.
func (o *Org) EndProposal(b *Batch, id, state, incident string, at status.Time) {
	b.Require(`EXISTS (SELECT 1 FROM proposals WHERE org_id = ? AND id = ? AND state = 'open')`, o.id, id)
	b.Add(`UPDATE proposals SET state = ?, incident_id = ?, updated_at = ? WHERE org_id = ? AND id = ?`, state,
		incident, int64(at), o.id, id)
}

// CollectKey is what regions sign their results with; "" before the primary has made it.
func (db *DB) CollectKey(ctx context.Context) (string, error) {
	key := ""
	err := db.row(ctx, `SELECT value FROM meta WHERE key = 'collect_key'`, nil, &key)
	if errors.Is(err, ErrNone) {
		return "", nil
	}
	return key, err
}

// EnsureCollectKey makes the key, unless there is one.
func (db *DB) EnsureCollectKey(ctx context.Context) error {
	var b Batch
	b.Add(`INSERT INTO meta (key, value) VALUES ('collect_key', ?) ON CONFLICT DO NOTHING`,
		strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", ""))
	return db.Do(ctx, &b)
}
