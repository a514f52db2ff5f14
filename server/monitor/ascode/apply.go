package ascode

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Options say where monitors are kept, and how far a file goes.
type Options struct {
	URL, Key string
	DryRun   bool // nothing is changed
	Prune    bool // what is not in the file is deleted
	Headers  bool // headers are written again, although their names are the same
	Out      io.Writer
}

// client is one that follows no redirect: the key goes nowhere else.
var client = &http.Client{Timeout: 30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// maxAnswer is how much of an answer is read.
const maxAnswer = 10 << 20

// request asks the API.
func (o *Options) request(ctx context.Context, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(o.URL, "/")+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	if body == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header.Set("Authorization", "Bearer "+o.Key)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		var no struct{ Detail string }
		_ = json.Unmarshal(raw, &no) // what is no problem document has no detail
		return fmt.Errorf("%s %s answered %d %s", method, path, res.StatusCode, no.Detail)
	}
	if into == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// all reads every page of a list.
func (o *Options) all(ctx context.Context, path string) (list []map[string]any, err error) {
	for page := 1; ; page++ {
		var part struct {
			Next    *string
			Results []map[string]any
		}
		address := fmt.Sprintf("%s?page_size=100&page=%d", path, page)
		if err := o.request(ctx, http.MethodGet, address, nil, &part); err != nil {
			return nil, err
		}
		if list = append(list, part.Results...); part.Next == nil {
			return list, nil
		}
	}
}

// Apply makes the installation's monitors as the file has them, prints each difference, and says how many there were.
func Apply(ctx context.Context, o Options, wanted []Wanted) (changes int, err error) {
	services, err := o.all(ctx, "/api/v1/services/")
	if err != nil {
		return 0, err
	}
	kept, err := o.all(ctx, "/api/v1/monitors/")
	if err != nil {
		return 0, err
	}
	there := map[string]map[string]any{}
	for _, m := range kept {
		name, _ := m["name"].(string)
		if there[name] != nil {
			return 0, fmt.Errorf("there are two monitors called %q: give one of them another name first", name)
		}
		there[name] = m
	}
	for i := range wanted {
		if err := named(&wanted[i], services); err != nil {
			return changes, err
		}
	}
	for i := range wanted {
		done, err := o.one(ctx, &wanted[i], there[wanted[i].Name])
		if err != nil {
			return changes, fmt.Errorf("line %d: %s: %w", wanted[i].Line, wanted[i].Name, err)
		}
		changes += done
		delete(there, wanted[i].Name)
	}
	for _, name := range slices.Sorted(keys(there)) {
		if !o.Prune {
			continue
		}
		changes++
		_, _ = fmt.Fprintf(o.Out, "- %s\n", name)
		id, _ := there[name]["id"].(string)
		if o.DryRun {
			continue
		}
		if err := o.request(ctx, http.MethodDelete, "/api/v1/monitors/"+url.PathEscape(id)+"/", nil, nil); err != nil {
			return changes, fmt.Errorf("%s: %w", name, err)
		}
	}
	return changes, nil
}

// named puts a service's id in the place of its name.
func named(w *Wanted, services []map[string]any) error {
	name, is := w.Members["service"].(string)
	if !is || name == "" {
		return nil
	}
	for _, s := range services {
		if s["id"] == name || s["name"] == name {
			w.Members["service"] = s["id"]
			return nil
		}
	}
	return fmt.Errorf("line %d: %s: there is no service %q", w.Line, w.Name, name)
}

// one makes or changes one monitor.
func (o *Options) one(ctx context.Context, w *Wanted, there map[string]any) (changes int, err error) {
	if there == nil {
		_, _ = fmt.Fprintf(o.Out, "+ %s (%v)\n", w.Name, w.Members["target"])
		if o.DryRun {
			return 1, nil
		}
		return 1, o.request(ctx, http.MethodPost, "/api/v1/monitors/", w.Members, nil)
	}
	patch := map[string]any{}
	for _, member := range slices.Sorted(keys(w.Members)) {
		want, is := plain(w.Members[member]), there[member]
		switch {
		case member == "headers":
			var names []any
			headers, _ := want.(map[string]any)
			for _, name := range slices.Sorted(keys(headers)) {
				names = append(names, name)
			}
			had, _ := there["header_names"].([]any)
			if !o.Headers && reflect.DeepEqual(append([]any{}, names...), append([]any{}, had...)) {
				continue
			}
			patch[member] = want
			_, _ = fmt.Fprintf(o.Out, "~ %s: headers %v\n", w.Name, names)
		case member == "target" && there["kind"] == "heartbeat", reflect.DeepEqual(want, is), want == "" && is == nil:
		default:
			patch[member] = want
			_, _ = fmt.Fprintf(o.Out, "~ %s: %s %s -> %s\n", w.Name, member, text(is), text(want))
		}
	}
	if len(patch) == 0 {
		return 0, nil
	}
	if o.DryRun {
		return 1, nil
	}
	patch["version"] = there["version"]
	id, _ := there["id"].(string)
	return 1, o.request(ctx, http.MethodPatch, "/api/v1/monitors/"+url.PathEscape(id)+"/", patch, nil)
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// plain is a value as JSON has it.
func plain(x any) (out any) {
	raw, err := json.Marshal(x)
	if err != nil || json.Unmarshal(raw, &out) != nil {
		return x
	}
	return out
}

func text(x any) string {
	raw, _ := json.Marshal(x) // it came out of JSON
	return string(raw)
}
