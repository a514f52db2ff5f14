package notify

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// answerDeadline is how long a server may take to answer after the last line of a mail (RFC 5321 4.5.3.2.6): it may be
// handing it on meanwhile, and whoever does not wait sends it twice.
const answerDeadline = 10 * time.Minute

// step names where in the dialogue something went wrong.
type step string

const (
	stepFrom   step = "sender"
	stepTo     step = "recipient"
	stepData   step = "mail"
	stepAnswer step = "answer" // to the mail
)

// asked is what the server answers at a step.
func (s step) asked() string {
	if s == stepAnswer {
		return string(stepData)
	}
	return string(s)
}

// stepError is what went wrong at a step; the server's words when it is a *textproto.Error.
type stepError struct {
	step step
	error
}

func (s stepError) Unwrap() error { return s.error }

// transact sends one mail over an open connection and gives the server's answer. Each step but the last has
// mailDeadline.
func transact(c *smtp.Client, m *mail.Msg, from, to string) (answer string, err error) {
	for _, s := range []struct {
		step step
		do   func() error
	}{
		{stepFrom, func() error { return c.Mail("<" + from + ">") }},
		{stepTo, func() error { return c.Rcpt("<" + to + ">") }},
	} {
		if err := errors.Join(c.UpdateDeadline(mailDeadline), s.do()); err != nil {
			return "", stepError{s.step, err}
		}
	}
	w, err := c.Data()
	if err != nil {
		return "", stepError{stepData, err}
	}
	if _, err := m.WriteTo(w); err != nil {
		return "", stepError{stepData, err}
	}
	if err := errors.Join(c.UpdateDeadline(answerDeadline), w.Close()); err != nil {
		return "", stepError{stepAnswer, err}
	}
	if said, is := w.(*smtp.DataCloser); is {
		answer = said.ServerResponse()
	}
	return answer, nil
}

// unnamed is what a server said without the address that it said it of: problems are kept for longer than subscribers.
func unnamed(words, to string) string {
	return regexp.MustCompile(`(?i)`+regexp.QuoteMeta(to)).ReplaceAllString(words, "…")
}

// enhanced is a status code of RFC 3463; its second number is the subject: 7 is a policy.
var enhanced = regexp.MustCompile(`\b5\.(\d{1,3})\.\d{1,3}\b`)

// ours are words by which servers without such codes say that they refuse us, not the address.
var ours = regexp.MustCompile(
	`(?i)relay|polic|denied|not permitted|not allowed|authenticat|blocked|blacklist|blocklist|reputation|` +
		`spam|spf|dkim|dmarc`)

// refusal says what a server's no means. Its word on the address or the message is final. One on the sender is about
// everybody's mail, and a policy, such as a relay that we may not use, is about us: both are tried again.
func refusal(err error, to string) error {
	var at stepError
	var no *textproto.Error
	if !errors.As(err, &at) {
		return err
	}
	if !errors.As(err, &no) {
		if at.step == stepFrom {
			// it would be so with any other mail
			return unreachable{fmt.Errorf("the mail server did not answer to the sender: %w", network(at.error))}
		}
		if at.step == stepAnswer {
			return unanswered{fmt.Errorf("the mail server did not answer to the mail: %w", network(at.error)), true}
		}
		return unanswered{fmt.Errorf("the mail server did not answer to the %s: %w", at.step.asked(),
			network(at.error)), false}
	}
	said := error(inWords{no, fmt.Sprintf("the mail server answered %d %s to the %s", no.Code,
		clean(unnamed(no.Msg, to)), at.step.asked())})
	code := enhanced.FindStringSubmatch(no.Msg)
	switch {
	case at.step == stepFrom, no.Code == 421:
		return unreachable{said}
	case no.Code < 500:
		return said
	case code != nil && code[1] == "7", code == nil && ours.MatchString(no.Msg):
		return policy{said}
	case at.step == stepTo:
		return bounced{said}
	}
	return final{said}
}

// inWords is an error with a text of its own.
type inWords struct {
	error
	words string
}

func (w inWords) Error() string { return w.words }
func (w inWords) Unwrap() error { return w.error }
