package notifytest

import (
	"crypto/hmac"
	"crypto/md5" // #nosec G501 -- CRAM-MD5 is what the mechanism is
	"encoding/hex"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// guarded takes mail of who has signed in.
type guarded struct {
	*session
	in bool
}

// Signed are the sign-ins so far, as mechanisms.
func (m *Mail) Signed() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.signed)
}

// AuthMechanisms is smtp.AuthSession's.
func (g *guarded) AuthMechanisms() []string { return g.m.setup.Auth }

// Mail is smtp.Session's.
func (g *guarded) Mail(from string, o *smtp.MailOptions) error {
	if !g.in {
		return Say(530, [3]int{5, 7, 0}, "Authentication required")
	}
	return g.session.Mail(from, o)
}

// Auth is smtp.AuthSession's.
func (g *guarded) Auth(mechanism string) (sasl.Server, error) {
	return dialog{g, mechanism, steps[mechanism], new(int), new(string)}, nil
}

const challenge = "<1896.697170952@mail.test>"

// steps ask for what each mechanism gives; the last one judges.
var steps = map[string][]func(user, answer string) (ask string, right bool, name string){
	"PLAIN": {start(""), func(_, a string) (string, bool, string) { return "", a == "\x00ada\x00sesame", "" }},
	"LOGIN": {start("Username:"), func(_, a string) (string, bool, string) { return "Password:", true, a },
		func(user, a string) (string, bool, string) { return "", user == "ada" && a == "sesame", "" }},
	"CRAM-MD5": {start(challenge), func(_, a string) (string, bool, string) {
		h := hmac.New(md5.New, []byte("sesame"))
		h.Write([]byte(challenge))
		return "", a == "ada "+hex.EncodeToString(h.Sum(nil)), ""
	}},
	"XOAUTH2": {start(""), func(_, a string) (string, bool, string) {
		return "", a == "user=ada\x01auth=Bearer sesame\x01\x01", ""
	}},
}

func start(ask string) func(string, string) (string, bool, string) {
	return func(string, string) (string, bool, string) { return ask, true, "" }
}

type dialog struct {
	g         *guarded
	mechanism string
	steps     []func(user, answer string) (string, bool, string)
	n         *int
	user      *string
}

// Next is sasl.Server's.
func (d dialog) Next(response []byte) ([]byte, bool, error) {
	if *d.n == 0 && response != nil {
		*d.n = 1 // an initial response is the answer to the first question
	}
	ask, right, name := d.steps[*d.n](*d.user, string(response))
	*d.n++
	if name != "" {
		*d.user = name
	}
	if !right {
		return nil, false, Say(535, [3]int{5, 7, 8}, "Username and Password not accepted")
	}
	if *d.n < len(d.steps) {
		return []byte(ask), false, nil
	}
	d.g.in = true
	d.g.m.mu.Lock()
	d.g.m.signed = append(d.g.m.signed, strings.ToUpper(d.mechanism))
	d.g.m.mu.Unlock()
	return nil, true, nil
}
