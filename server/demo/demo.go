// Package demo fills an empty database with a company's last ninety days. Everything goes through the use cases, as
// if it had been typed at its time.
package demo

import (
	"context"
	"fmt"
	"time"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// The login of the demonstration. It stands here for everybody to read: never fill a database with it that others can
// reach.
const (
	Email    = "admin@acme.example"
	Password = "acme-demo-password" // #nosec G101 -- no secret, as said above
)

// Login is who may sign in.
type Login struct {
	Email, Password string
	org             string
	services        map[string]string // name → id
}

// Fill makes the organisation acme, unless there is any organisation already: then it answers nil.
func Fill(ctx context.Context, db *store.DB, d *usecase.UseCases, now time.Time) (*Login, error) {
	if there, err := db.AnyOrg(ctx); err != nil || there {
		return nil, err
	}
	by := usecase.Caller{System: true, Address: "demonstration"}
	org, err := d.CreateOrg(ctx, by, "acme", "Acme", now.Add(-120*24*time.Hour), nil)
	if err != nil {
		return nil, err
	}
	s := &story{cases: d, by: by, org: org, now: now, services: map[string]string{}}
	s.tell(ctx)
	if s.err != nil {
		return nil, fmt.Errorf("tell the demonstration: %w", s.err)
	}
	for _, m := range []usecase.NewMember{
		{Email: Email, Name: "Ada Admin", Role: auth.Admin, Password: Password},
		{Email: "sam@acme.example", Name: "Sam Support", Role: auth.Member, Password: Password},
	} {
		if _, err := d.AddMember(ctx, by, org, m); err != nil {
			return nil, err
		}
	}
	return &Login{Email, Password, org, s.services}, nil
}

// story tells commands in the order of their times; the first error ends it.
type story struct {
	cases    *usecase.UseCases
	by       usecase.Caller
	org      string
	now      time.Time
	services map[string]string // name → id
	err      error
}

func (s *story) do(ctx context.Context, ago time.Duration, c page.Command) {
	if s.err == nil {
		_, s.err = s.cases.ChangeAt(ctx, s.by, s.org, c, s.now.Add(-ago))
	}
}

const (
	day  = 24 * time.Hour
	hour = time.Hour
	min  = time.Minute
)

func (s *story) tell(ctx context.Context) {
	s.do(ctx, 119*day, &page.EditPage{
		Description: text("Live status of Acme's products and the platform beneath them."),
		URL:         text("https://acme.example"), TimeZone: text("Europe/Berlin"), Accent: text("#4f46e5")})
	for i, x := range catalogue {
		at := 118*day - time.Duration(i)*min
		if x.name == "AI Assistant" {
			continue // launched later
		}
		s.service(ctx, at, x)
	}
	for _, one := range history {
		if one.launch != "" {
			for _, x := range catalogue {
				if x.name == one.launch {
					s.service(ctx, one.ago, x)
				}
			}
			continue
		}
		if one.maintained != nil {
			s.maintenance(ctx, one)
			continue
		}
		s.incident(ctx, one)
	}
	s.upcoming(ctx)
}

func (s *story) service(ctx context.Context, ago time.Duration, x product) {
	c := &page.CreateService{Name: x.name, Description: x.description, Group: x.group, Position: place(x.name)}
	s.do(ctx, ago, c)
	s.services[x.name] = c.ID
}

func place(name string) *int64 {
	for i := range catalogue {
		if catalogue[i].name == name {
			n := int64(i)
			return &n
		}
	}
	return nil
}

func (s *story) incident(ctx context.Context, x past) {
	c := &page.OpenIncident{Title: x.title, Description: x.words[0]}
	for _, a := range x.affected {
		c.Services = append(c.Services, page.Move{ID: s.services[a.service], To: a.to})
	}
	s.do(ctx, x.ago, c)
	steps := []status.IncidentStatus{status.Identified, status.Monitoring, status.Resolved}
	for i, words := range x.words[1:] {
		after := x.lasted * time.Duration(i+1) / time.Duration(len(x.words)-1)
		if x.lasted == 0 {
			after = time.Duration(i+1) * 9 * min
		}
		step := steps[i]
		if !x.open && i == len(x.words)-2 {
			step = status.Resolved
		}
		s.do(ctx, x.ago-after, &page.UpdateIncident{ID: c.ID, Status: string(step), Body: words})
	}
}

func (s *story) maintenance(ctx context.Context, x past) {
	c := &page.PlanMaintenance{Title: x.title, Description: x.words[0],
		ScheduledFor: s.at(x.ago), ScheduledUntil: s.at(x.ago - x.lasted)}
	for _, name := range x.maintained {
		c.Services = append(c.Services, s.services[name])
	}
	s.do(ctx, x.ago+2*hour, c)
	s.do(ctx, x.ago, &page.EditMaintenance{ID: c.ID, Status: text(string(status.InProgress)),
		Message: text("Maintenance has started.")})
	s.do(ctx, x.ago-x.lasted, &page.EditMaintenance{ID: c.ID, Status: text(string(status.Completed)),
		Message: text(x.words[1])})
}

func (s *story) upcoming(ctx context.Context) {
	start := s.now.Add(3 * day).Truncate(day).Add(22 * hour)
	s.do(ctx, 20*min, &page.PlanMaintenance{Title: "Upgrade of the primary database",
		Description: "We are moving to a newer version of our database. The **REST API** and **Webhooks** will be " +
			"read-only for a few minutes within this window.",
		Services:     []string{s.services["REST API"], s.services["Webhooks"]},
		ScheduledFor: status.Time(start.UnixMilli()), ScheduledUntil: status.Time(start.Add(2 * hour).UnixMilli())})
}

func (s *story) at(ago time.Duration) status.Time { return status.Time(s.now.Add(-ago).UnixMilli()) }

func text(s string) *string { return &s }
