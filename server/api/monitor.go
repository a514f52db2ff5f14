package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/monitor/collect"
	"statuspage/server/monitor/ingest"
	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Monitors looks at targets and hears heartbeats.
type Monitors interface {
	Try(ctx context.Context, w *store.Watched) (store.Look, error)
	Beat(ctx context.Context, token string, ok bool, message string) error
	Preview(ctx context.Context, w *store.Watched) (collect.Preview, error)
}

// monitorRoutes are those of monitors, alerts and proposals.
func monitorRoutes() []Route {
	return []Route{
		{"GET", "/api/v1/monitors", Read, listMonitors},
		{"POST", "/api/v1/monitors", Write, createMonitor},
		{"GET", "/api/v1/monitors/:id", Read, getMonitor},
		{"PATCH", "/api/v1/monitors/:id", Write, editMonitor},
		{"DELETE", "/api/v1/monitors/:id", Write, deleteMonitor},
		{"POST", "/api/v1/monitors/test", Write, tryMonitor},
		{"POST", "/api/v1/monitors/:id/test", Write, testMonitor},
		{"POST", "/api/v1/monitors/:id/preview", Write, previewMonitor},
		{"GET", "/api/v1/monitors/:id/results", Read, listLooks},
		{"GET", "/api/v1/monitors/:id/metrics", Read, monitorMetrics},
		{"GET", "/api/v1/heartbeats/:id", Public, heartbeat},
		{"POST", "/api/v1/heartbeats/:id", Public, heartbeat},
		{"POST", "/api/v1/ingest/:id", Write, ingestAlerts},
		{"GET", "/api/v1/proposals", Read, listProposals},
		{"POST", "/api/v1/proposals/:id/accept", Write, acceptProposal},
		{"POST", "/api/v1/proposals/:id/dismiss", Write, dismissProposal},
	}
}

// maxMessage is how many characters a heartbeat's message may have.
const maxMessage = 200

// wireMonitor is a monitor for whoever asks: a heartbeat's token is for those who may write.
func (c *call) wireMonitor(w *store.Watched, f *wire.Fields) {
	m := w.Monitor
	beats := m.Kind == status.HeartbeatMonitor
	if beats && c.who.MayEdit(c.who.OrgID) != nil {
		m.Target = ""
	}
	m.Wire(f)
	if beats && m.Target != "" {
		f.Derived("heartbeat_url", c.BaseURL()+"/api/v1/heartbeats/"+m.Target+"/")
	}
}

func (c *call) monitorObject(w *store.Watched) wire.Object {
	return mapping(func(f *wire.Fields) { c.wireMonitor(w, f) })
}

func listMonitors(c *call) error {
	var f store.MonitorFilter
	var err error
	if f.State, err = c.oneOf("state", status.Names(status.MonitorStates)); err != nil {
		return err
	}
	if f.Search, err = c.search(); err != nil {
		return err
	}
	f.Service = c.Query("service")
	return stored(c, func(ctx context.Context, s store.Span) ([]store.Watched, int, error) {
		return c.org().Monitors(ctx, f, s)
	}, c.wireMonitor)
}

// monitor is the path's.
func (c *call) monitor() (store.Watched, error) { return storedOne(c, "monitor", c.org().Monitor) }

func getMonitor(c *call) error {
	w, err := c.monitor()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderETag, `"`+wire.Itoa(w.Version)+`"`) // of what is set; what was seen changes without it
	return c.object(c.monitorObject(&w))
}

func createMonitor(c *call) error { return create(c, c.UseCases.CreateMonitor, showMonitor) }

func editMonitor(c *call) error { return edit(c, "monitor", c.UseCases.EditMonitor, showMonitor) }

func showMonitor(c *call, x *store.Watched) (int64, wire.Object) {
	return x.Version, c.monitorObject(x)
}

func deleteMonitor(c *call) error { return c.deleted("monitor", c.UseCases.DeleteMonitor) }

// maxTry is how long a look on demand may take: answers are not waited for longer.
const maxTry = 20 * time.Second

// tryMonitor looks once with a monitor that is not made yet.
func tryMonitor(c *call) error {
	var text usecase.MonitorText
	if err := c.read(&text); err != nil {
		return err
	}
	w, err := c.UseCases.TrialMonitor(c.ctx, c.who.OrgID, "", text)
	if err != nil {
		return err
	}
	return c.lookOnce(w)
}

// testMonitor looks once with a monitor, as it is or as the body would change it.
func testMonitor(c *call) error {
	w, err := c.trial()
	if err != nil {
		return err
	}
	return c.lookOnce(w)
}

// trial is the path's monitor as it would be with what the body says.
func (c *call) trial() (store.Watched, error) {
	w, err := c.monitor()
	if err != nil || len(c.Body()) == 0 {
		return w, err
	}
	var text usecase.MonitorText
	if err := c.read(&text); err != nil {
		return w, err
	}
	return c.UseCases.TrialMonitor(c.ctx, c.who.OrgID, w.ID, text)
}

// previewMonitor replays the last day of a monitor under the settings of the body.
func previewMonitor(c *call) error {
	w, err := c.trial()
	if err != nil {
		return err
	}
	p, err := c.Monitors.Preview(c.ctx, &w)
	if err != nil {
		return err
	}
	return c.object(&p)
}

func (c *call) lookOnce(w store.Watched) error {
	if w.Kind == status.HeartbeatMonitor {
		return fault.New(fault.Conflict, "A heartbeat is not asked: the program itself calls its address.")
	}
	w.Timeout = min(w.Timeout, maxTry.Milliseconds())
	ctx, cancel := context.WithTimeout(c.UserContext(), maxTry+time.Second)
	defer cancel()
	look, err := c.Monitors.Try(ctx, &w)
	if err != nil {
		return err
	}
	return c.object(mapping(func(f *wire.Fields) { wireLook(&look, f) }))
}

func wireLook(l *store.Look, f *wire.Fields) {
	f.Time("at", &l.At)
	f.Str("region", &l.Region)
	state := status.MonitorDown
	if l.OK {
		state = status.MonitorUp
	}
	f.Str("state", (*string)(&state))
	f.Bool("ok", &l.OK)
	f.Int("ms", &l.Ms)
	f.Str("error", &l.Error)
	f.Str("body", &l.Body)
}

func listLooks(c *call) error {
	w, err := c.monitor()
	if err != nil {
		return err
	}
	f := store.LookFilter{Region: c.Query("region")}
	if f.State, err = c.oneOf("state", []string{"up", "down"}); err != nil {
		return err
	}
	if text := c.Query("since"); text != "" {
		at, ok := wire.ParseTime(text)
		if !ok {
			return c.refuse(fault.OnField("since", "since must be a time such as 2026-01-31T14:00:00Z."))
		}
		f.Since = at
	}
	return spanned(c, func(ctx context.Context, s store.Span) ([]store.Look, int, error) {
		return c.org().Looks(ctx, w.ID, f, s)
	}, wireLook)
}

// metricsRange is ?range=.
func (c *call) metricsRange() (string, error) {
	of, err := c.oneOf("range", collect.Ranges)
	if of == "" {
		of = collect.Ranges[0]
	}
	return of, err
}

func monitorMetrics(c *call) error {
	w, err := c.monitor()
	if err != nil {
		return err
	}
	of, err := c.metricsRange()
	if err != nil {
		return err
	}
	list, err := collect.Metrics(c.ctx, c.org(), w.ID, of, status.Time(c.Now().UnixMilli()))
	if err != nil {
		return err
	}
	return c.object(mapping(func(f *wire.Fields) {
		f.Derived("range", of)
		wire.List(f, "buckets", &list, (*store.Measured).Wire)
	}))
}

// shownMetrics is how many monitors a page shows.
const shownMetrics = 20

// shownTo leaves out what measures a service that a view does not show.
func shownTo(p *relay.Page, all []store.Watched) []store.Watched {
	return slices.DeleteFunc(all, func(w store.Watched) bool {
		_, there := p.State.Service(w.Service)
		return p.Viewed() && w.Service != "" && !there
	})
}

// publicMetrics is what the page shows of response times.
func publicMetrics(c *call) error {
	p, err := c.publicPage()
	if err != nil {
		return err
	}
	of, err := c.metricsRange()
	if err != nil {
		return err
	}
	org, now := c.DB.Org(p.State.Org.ID), status.Time(c.Now().UnixMilli())
	doc, err := p.Doc("api/metrics/"+of, fresh, func() (string, []byte, error) {
		all, _, err := org.Monitors(c.ctx, store.MonitorFilter{Shown: true}, store.Span{Limit: shownMetrics})
		if err != nil {
			return "", nil, err
		}
		all = shownTo(p, all)
		measured := make([][]store.Measured, len(all))
		for i := range all {
			if measured[i], err = collect.Metrics(c.ctx, org, all[i].ID, of, now); err != nil {
				return "", nil, err
			}
		}
		i := -1
		return "application/json; charset=utf-8", wire.Marshal(mapping(func(f *wire.Fields) {
			f.Derived("range", of)
			wire.List(f, "monitors", &all, func(w *store.Watched, f *wire.Fields) {
				i++
				f.Str("id", &w.ID)
				f.Str("name", &w.Name)
				if svc, there := p.State.Service(w.Service); there {
					wire.One(f, "service", &status.Ref{ID: svc.ID, Name: svc.Name}, (*status.Ref).Wire)
				} else {
					f.Raw("service", []byte("null"))
				}
				f.Derived("state", string(w.State()))
				wire.List(f, "buckets", &measured[i], (*store.Measured).Wire)
			})
		})), nil
	})
	if err != nil {
		return err
	}
	return c.kept(p, doc)
}

// heartbeat hears that a program is alive. The token is the right.
func heartbeat(c *call) error {
	if !c.Region.Primary {
		return c.Region.ToPrimary(c.Ctx)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	word := strings.ToLower(c.Query("status"))
	ok := !slices.Contains([]string{"fail", "failed", "down", "error"}, word)
	if ok && word != "" && !slices.Contains([]string{"ok", "up", "success"}, word) {
		return c.refuse(fault.OnField("status", "status must be ok or fail."))
	}
	message := status.Tidy(c.Query("message")+c.Query("msg"), maxMessage)
	if !ok && message == "" {
		message = "it said that it failed"
	}
	err := c.Monitors.Beat(c.ctx, c.Params("id"), ok, message)
	if errors.Is(err, store.ErrNone) {
		return fault.New(fault.NotFound, "There is no such heartbeat.")
	}
	if err != nil {
		return err
	}
	return c.object(mapping(func(f *wire.Fields) { f.Bool("ok", &ok) }))
}

// ingestAlerts takes the alerts of another program: CONTRACT 7.
func ingestAlerts(c *call) error {
	source, query := c.Params("id"), map[string]string{}
	for k, v := range c.Context().QueryArgs().All() {
		query[string(k)] = string(v)
	}
	alerts, no := ingest.Read(source, c.Body(), query)
	if no != nil {
		return no
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	action, err := c.oneOf("action", status.Names(status.MonitorActions))
	if err != nil {
		return err
	}
	to, err := c.oneOf("to_state", []string{string(status.Degraded), string(status.Partial), string(status.Major)})
	if err != nil {
		return err
	}
	p, err := c.page()
	if err != nil {
		return err
	}
	outcomes := make([]usecase.Outcome, 0, len(alerts))
	for i := range alerts {
		s := signalOf(&alerts[i], source, query["service"], status.MonitorAction(action), status.ServiceStatus(to),
			p.State.Services)
		out, err := c.UseCases.Signal(c.ctx, by, c.who.OrgID, s)
		var refused *fault.Error
		if errors.As(err, &refused) && refused.Code != fault.Unavailable && refused.Code != fault.Internal {
			out.Fingerprint, out.Result, out.Why = s.Source.Fingerprint, "refused", refused.Message
		} else if err != nil {
			return err
		}
		outcomes = append(outcomes, out)
	}
	c.asOf()
	return c.object(mapping(func(f *wire.Fields) { wire.List(f, "results", &outcomes, (*usecase.Outcome).Wire) }))
}

// signalOf chooses the service that an alert is about: the one that the request names, else the one that the alert
// names, else the only one there is. Without one it is proposed.
func signalOf(a *ingest.Alert, source, service string, action status.MonitorAction, to status.ServiceStatus,
	services []status.Service) usecase.Signal {
	s := usecase.Signal{Source: status.Source{Kind: source, ID: a.ID, Fingerprint: a.Fingerprint}, Firing: a.Firing,
		To: to, Title: a.Title, Body: a.Body,
		Action: action}
	if s.To == "" {
		s.To = a.State()
	}
	if label := status.MonitorAction(a.Labels["statuspage_action"]); s.Action == "" &&
		slices.Contains(status.MonitorActions, label) {
		s.Action = label
	}
	if s.Action == "" {
		s.Action = status.Act
	}
	names := a.Names
	if service != "" {
		names = []string{service}
	}
	for _, name := range names {
		for i := range services {
			if s.Service == "" && (services[i].ID == name || strings.EqualFold(services[i].Name, name)) {
				s.Service = services[i].ID
			}
		}
	}
	if s.Service == "" && service == "" && len(services) == 1 {
		s.Service = services[0].ID
	}
	return s
}

func listProposals(c *call) error {
	state, err := c.oneOf("state", []string{"open", "accepted", "dismissed", "over"})
	if err != nil {
		return err
	}
	return stored(c, func(ctx context.Context, s store.Span) ([]store.Proposal, int, error) {
		return c.org().Proposals(ctx, state, s)
	}, (*store.Proposal).Wire)
}

func acceptProposal(c *call) error {
	id, err := c.id("proposal")
	if err != nil {
		return err
	}
	var text usecase.ProposalText
	if len(c.Body()) > 0 {
		if err := c.read(&text); err != nil {
			return err
		}
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	p, err := c.UseCases.AcceptProposal(c.ctx, by, c.who.OrgID, id, text)
	if err != nil {
		return err
	}
	c.asOf()
	return c.object(&p)
}

func dismissProposal(c *call) error {
	id, err := c.id("proposal")
	if err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	p, err := c.UseCases.DismissProposal(c.ctx, by, c.who.OrgID, id)
	if err != nil {
		return err
	}
	c.asOf()
	return c.object(&p)
}
