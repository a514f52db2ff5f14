package notify_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"statuspage/server/notify"
	"statuspage/server/racetest"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/page"
)

// hostile is a receiver of webhooks that means no good.
type hostile struct {
	url string
	end chan struct{}
}

// startHostile runs one until the test ends: "hang" takes the connection and says nothing, "drip" answers a byte at a
// time, "stall" reads nothing and leaves its answer unfinished.
func startHostile(t *testing.T, how string) *hostile {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{url: "http://" + ln.Addr().String(), end: make(chan struct{})}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = c.Close() }()
				h.receive(c, how)
			})
		}
	})
	t.Cleanup(func() { close(h.end); _ = ln.Close(); all.Wait() })
	return h
}

func (h *hostile) receive(c net.Conn, how string) {
	switch how {
	case "drip":
		go func() { _, _ = io.Copy(io.Discard, c) }() // until it is closed
		for _, b := range []byte("HTTP/1.1 200 OK\r\nX-Slow: " + strings.Repeat("a", 1000)) {
			select {
			case <-h.end:
				return
			case <-time.After(100 * time.Millisecond):
			}
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
		}
	case "stall":
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le")
	}
	<-h.end
}

// at is an active subscriber at an address of a receiver.
func (o *org) at(url string) {
	o.Helper()
	was := o.hooks.URL
	o.hooks.URL = url
	defer func() { o.hooks.URL = was }()
	o.hook(store.Webhook, "/"+newID())
}

// soon is what is left of 5 s when store.Settle has been passed over.
const soon = 5*time.Second - store.Settle

// TestAHealthySubscriberHearsWithinFiveSecondsWhateverOthersDo combines everything that a receiver can do against us:
// webhooks that hang, drip and stall, recipients whose mail server hangs or stalls after DATA, and strangers whose
// addresses are asked to confirm. Who answers hears within 5 s, of the same organisation and of another. Of that
// store.Settle is passed over.
func TestAHealthySubscriberHearsWithinFiveSecondsWhateverOthersDo(t *testing.T) {
	racetest.Long(t)
	const many = 60
	s := open(t, time.Now())
	release := make(chan struct{})
	s.mail.Answer(func(step, _, to string) error {
		if strings.HasPrefix(to, "hang") && step == "rcpt" || strings.HasPrefix(to, "stall") && step == "data" {
			<-release
		}
		return nil
	})
	hooks := map[string]*hostile{}
	for _, how := range []string{"hang", "drip", "stall"} {
		hooks[how] = startHostile(t, how)
	}
	s.run(s.worker)
	t.Cleanup(func() { close(release) }) // before the worker ends: it would wait for what is under way
	hear := func(what string, hurt *org) time.Duration {
		other := s.org("other-" + what)
		paths := map[*org]string{hurt: "/" + newID(), other: "/" + newID()}
		people := map[*org]string{}
		for o, path := range paths {
			o.hook(store.Webhook, path)
			people[o] = "ada@" + o.id + ".example"
			if _, err := s.cases.ImportSubscribers(ctx, usecase.Caller{System: true}, o.id,
				usecase.Import{Consent: true, Emails: []string{people[o]},
					Base: "https://status.example.com/status/x"}); err != nil {
				t.Fatal(err)
			}
		}
		at := time.Now()
		hurt.incident("Errors")
		other.incident("Errors")
		s.settled()
		for o, path := range paths {
			s.hooks.Wait(t, path, 1)
			s.until("a mail to "+people[o], func() bool { return len(s.mail.To(people[o])) == 1 })
		}
		return time.Since(at)
	}
	usual := hear("nobody", s.org("hurt-nobody"))
	limit := max(soon, 3*usual) // on a machine that is busy with other things
	t.Logf("without hostile receivers: %s", usual)
	ways := []string{"hook hang", "hook drip", "hook stall", "mail hang", "mail stall", "strangers"}
	for set := 1; set < 1<<len(ways); set++ {
		if n := popcount(set); n > 2 && n < len(ways) {
			continue // each, each two, and all of them
		}
		var chosen []string
		hurt := s.org(fmt.Sprintf("hurt-%d", set))
		for i, way := range ways {
			if set&(1<<i) == 0 {
				continue
			}
			chosen = append(chosen, way)
			channel, how, _ := strings.Cut(way, " ")
			switch channel {
			case "hook":
				for range many {
					hurt.at(hooks[how].url)
				}
			case "mail":
				in := usecase.Import{Consent: true, Base: "https://status.example.com/status/x"}
				for n := range many {
					in.Emails = append(in.Emails, fmt.Sprintf("%s%d@%s%d.example", how, n, how, n%7))
				}
				if _, err := s.cases.ImportSubscribers(ctx, usecase.Caller{System: true}, hurt.id, in); err != nil {
					t.Fatal(err)
				}
			default:
				hurt.strangers(hooks["hang"].url, 24)
			}
		}
		took := hear(fmt.Sprint(set), hurt)
		if took > limit {
			t.Errorf("with %s a healthy subscriber heard after %s", strings.Join(chosen, ", "), took)
		}
		t.Logf("%s: %s", strings.Join(chosen, ", "), took.Round(time.Millisecond))
	}
}

// TestAHundredStallingMailboxesDelayNobodyElse: each is at a domain of its own that nobody has tried yet, so that none
// of them is known to be slow. Their organisation's other mail may wait; another organisation's is there within 5 s,
// store.Settle included.
func TestAHundredStallingMailboxesDelayNobodyElse(t *testing.T) {
	racetest.Long(t)
	const many = 150
	s := open(t, time.Now())
	release := make(chan struct{})
	s.mail.Answer(func(step, _, to string) error {
		if strings.HasPrefix(to, "stall") && step == "data" {
			<-release
		}
		return nil
	})
	s.run(s.worker)
	t.Cleanup(func() { close(release) }) // before the worker ends: it would wait for what is under way
	subscribe := func(o *org, emails ...string) {
		if _, err := s.cases.ImportSubscribers(ctx, usecase.Caller{System: true}, o.id,
			usecase.Import{Consent: true, Emails: emails, Base: "https://status.example.com/status/x"}); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(o *org, email string) time.Duration {
		subscribe(o, email)
		at := time.Now()
		o.incident("Errors")
		s.settled()
		s.until("a mail to "+email, func() bool { return len(s.mail.To(email)) == 1 })
		return time.Since(at)
	}
	usual := hear(s.org("calm"), "ada@calm.example")
	hurt := s.org("hurt")
	for n := range many {
		subscribe(hurt, fmt.Sprintf("stall%d@fresh%d.example", n, n))
	}
	hurt.incident("Errors")
	s.until("the first of them stalls", func() bool { return s.mail.Connections() > 1 })
	for n := range 3 { // at the start, and while more and more of them stall
		if took := hear(s.org(fmt.Sprint("other-", n)), fmt.Sprintf("bob@other%d.example", n)); took > max(soon,
			3*usual) {
			t.Errorf("another organisation's mail came after %s, usually %s", took, usual)
		} else {
			t.Logf("another organisation's mail came after %s, usually %s", took, usual)
		}
	}
}

func popcount(x int) (n int) {
	for ; x > 0; x &= x - 1 {
		n++
	}
	return n
}

// strangers are so many who ask to be told at an address of their own, by webhook and by mail.
func (o *org) strangers(url string, n int) {
	o.Helper()
	for i := range n {
		for _, x := range []usecase.NewSubscriber{
			{Channel: store.Webhook, Field: "webhook_url", Address: fmt.Sprintf("%s/%s", url, newID())},
			{Channel: store.Email, Field: "email", Address: fmt.Sprintf("stall%d@strangers%d.example", i, i%5)},
		} {
			x.Base = "https://status.example.com/status/acme"
			if _, err := o.cases.Subscribe(ctx, usecase.Caller{Address: "192.0.2.1"}, o.id, x); err != nil {
				o.Fatal(err)
			}
		}
	}
}

func TestAConfirmationComesWithinFiveSecondsWhateverStrangersDo(t *testing.T) {
	racetest.Long(t)
	s := open(t, time.Now())
	release := make(chan struct{})
	s.mail.Answer(func(step, _, to string) error {
		if strings.HasPrefix(to, "stall") && step == "data" {
			<-release
		}
		return nil
	})
	hang := startHostile(t, "hang")
	s.run(s.worker)
	t.Cleanup(func() { close(release) }) // before the worker ends: it would wait for what is under way
	hurt, other := s.org("hurt"), s.org("other")
	hurt.people(300) // mail in the other lane
	hurt.strangers(hang.url, 200)
	hurt.incident("Errors")
	for _, o := range []*org{hurt, other} {
		at, ada := time.Now(), "ada@"+o.id+".example"
		if _, err := s.cases.Subscribe(ctx, usecase.Caller{Address: "192.0.2.1"}, o.id,
			usecase.NewSubscriber{Channel: store.Email, Field: "email", Address: ada,
				Base: "https://status.example.com/status/acme"}); err != nil {
			t.Fatal(err)
		}
		s.until("her mail", func() bool { return len(s.mail.To(ada)) == 1 })
		took := time.Since(at)
		if took > 5*time.Second {
			t.Errorf("she was asked after %s", took)
		}
		t.Logf("asked after %s", took.Round(time.Millisecond))
	}
	s.settled()
	s.until("the mail of the other lane", func() bool { return len(s.mail.Got()) >= 302 })
}

func TestALetterAboutAnAccountWaitsForNobody(t *testing.T) {
	racetest.Long(t)
	s := open(t, time.Now())
	release := make(chan struct{})
	s.mail.Answer(func(step, _, to string) error {
		if strings.HasPrefix(to, "stall") && step == "data" {
			<-release
		}
		return nil
	})
	s.run(s.worker)
	t.Cleanup(func() { close(release) }) // before the worker ends: it would wait for what is under way
	for n := range 40 {
		s.worker.MailAccount(letterTo(fmt.Sprintf("stall%d@stall%d.example", n, n%3)))
	}
	at := time.Now()
	s.worker.MailAccount(letterTo("ada@example.com"))
	s.until("her letter", func() bool { return len(s.mail.To("ada@example.com")) == 1 })
	if took := time.Since(at); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func letterTo(address string) notify.Account {
	return notify.Account{To: address, Org: page.Org{ID: newID(), Slug: "acme", Name: "Acme"},
		Base: "https://status.example.com", URL: "https://status.example.com/link", Lasts: time.Hour}
}
