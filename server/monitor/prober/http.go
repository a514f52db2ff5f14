package prober

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"statuspage/shared/status"
)

// transport is for one look: no connection is kept, so that each looks the name up and connects anew.
func (p *Prober) transport() *http.Transport {
	return &http.Transport{DialContext: p.dialer().DialContext, DisableKeepAlives: true, ForceAttemptHTTP2: true,
		MaxResponseHeaderBytes: 64 << 10, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
}

// http asks once and follows redirects; what is secret goes to the target's own host alone.
func (p *Prober) http(ctx context.Context, m *status.Monitor, headers map[string]string, f *found) error {
	return p.ask(ctx, m.Method, m.Target, m.Body, headers, f)
}

func (p *Prober) ask(ctx context.Context, method, target, body string, headers map[string]string, f *found) error {
	t := p.transport()
	defer t.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return errors.New("the target is no address")
	}
	req.Header.Set("User-Agent", "StatusPage-Monitor/1")
	for name, value := range headers {
		if strings.EqualFold(name, "host") {
			req.Host = value
		} else {
			req.Header.Set(name, value)
		}
	}
	client := http.Client{Transport: t, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("more than %d redirects", maxRedirects)
		}
		if next.URL.Host != via[0].URL.Host || next.URL.Scheme != via[0].URL.Scheme {
			for name := range headers {
				next.Header.Del(name)
			}
		}
		return nil
	}}
	begun := time.Now()
	res, err := client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return err
	}
	defer func() { _ = res.Body.Close() }()
	f.reached, f.status, f.header = true, res.StatusCode, res.Header
	if res.TLS != nil {
		f.certificate(*res.TLS)
	}
	f.body, err = io.ReadAll(io.LimitReader(res.Body, maxBody))
	f.took = time.Since(begun)
	if err != nil {
		return fmt.Errorf("the answer breaks off: %w", err)
	}
	return nil
}

// page reads another status page by its Statuspage v2 summary. One condition on json: chooses what is looked at;
// without any, the page's indicator must be none or maintenance.
func (p *Prober) page(ctx context.Context, m *status.Monitor, headers map[string]string, f *found) error {
	target := m.Target
	if !strings.HasSuffix(target, ".json") {
		target = strings.TrimSuffix(target, "/") + "/api/v2/summary.json"
	}
	if err := p.ask(ctx, http.MethodGet, target, "", headers, f); err != nil {
		return err
	}
	if f.status != http.StatusOK {
		return fmt.Errorf("it answered %d", f.status)
	}
	var doc struct {
		Status struct{ Indicator, Description string }
	}
	if err := json.Unmarshal(f.body, &doc); err != nil || doc.Status.Indicator == "" {
		return errors.New("it is no status page with a summary.json of version 2")
	}
	for i := range m.Conditions {
		if kind, _ := m.Conditions[i].Subject(); kind == "json" {
			return nil
		}
	}
	if i := doc.Status.Indicator; i != "none" && i != "maintenance" {
		f.body = nil
		return fmt.Errorf("the page says %s: %s", i, doc.Status.Description)
	}
	return nil
}

// grpc asks grpc.health.v1.Health/Check, with TLS where the target's port is 443 and without it elsewhere. The service
// that is asked for is the monitor's body. The protocol is one HTTP/2 request of a few bytes, so that the program does
// without a library of several megabytes for it.
func (p *Prober) grpc(ctx context.Context, m *status.Monitor, f *found) error {
	t := p.transport()
	defer t.CloseIdleConnections()
	t.Protocols = new(http.Protocols)
	scheme := "http"
	if strings.HasSuffix(m.Target, ":443") {
		scheme = "https"
		t.Protocols.SetHTTP2(true)
	} else {
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	t.DisableKeepAlives = false // HTTP/2 has no other way; the connection is closed at the end
	name := m.Body[:min(len(m.Body), 127)]
	message := []byte{}
	if name != "" {
		message = append([]byte{0x0a, byte(len(name))}, name...)
	}
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, scheme+"://"+m.Target+"/grpc.health.v1.Health/Check",
		bytes.NewReader(append(frame, message...)))
	if err != nil {
		return errors.New("the target is no address")
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("Te", "trailers")
	begun := time.Now()
	res, err := t.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	f.reached, f.status = true, res.StatusCode
	body, err := io.ReadAll(io.LimitReader(res.Body, maxKept))
	f.took = time.Since(begun)
	if err != nil {
		return err
	}
	code := res.Trailer.Get("Grpc-Status") + res.Header.Get("Grpc-Status")
	if code != "" && code != "0" {
		return fmt.Errorf("gRPC status %s %s", code, res.Trailer.Get("Grpc-Message"))
	}
	if len(body) < 7 || body[5] != 0x08 {
		return errors.New("it does not say that it serves")
	}
	if body[6] != 1 {
		return fmt.Errorf("it says %s", map[byte]string{0: "UNKNOWN", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}[body[6]])
	}
	return nil
}
