package auth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"statuspage/shared/fault"
)

// Notice is what the identity provider tells of its users, organisations and memberships.
type Notice struct {
	// ID is the same when a message is sent again.
	ID string
	// Type is "user.created" and so on.
	Type string
	// Noun is "user", "organization" or "organizationMembership"; empty for anything else, which is to be acknowledged
	// and left alone.
	Noun string
	// Verb is "created", "updated" or "deleted".
	Verb string
	// Data is the object as the provider sent it.
	Data json.RawMessage
}

// Webhooks reads Clerk's messages: Standard Webhooks, whose headers may carry svix's names.
type Webhooks struct{ verifier *standardwebhooks.Webhook }

// NewWebhooks takes the signing secret that the provider shows, "whsec_…".
func NewWebhooks(secret string) (*Webhooks, error) {
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, fmt.Errorf("the webhook's secret: %w", err)
	}
	if len(secret) < len("whsec_")+24 {
		return nil, fmt.Errorf("the webhook's secret is too short")
	}
	return &Webhooks{verifier}, nil
}

var signatureHeaders = map[string]string{
	standardwebhooks.HeaderWebhookID:        "svix-id",
	standardwebhooks.HeaderWebhookTimestamp: "svix-timestamp",
	standardwebhooks.HeaderWebhookSignature: "svix-signature",
}

// Read verifies a message and says what it tells. header answers a request's header by name, or "". A message that is
// older or newer than five minutes, or signed by nobody we know, is unauthenticated.
func (w *Webhooks) Read(header func(name string) string, body []byte) (Notice, error) {
	signed := http.Header{}
	for standard, svix := range signatureHeaders {
		value := header(standard)
		if value == "" {
			value = header(svix)
		}
		signed.Set(standard, value)
	}
	if err := w.verifier.Verify(body, signed); err != nil {
		return Notice{}, fault.New(fault.Unauthenticated, "This message's signature is not valid.")
	}
	notice := Notice{ID: signed.Get(standardwebhooks.HeaderWebhookID)}
	return notice, notice.fill(body)
}

func (n *Notice) fill(body []byte) error {
	var message struct {
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &message); err != nil || message.Type == "" {
		return fault.New(fault.Malformed, "This message is no webhook event.")
	}
	n.Type, n.Data = message.Type, message.Data
	switch noun, verb, _ := strings.Cut(message.Type, "."); noun {
	case "user", "organization", "organizationMembership":
		n.Noun, n.Verb = noun, verb
	}
	return nil
}
