package usecase

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	MaxReports    = 20_000              // that are counted of a service on a day
	KeepReports   = 30 * 24 * time.Hour // counts
	ReportAgain   = time.Hour           // between two messages about a service
	ReportLetters = 6                   // services that the team is told of in such a time
	rushes        = 100                 // services that are looked at at once
	forgottenRows = 5_000               // of each kind, at once
)

// Report counts that a visitor has a problem with services: each address once a day and service. The address is kept
// as a hash under a secret of the day, and only until the day after. seen is the page as the visitor sees it.
func (d *UseCases) Report(ctx context.Context, seen *page.State, address netip.Addr, services []string) error {
	if seen.Org.Style.Reports == page.NoReports {
		return fault.New(fault.NotFound, "This page takes no reports.")
	}
	if len(services) == 0 || len(services) > page.MaxAffected {
		return fault.OnField("service", "Say which service you have a problem with.")
	}
	for _, id := range services {
		if _, there := seen.Service(id); !there {
			return fault.OnField("service", "There is no such service.")
		}
	}
	now := d.now()
	day := now.Unix() / (24 * 3600)
	secret, err := d.reportSecret(ctx, day)
	if err != nil {
		return err
	}
	org := d.db.Org(seen.Org.ID)
	var b store.Batch
	for _, id := range services {
		sum := hmac.New(sha256.New, secret)
		sum.Write([]byte(org.ID() + " " + id + " " + address.String()))
		hash := hex.EncodeToString(sum.Sum(nil)[:16])
		known, err := org.Reported(ctx, id, day, hash)
		if err != nil {
			return err
		}
		if !known {
			org.CountReport(&b, id, day, hash, status.Time(now.UnixMilli()), MaxReports)
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return d.db.Do(ctx, &b)
}

// reportSecret is what addresses are hashed with today. The one before is gone with its day.
func (d *UseCases) reportSecret(ctx context.Context, day int64) ([]byte, error) {
	for range tries {
		of, secret, err := d.db.ReportSecret(ctx)
		if err == nil && of == day {
			return []byte(secret), nil
		}
		if err != nil && !errors.Is(err, store.ErrNone) {
			return nil, err
		}
		var fresh [32]byte
		_, _ = rand.Read(fresh[:]) // it never fails
		if err := d.db.KeepReportSecret(ctx, day, hex.EncodeToString(fresh[:])); err != nil {
			return nil, err
		}
	}
	return nil, unanswered()
}

// TellReports tells the team, and the admins by mail, of services that visitors report more than usual (status.Unusual)
// and that the page calls operational, once an hour and service. It is called at the primary, by one goroutine at a
// time.
func (d *UseCases) TellReports(ctx context.Context) {
	now := status.Time(d.now().UnixMilli())
	began := now/status.ReportBucket*status.ReportBucket - (status.ReportWindow-1)*status.ReportBucket
	ago := func(t time.Duration) status.Time { return now - status.Time(t.Milliseconds()) }
	found, err := d.db.Rushes(store.Unasked(ctx), began, ago(ReportAgain), status.ReportFewest, rushes)
	if err == nil {
		err = d.db.ForgetReports(ctx, int64(now)/(24*3600*1000), ago(KeepReports), forgottenRows)
	}
	if err != nil && ctx.Err() == nil {
		slog.Error("visitors' reports could not be looked at", "error", err)
	}
	for i := range found {
		if err := d.tellRush(ctx, &found[i], began, now, ago(ReportAgain)); err != nil && ctx.Err() == nil {
			slog.Error("the team could not be told of visitors' reports", "organization", found[i].OrgID, "error", err)
		}
	}
}

func (d *UseCases) tellRush(ctx context.Context, r *store.Rush, began, now, since status.Time) error {
	org := d.db.Org(r.OrgID)
	usual, err := org.CountReports(ctx, r.Service, began-status.ReportUsual*status.ReportBucket, began)
	if err != nil || !status.Unusual(r.Count, usual) {
		return err
	}
	p, err := d.relay.Page(ctx, r.OrgID)
	if err != nil {
		return err
	}
	svc, there := p.State.Service(r.Service)
	if !there || svc.Status != status.Operational || p.State.Org.Style.Reports == page.NoReports {
		return nil // it is known
	}
	told, err := org.ToldOfReports(ctx, since)
	if err != nil || told >= ReportLetters {
		return err
	}
	var b store.Batch
	org.TellReports(&b, r, now)
	d.tellTeam(org, &b, &notify.TeamNote{Event: "reports", Title: "Visitors report problems with " + svc.Name,
		Text: wire.Itoa(r.Count) + " visitors have reported a problem with " + svc.Name +
			" within half an hour. That is more than usual, and the page calls it operational.",
		Source: "reports/" + r.Service, Service: svc.Name, URL: d.Base + "/dashboard/services"},
		"reports/"+r.Service+"/"+wire.Itoa(int64(now)))
	if err := d.db.Do(ctx, &b); err != nil {
		if store.Overtaken(err) {
			return nil
		}
		return err
	}
	d.Told()
	slog.Info("visitors report a service", "organization", r.OrgID, "service", r.Service, "count", r.Count)
	return nil
}
