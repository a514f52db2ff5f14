package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

type answer struct {
	code   int
	header http.Header
	body   map[string]any
}

func (a answer) seq() int64 {
	n, _ := strconv.ParseInt(a.header.Get("Status-Seq"), 10, 64)
	return n
}

// ask sends a request from a place as the admin. Whatever answers 500 is wrong.
func (w *world) ask(from, method, url string, body any, header ...string) (answer, error) {
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, url, in)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+template.token)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := w.client[from].Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	out := answer{code: res.StatusCode, header: res.Header}
	_ = json.Unmarshal(raw, &out.body) // a proxy's own words are no JSON
	if res.StatusCode == http.StatusInternalServerError {
		w.history.violated("%s %s answers 500: %s", method, url, raw)
	}
	return out, nil
}

// ready asks the region's program itself.
func (p *place) ready() error {
	a, err := p.ask(p.name, "GET", p.appURL()+"/readyz", nil)
	if err == nil && a.code != http.StatusOK {
		err = fmt.Errorf("%d %v", a.code, a.body)
	}
	return err
}

// page is how far the region shows the page.
func (p *place) page() (answer, error) {
	return p.ask(p.name, "GET", p.appURL()+"/api/v1/public/"+slug+"/status/", nil)
}

func (w *world) pause(d time.Duration) (stopped bool) {
	select {
	case <-w.quiet:
		return true
	case <-time.After(d):
		return false
	}
}
