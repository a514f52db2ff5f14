package auth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"statuspage/shared/fault"
)

// ChallengeTTL is how long anything waits for a second factor.
const ChallengeTTL = 5 * time.Minute

const (
	// maxShown is how many bytes a browser's answer about a passkey may have. Real ones have two thousand; certificates
	// of any length could stand in a longer one.
	maxShown = 8 << 10
	// maxPublicKey is how many bytes a passkey's public key may have, as COSE: RSA of 8,192 bits. The time that a
	// signature takes to check grows with the square of it, and whoever makes a passkey chooses it.
	maxPublicKey = 1100
)

// Party is this installation as passkeys know it: the host name that they are for (WebAuthn's relying party).
type Party struct {
	ID  string
	web *webauthn.WebAuthn
}

// Holder is whose passkeys are asked for.
type Holder struct {
	UserID, Email, Name string
	// Records are those that PasskeyRecord made for this party.
	Records []string
}

// NewParty is the party of an installation whose addresses begin with base. A browser makes passkeys for host names
// alone, never for a bare address, and over https or on localhost.
func NewParty(base string) (*Party, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is no address that passkeys could be for", base)
	}
	timeout := webauthn.TimeoutConfig{Enforce: true, Timeout: ChallengeTTL, TimeoutUVD: ChallengeTTL}
	web, err := webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "Status Page",
		RPOrigins: []string{u.Scheme + "://" + u.Host},
		Timeouts:  webauthn.TimeoutsConfig{Login: timeout, Registration: timeout}})
	if err != nil {
		return nil, fault.New(fault.Conflict, "Passkeys work at a host name over https, and on localhost. This "+
			"installation is asked for at %s.", base)
	}
	return &Party{ID: u.Hostname(), web: web}, nil
}

type holder struct {
	Holder
	credentials []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return []byte(h.UserID) }
func (h holder) WebAuthnName() string                       { return h.Email }
func (h holder) WebAuthnDisplayName() string                { return h.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.credentials }

func (h Holder) read() (holder, error) {
	out := holder{Holder: h}
	for _, record := range h.Records {
		var one webauthn.Credential
		if err := json.Unmarshal([]byte(record), &one); err != nil {
			return out, fmt.Errorf("a passkey's record is damaged: %w", err)
		}
		if len(one.PublicKey) <= maxPublicKey {
			out.credentials = append(out.credentials, one)
		}
	}
	return out, nil
}

// Passkey is what is kept of one: nothing in it is secret.
type Passkey struct {
	ID     string // of the credential, base64url
	Record string // JSON
	// Verified says that the device knew its person, by a finger, a face or a PIN: then it stands for a password, too.
	Verified bool
}

func passkey(c *webauthn.Credential, verified bool) (Passkey, error) {
	record, err := json.Marshal(c)
	return Passkey{ID: base64.RawURLEncoding.EncodeToString(c.ID), Record: string(record), Verified: verified}, err
}

// Register begins to add a passkey. options are for navigator.credentials.create, state for Registered.
func (p *Party) Register(h Holder) (options, state []byte, err error) {
	who, err := h.read()
	if err != nil {
		return nil, nil, err
	}
	var there []protocol.CredentialDescriptor
	for _, c := range who.credentials {
		there = append(there, c.Descriptor())
	}
	creation, session, err := p.web.BeginRegistration(who, webauthn.WithExclusions(there),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred}))
	if err != nil {
		return nil, nil, fmt.Errorf("begin to add a passkey: %w", err)
	}
	return both(creation.Response, session)
}

// Registered is the passkey that a browser made.
func (p *Party) Registered(h Holder, state, response []byte) (Passkey, error) {
	who, err := h.read()
	if err != nil {
		return Passkey{}, err
	}
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return Passkey{}, fmt.Errorf("read what a passkey is held against: %w", err)
	}
	if len(response) > maxShown {
		return Passkey{}, ErrPasskey()
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil || len(parsed.Response.AttestationObject.AuthData.AttData.CredentialPublicKey) > maxPublicKey {
		return Passkey{}, ErrPasskey()
	}
	made, err := p.web.CreateCredential(who, session, parsed)
	if err != nil {
		return Passkey{}, ErrPasskey()
	}
	return passkey(made, made.Flags.UserVerified)
}

// Ask begins to ask for one of somebody's passkeys. options are for navigator.credentials.get, state for Answered.
func (p *Party) Ask(h Holder) (options, state []byte, err error) {
	who, err := h.read()
	if err != nil {
		return nil, nil, err
	}
	assertion, session, err := p.web.BeginLogin(who, webauthn.WithUserVerification(protocol.VerificationPreferred))
	if err != nil {
		return nil, nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return both(assertion.Response, session)
}

// Answered is the passkey that somebody showed, with its record as it is now.
func (p *Party) Answered(h Holder, state, response []byte) (Passkey, error) {
	who, err := h.read()
	if err != nil {
		return Passkey{}, err
	}
	return p.answered(state, response,
		func(session webauthn.SessionData, parsed *protocol.ParsedCredentialAssertionData) (*webauthn.Credential,
			error) {
			return p.web.ValidateLogin(who, session, parsed)
		})
}

// AskAnybody begins a sign-in by a passkey alone: the device must know its person.
func (p *Party) AskAnybody() (options, state []byte, err error) {
	assertion, session, err := p.web.BeginDiscoverableLogin(
		webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return both(assertion.Response, session)
}

// AnsweredBySomebody is AskAnybody's Answered. find answers whose passkey it is, by the passkey's and the user's id.
func (p *Party) AnsweredBySomebody(state, response []byte,
	find func(credentialID, userID string) (Holder, error)) (Passkey, error) {
	var broken error // the store's
	found, err := p.answered(state, response,
		func(session webauthn.SessionData, parsed *protocol.ParsedCredentialAssertionData) (*webauthn.Credential,
			error) {
			return p.web.ValidateDiscoverableLogin(func(rawID, userHandle []byte) (webauthn.User, error) {
				h, err := find(base64.RawURLEncoding.EncodeToString(rawID), string(userHandle))
				if err != nil {
					if !errors.Is(err, ErrUnknown) {
						broken = err
					}
					return nil, err
				}
				return h.read()
			}, session, parsed)
		})
	if broken != nil {
		return Passkey{}, broken
	}
	if err == nil && !found.Verified {
		err = ErrPasskey()
	}
	return found, err
}

func (p *Party) answered(state, response []byte,
	validate func(webauthn.SessionData, *protocol.ParsedCredentialAssertionData) (*webauthn.Credential,
		error)) (Passkey, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return Passkey{}, fmt.Errorf("read what a passkey is held against: %w", err)
	}
	if len(response) > maxShown {
		return Passkey{}, ErrPasskey()
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return Passkey{}, ErrPasskey()
	}
	used, err := validate(session, parsed)
	if err != nil || used.Authenticator.CloneWarning { // it counted backwards: somebody has a copy
		return Passkey{}, ErrPasskey()
	}
	return passkey(used, parsed.Response.AuthenticatorData.Flags.HasUserVerified())
}

func both(options, state any) (a, b []byte, err error) {
	if a, err = json.Marshal(options); err != nil {
		return nil, nil, err
	}
	b, err = json.Marshal(state)
	return a, b, err
}
