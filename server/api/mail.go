package api

import (
	"statuspage/server/notify"
	"statuspage/server/site/serve"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Mailing is what the primary knows of its mail.
type Mailing interface {
	Mails() bool
	Outage() notify.Outage
}

// getMail says whether mail gets through. Only the primary knows it.
func getMail(c *call) error {
	if !c.Region.Primary {
		if err := c.Region.ToPrimary(c.Ctx); err != nil {
			return err
		}
		return serve.ErrElsewhere
	}
	waiting, err := c.org().WaitingMail(c.ctx)
	if err != nil {
		return err
	}
	now := c.Mailing.Outage()
	return c.object(mapping(func(f *wire.Fields) {
		mails, since := c.Mailing.Mails(), (*status.Time)(nil)
		if !now.Since.IsZero() {
			at := status.Time(now.Since.UnixMilli())
			since = &at
		}
		f.Bool("configured", &mails)
		f.NullTime("failing_since", &since)
		f.Str("problem", &now.Words)
		f.Int("waiting", &waiting)
	}))
}

func testMail(c *call) error {
	by, err := c.caller()
	if err != nil {
		return err
	}
	if err := c.Limits.TestMail(c.Ctx, c.who.OrgID); err != nil {
		return err
	}
	return c.answer(c.UseCases.TestMail(c.ctx, by, c.who.OrgID, c.BaseURL()))
}
