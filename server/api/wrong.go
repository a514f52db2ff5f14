package api

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/valyala/fasthttp"

	"statuspage/server/store"
	"statuspage/shared/fault"
)

// refuse notes what is wrong with a request before it was looked at whole. While it is rehearsed it goes on.
func (c *call) refuse(f *fault.Error) error {
	switch {
	case !c.rehearsing:
		c.wrong = f
	case len(f.Fields) > 0:
		c.wrong = fault.Together(c.wrong, f)
		return nil
	}
	return f
}

// answerAll answers a request, or tells all that is wrong with it at once: what was refused before its fields were
// looked at, such as an unknown field or parameter, is told beside what is wrong with the others. For that it is gone
// through once more, with nothing committed.
func (c *call) answerAll(r Route) error {
	err := c.known(r)
	if err == nil {
		err = r.handle(c)
	}
	var f *fault.Error
	if c.wrong == nil || !errors.As(err, &f) || f != c.wrong || len(f.Fields) == 0 || !rehearsable(r) {
		return err
	}
	ctx := store.Rehearse(c.ctx)
	if r.Method == "GET" { // nothing but memory is asked
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		cancel()
	}
	again := *c
	again.ctx, again.rehearsing = ctx, true
	_ = again.known(r)
	var head fasthttp.ResponseHeader
	c.Response().Header.CopyTo(&head)
	defer func() { // what it would have answered is forgotten
		c.Response().ResetBody()
		head.CopyTo(&c.Response().Header)
	}()
	if err := r.handle(&again); errors.As(err, &f) && f.Code == fault.Invalid && len(f.Fields) > 0 {
		again.wrong = fault.Together(again.wrong, f)
	}
	return again.wrong
}

// rehearsed are the nouns whose writes do nothing but write: a rehearsal of them sends and asks nothing.
var rehearsed = []string{"services", "incidents", "maintenances", "templates", "recurring-maintenances", "organization",
	"members", "api-keys", "subscribers"}

func rehearsable(r Route) bool {
	noun, rest, _ := strings.Cut(strings.TrimPrefix(r.Path, "/api/v1/"), "/")
	switch r.Method {
	case "GET":
		return r.Access != Open
	case "POST", "PATCH":
		return slices.Contains(rehearsed, noun) &&
			(rest == "" || rest == ":id" || strings.HasPrefix(rest, ":id/updates"))
	}
	return false
}

// parameters are the parameters of the query that each route has, as the OpenAPI document says: "GET /api/v1/services"
// has page, …
var parameters = sync.OnceValue(func() map[string][]string {
	type parameter struct{ Ref, Name, In string }
	type named = []struct {
		Ref  string `json:"$ref"`
		Name string `json:"name"`
		In   string `json:"in"`
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters named `json:"parameters"`
		} `json:"paths"`
		Components struct {
			Parameters map[string]parameter `json:"parameters"`
		} `json:"components"`
	}
	if err := json.Unmarshal(openapiJSON, &doc); err != nil {
		panic("openapi.json: " + err.Error()) // it is part of the program
	}
	out := map[string][]string{}
	for path, operations := range doc.Paths {
		for method, o := range operations {
			key := strings.ToUpper(method) + " " + unnamed(path)
			out[key] = []string{}
			for _, p := range o.Parameters {
				name, in := p.Name, p.In
				if p.Ref != "" {
					shared := doc.Components.Parameters[p.Ref[strings.LastIndexByte(p.Ref, '/')+1:]]
					name, in = shared.Name, shared.In
				}
				if in == "query" {
					out[key] = append(out[key], name)
				}
			}
		}
	}
	return out
})

// unnamed is a path in which it does not matter what its variables are called.
func unnamed(path string) string {
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for i, p := range parts {
		if strings.HasPrefix(p, ":") || strings.HasPrefix(p, "{") {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// known refuses parameters of the query that this route has not, and one that is there twice, as fields of a body are
// refused.
func (c *call) known(r Route) error {
	if c.Context().QueryArgs().Len() == 0 {
		return nil
	}
	have := parameters()[r.Method+" "+unnamed(r.Path)]
	var refused *fault.Error
	seen := map[string]bool{}
	for key := range c.Context().QueryArgs().All() {
		name := string(key)
		switch {
		case !slices.Contains(have, name):
			refused = fault.Together(refused, fault.OnField(name, "There is no parameter named %s here.", name))
		case seen[name]:
			refused = fault.Together(refused, fault.OnField(name, "The parameter %s is there twice.", name))
		}
		seen[name] = true
	}
	if refused == nil {
		return nil
	}
	return c.refuse(refused)
}
