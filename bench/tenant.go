package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"statuspage/server/app"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/usecase"
	"statuspage/shared/page"
)

// tenant is an organisation with its admin's token and one service.
type tenant struct {
	org, slug, token, service string
}

// tenants fills a database, before any server runs on it.
func tenants(ctx context.Context, database string, n int) ([]tenant, error) {
	cfg := config.Default(config.Database{DatabaseURL: database})
	a, err := app.New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	system := usecase.Caller{System: true, Address: "bench"}
	out := make([]tenant, n)
	for i := range out {
		t := &out[i]
		t.slug = fmt.Sprintf("bench-%d", i)
		if t.org, err = a.UseCases.CreateOrg(ctx, system, t.slug, "Bench", time.Now(), nil); err != nil {
			return nil, err
		}
		email := t.slug + "@example.com"
		if _, err := a.UseCases.AddMember(ctx, system, t.org, usecase.NewMember{Email: email, Name: "Bench",
			Role: auth.Admin}); err != nil {
			return nil, err
		}
		if t.token, err = a.UseCases.Token(ctx, t.slug, email, time.Hour); err != nil {
			return nil, err
		}
		service := &page.CreateService{Name: "Website"}
		if _, err := a.UseCases.Change(ctx, system, t.org, service); err != nil {
			return nil, err
		}
		t.service = service.ID
	}
	return out, nil
}

var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// post sends JSON as the tenant's admin and gives the id in the answer.
func (t tenant) post(url, method string, body any) (string, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequest(method, url, bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+t.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode >= 300 {
		return "", fmt.Errorf("%s %s: %s", method, url, answer)
	}
	var made struct{ ID string }
	return made.ID, json.Unmarshal(answer, &made)
}

func (t tenant) open(base string) (string, error) {
	return t.post(base+"/api/v1/incidents/", http.MethodPost, map[string]any{"title": "Elevated error rates",
		"description": "We see more errors than usual and are looking into it.", "service": t.service,
		"to_state": "degraded_performance"})
}

func (t tenant) resolve(base, incident string) error {
	_, err := t.post(base+"/api/v1/incidents/"+incident+"/", http.MethodPatch, map[string]any{"status": "resolved"})
	return err
}

func (t tenant) update(base, incident, body string) error {
	_, err := t.post(base+"/api/v1/incidents/"+incident+"/updates/", http.MethodPost,
		map[string]any{"status": "investigating", "body": body})
	return err
}
