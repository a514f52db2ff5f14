package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	overloadTime    = 5 * time.Second
	overloadClients = 512
	recovery        = 5 * time.Second // in which a server that was overloaded is as it was
)

// storm is what visitors were answered, and what an admin's writes took meanwhile.
type storm struct {
	served, refused, failed atomic.Int64
	writes                  []time.Duration
}

// overload asks for twice what the server carries, of a list that is made for each request, while an admin works.
func (b *bench) overload(ctx context.Context) error {
	database := "file:" + filepath.Join(b.dir, "overload.db")
	all, err := tenants(ctx, database, 1)
	if err != nil {
		return err
	}
	p, err := b.server(ctx, database, "GOMEMLIMIT=256MiB")
	if err != nil {
		return err
	}
	defer p.stop()
	// which is read and made anew each time
	url := p.url() + "/api/v1/public/" + all[0].slug + "/incidents/?page_size=100"
	var alone storm
	alone.blow(url, 1, 0, 200*time.Millisecond, nil)
	if n := alone.failed.Load() + alone.refused.Load(); n > 0 {
		return fmt.Errorf("%d of %d requests failed before the storm", n, n+alone.served.Load())
	}
	for range 20 {
		incident, err := all[0].open(p.url())
		if err != nil {
			return err
		}
		if err := all[0].resolve(p.url(), incident); err != nil {
			return err
		}
	}
	carries := alone.blow(url, 16, 0, 2*time.Second, nil)
	quiet := admin(all[0], p.url(), 20)
	var s storm
	idle := p.rss()
	var most atomic.Int64
	rate := s.blow(url, overloadClients, 2*carries, overloadTime, func() {
		most.Store(max(most.Load(), p.rss()))
		s.writes = append(s.writes, admin(all[0], p.url(), 1)...)
	})
	after := time.Now()
	for until := after.Add(recovery); ; time.Sleep(20 * time.Millisecond) {
		took := percentile(admin(all[0], p.url(), 3), 0.99)
		if took > 0 && took < max(4*percentile(quiet, 0.99), 50*time.Millisecond) {
			break
		}
		if time.Now().After(until) {
			return fmt.Errorf("%v after the storm a write takes %v", recovery, took)
		}
	}
	back := time.Since(after)
	asked := s.served.Load() + s.refused.Load() + s.failed.Load()
	b.report.say("### Overload: %d connections ask for twice what is carried (%.0f a second; a list that is read and "+
		"made for each request), while an admin writes", overloadClients, carries)
	b.report.table("what|how much", [][]string{
		{"requests answered in full a second, × what is carried", times(float64(s.served.Load())/overloadTime.Seconds(),
			carries)},
		{"requests a second, all", fmt.Sprintf("%.0f", rate)},
		{"refused with 503 and Retry-After", fmt.Sprintf("%.0f%%", 100*float64(s.refused.Load())/float64(asked))},
		{"neither answered nor refused", fmt.Sprint(s.failed.Load())},
		{"an admin's write, alone: median, 99th", ms(percentile(quiet, 0.5)) + ", " + ms(percentile(quiet, 0.99)) +
			" ms"},
		{fmt.Sprintf("an admin's write meanwhile (%d): median, 99th", len(s.writes)), ms(percentile(s.writes,
			0.5)) + ", " + ms(percentile(s.writes, 0.99)) + " ms"},
		{"memory (RSS) before, most", kb(idle/1000) + ", " + kb(most.Load()/1000) + " MB of 256 MiB"},
		{"until writes are as before", ms(back) + " ms"},
	})
	if worst := percentile(s.writes, 0.99); worst > time.Second {
		return fmt.Errorf("an admin's write took %v while visitors were refused", worst)
	}
	return nil
}

// admin changes a service again and again, and gives how long each took; 0 is one that failed.
func admin(t tenant, base string, times int) (took []time.Duration) {
	for range times {
		at := time.Now()
		_, err := t.post(base+"/api/v1/services/"+t.service+"/", http.MethodPatch,
			map[string]any{"description": at.String()})
		if took = append(took, time.Since(at)); err != nil {
			took[len(took)-1] = time.Hour
		}
	}
	return took
}

// blow asks from so many connections, at a rate or as quickly as they are answered, and gives the rate of answers.
func (s *storm) blow(url string, clients int, rate float64, lasts time.Duration, meanwhile func()) float64 {
	var wait sync.WaitGroup
	addr, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	host := &fasthttp.HostClient{Addr: addr, MaxConns: clients, ReadTimeout: 20 * time.Second}
	began := time.Now()
	for i := range clients {
		wait.Go(func() {
			req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(req)
			defer fasthttp.ReleaseResponse(res)
			req.SetRequestURI(url)
			for n := 0; time.Since(began) < lasts; n++ {
				if rate > 0 {
					due := time.Duration((float64(n)*float64(clients) + float64(i)) / rate * float64(time.Second))
					time.Sleep(due - time.Since(began))
				}
				switch err := host.Do(req, res); {
				case err == nil && res.StatusCode() == http.StatusOK:
					s.served.Add(1)
				case err == nil && res.StatusCode() == http.StatusServiceUnavailable &&
					len(res.Header.Peek("Retry-After")) > 0:
					s.refused.Add(1)
				default:
					s.failed.Add(1)
				}
			}
		})
	}
	for meanwhile != nil && time.Since(began) < lasts {
		meanwhile()
	}
	wait.Wait()
	host.CloseIdleConnections()
	return float64(s.served.Load()+s.refused.Load()+s.failed.Load()) / time.Since(began).Seconds()
}
