package site

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/site/visit"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// Reported is how often services were reported from a moment on.
type Reported func(v *visit.Visit, services []string, from status.Time) (int64, error)

// reportView is the page on which somebody says that they have a problem.
type reportView struct {
	head
	Heading string
	Done    string
	Problem string
	Lately  string // how many others have it, where the organisation shows that
	Groups  []choiceGroup
}

// shownReports is how many milliseconds of reports are shown.
const shownReports = 3600 * 1000

// reportsTo is the slug of a page that takes reports; "" of one that takes none.
func reportsTo(org *page.Org) string {
	if org.Style.Reports == page.NoReports {
		return ""
	}
	return org.Slug
}

// report asks which service somebody has a problem with, and thanks them afterwards.
func (s *site) report(v *visit.Visit) error {
	org := &v.State.Org
	if reportsTo(org) == "" {
		return fault.New(fault.NotFound, "This page takes no reports.")
	}
	view := &reportView{head: s.head(v, v.Language().Say("Report a problem")), Heading: "Report a problem"}
	view.Index = false
	var about []string
	if svc, there := v.State.Service(v.Ctx.Query("service")); there {
		about = []string{svc.ID}
	} else if in, there := v.State.Incident(v.Ctx.Query("incident")); there {
		for _, a := range in.Services {
			about = append(about, a.ID)
		}
	}
	switch {
	case v.Ctx.Query("problem") != "":
		view.Problem = "This did not work. Please try again in a few minutes."
		view.Groups = choices(v, nil)
	case v.Ctx.Query("sent") != "":
		view.Done = "Thank you. The team sees that you have this problem."
		if err := s.lately(v, view, about); err != nil {
			return err
		}
	default:
		view.Groups = choices(v, nil)
	}
	mediaType, body, err := render(view.In, "report", view)
	if err != nil {
		return err
	}
	v.Ctx.Set(fiber.HeaderCacheControl, "no-store")
	v.Ctx.Set(fiber.HeaderContentType, mediaType)
	return v.Ctx.Send(body)
}

// lately tells how many have the problem, if the organisation wants that told.
func (s *site) lately(v *visit.Visit, view *reportView, services []string) error {
	if s.Reported == nil || len(services) == 0 || v.State.Org.Style.Reports != page.ShownReports {
		return nil
	}
	n, err := s.Reported(v, services, s.now()-shownReports)
	if err == nil && n > 1 {
		view.Lately = strconv.FormatInt(n, 10) + " reports in the last hour"
	}
	return err
}
