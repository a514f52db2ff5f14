package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"statuspage/server/app"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/usecase"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

const fillers = 32 // that write at once

// growth measures what more organisations, services and incidents cost.
func (b *bench) growth(ctx context.Context) error {
	orgs, services, incidents := []int{10, 100, 1000}, []int{1, 50, 500}, []int{0, 100, 1000}
	if b.large {
		orgs, incidents = append(orgs, 10_000, 100_000), append(incidents, 10_000, 100_000)
	}
	if err := b.growOrgs(ctx, orgs); err != nil {
		return err
	}
	if err := b.growServices(ctx, services); err != nil {
		return err
	}
	return b.growIncidents(ctx, incidents)
}

// filled makes a database by the use cases, many at once.
func filled(ctx context.Context, database string, n int, one func(u *usecase.UseCases, i int) error) error {
	a, err := app.New(ctx, config.Default(config.Database{DatabaseURL: database}))
	if err != nil {
		return err
	}
	defer a.Close()
	var wait sync.WaitGroup
	failed := make([]error, fillers)
	for w := range fillers {
		wait.Go(func() {
			for i := w; i < n && failed[w] == nil; i += fillers {
				failed[w] = one(a.UseCases, i)
			}
		})
	}
	wait.Wait()
	return errors.Join(failed...)
}

var system = usecase.Caller{System: true, Address: "bench"}

func (b *bench) growOrgs(ctx context.Context, sizes []int) error {
	var rows [][]string
	first, memory := curve{name: "first answer, ms"}, curve{name: "memory, MB"}
	for _, n := range sizes {
		database := "file:" + filepath.Join(b.dir, fmt.Sprintf("orgs-%d.db", n))
		err := filled(ctx, database, n, func(u *usecase.UseCases, i int) error {
			org, err := u.CreateOrg(ctx, system, fmt.Sprintf("grown-%d", i), "Grown", time.Now(), nil)
			if err == nil {
				_, err = u.Change(ctx, system, org, &page.CreateService{Name: "Website"})
			}
			return err
		})
		if err != nil {
			return err
		}
		p, err := b.server(ctx, database)
		if err != nil {
			return err
		}
		empty, used := p.rss(), p.cpu()
		time.Sleep(2 * time.Second)
		idle := float64(p.cpu()-used) / float64(2*time.Second)
		loaded := min(n, 1000)
		used = p.cpu()
		for i := range loaded {
			if err := fetched(fmt.Sprintf("%s/status/grown-%d", p.url(), i), ""); err != nil {
				p.stop()
				return err
			}
		}
		cold := float64((p.cpu() - used).Microseconds()) / 1e3 / float64(loaded)
		each := float64(p.rss()-empty) / 1e3 / float64(loaded)
		took, rss := b.restarted(ctx, p, database)
		first.add(n, float64(took.Microseconds())/1e3)
		memory.add(n, float64(rss)/1e6)
		rows = append(rows, []string{fmt.Sprint(n), ms(took), fmt.Sprintf("%.1f", float64(rss)/1e6),
			fmt.Sprintf("%.2f%%", 100*idle), fmt.Sprintf("%.2f", cold), fmt.Sprintf("%.0f", each)})
	}
	b.report.say("### Growth: organisations, with a service each")
	b.report.table("organisations|start → first answer, ms|memory then, MB|idle, of a core|CPU of a page never asked "+
		"for, ms|KB that a loaded one adds, of up to 1,000, its documents included", rows)
	return b.plot("growth-organisations", "organisations", first, memory)
}

// restarted ends a server, and starts it again on its database.
func (b *bench) restarted(ctx context.Context, p *process, database string) (time.Duration, int64) {
	p.stop()
	began := time.Now()
	again, err := b.server(ctx, database)
	if err != nil {
		return 0, 0
	}
	defer again.stop()
	if err := fetched(again.url()+"/status/grown-0", ""); err != nil {
		return 0, 0
	}
	return time.Since(began), again.rss()
}

func fetched(url, token string) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, res.Status)
	}
	_, err = res.Body.Read(make([]byte, 1))
	return err
}

// cost is the CPU, in ms, of one answer, over a number of them.
func cost(p *process, url, token string, times int) (float64, error) {
	if err := fetched(url, token); err != nil {
		return 0, err
	}
	used := p.cpu()
	for range times {
		if err := fetched(url, token); err != nil {
			return 0, err
		}
	}
	return float64(p.cpu()-used) / 1e6 / float64(times), nil
}

// grown is an organisation with its admin's token.
func grown(ctx context.Context, database string) (org, token string, err error) {
	err = filled(ctx, database, 1, func(u *usecase.UseCases, _ int) (err error) {
		if org, err = u.CreateOrg(ctx, system, "grown", "Grown", time.Now(), nil); err != nil {
			return err
		}
		if _, err = u.AddMember(ctx, system, org, usecase.NewMember{Email: "grown@example.com", Name: "Grown",
			Role: auth.Admin}); err != nil {
			return err
		}
		token, err = u.Token(ctx, "grown", "grown@example.com", time.Hour)
		return err
	})
	return org, token, err
}

func (b *bench) growServices(ctx context.Context, sizes []int) error {
	var rows [][]string
	made, again := curve{name: "page made, ms CPU"}, curve{name: "page again, ms CPU"}
	for _, n := range sizes {
		database := "file:" + filepath.Join(b.dir, fmt.Sprintf("services-%d.db", n))
		org, _, err := grown(ctx, database)
		if err != nil {
			return err
		}
		if err := filled(ctx, database, n, func(u *usecase.UseCases, i int) error {
			_, err := u.Change(ctx, system, org, &page.CreateService{Name: fmt.Sprintf("Service %d", i)})
			return err
		}); err != nil {
			return err
		}
		p, err := b.server(ctx, database)
		if err != nil {
			return err
		}
		used := p.cpu()
		err = fetched(p.url()+"/status/grown", "")
		cold := float64(p.cpu()-used) / 1e6
		warm, failed := cost(p, p.url()+"/status/grown", "", 500)
		p.stop()
		if err := errors.Join(err, failed); err != nil {
			return err
		}
		made.add(n, cold)
		again.add(n, warm)
		rows = append(rows, []string{fmt.Sprint(n), fmt.Sprintf("%.1f", cold), fmt.Sprintf("%.4f", warm)})
	}
	b.report.say("### Growth: services of one page")
	b.report.table("services|CPU of the first page, ms|CPU of the next ones, ms", rows)
	return b.plot("growth-services", "services", made, again)
}

func (b *bench) growIncidents(ctx context.Context, sizes []int) error {
	var rows [][]string
	list, of, history := curve{name: "list"}, curve{name: "list of a service"}, curve{name: "history"}
	for _, n := range sizes {
		database := "file:" + filepath.Join(b.dir, fmt.Sprintf("incidents-%d.db", n))
		org, token, err := grown(ctx, database)
		if err != nil {
			return err
		}
		services := make([]string, fillers)
		if err := filled(ctx, database, fillers, func(u *usecase.UseCases, i int) error {
			made := &page.CreateService{Name: fmt.Sprintf("Service %d", i)}
			_, err := u.Change(ctx, system, org, made)
			services[i] = made.ID
			return err
		}); err != nil {
			return err
		}
		if err := filled(ctx, database, n, func(u *usecase.UseCases, i int) error {
			opened := &page.OpenIncident{Title: "Slow", Description: "We look.",
				Services: []page.Move{{ID: services[i%fillers], To: status.Degraded}}}
			if _, err := u.Change(ctx, system, org, opened); err != nil {
				return err
			}
			_, err := u.Change(ctx, system, org, &page.UpdateIncident{ID: opened.ID, Status: string(status.Resolved),
				Body: "It is over."})
			return err
		}); err != nil {
			return err
		}
		p, err := b.server(ctx, database)
		if err != nil {
			return err
		}
		var costs [3]float64
		var failed [3]error
		for k, url := range []string{"/api/v1/incidents/", "/api/v1/incidents/?service=" + services[0],
			"/status/grown/history"} {
			costs[k], failed[k] = cost(p, p.url()+url, token, 20)
		}
		p.stop()
		if err := errors.Join(failed[:]...); err != nil {
			return err
		}
		for k, c := range []*curve{&list, &of, &history} {
			c.add(n, costs[k])
		}
		rows = append(rows, []string{fmt.Sprint(n), fmt.Sprintf("%.2f", costs[0]), fmt.Sprintf("%.2f", costs[1]),
			fmt.Sprintf("%.2f", costs[2])})
	}
	b.report.say("### Growth: past incidents of one organisation, CPU ms an answer")
	b.report.table("incidents|`/api/v1/incidents/`|`/api/v1/incidents/?service=`|`/status/{slug}/history`", rows)
	return b.plot("growth-incidents", "past incidents", list, of, history)
}
