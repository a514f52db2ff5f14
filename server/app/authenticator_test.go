package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// authenticator is a passkey in memory: what a browser and its device answer (WebAuthn, level 2), for tests and for
// attackers.
type authenticator struct {
	t          testing.TB
	key        *ecdsa.PrivateKey
	id, handle []byte
	public     []byte // another public key than that of key, as COSE; nil is none
	host       string // of the relying party
	origin     string
	verifies   bool // its person, by a finger or a PIN
	counter    uint32
}

func newAuthenticator(t testing.TB, host, origin string) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	if _, err := rand.Read(id); err != nil {
		t.Fatal(err)
	}
	return &authenticator{t: t, key: key, id: id, host: host, origin: origin, verifies: true}
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func (a *authenticator) client(kind, challenge string) []byte {
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin,
		"crossOrigin": false})
	if err != nil {
		a.t.Fatal(err)
	}
	return raw
}

// data is the authenticator data: 6.1.
func (a *authenticator) data(more []byte) []byte {
	host := sha256.Sum256([]byte(a.host))
	flags := byte(0x01)
	if a.verifies {
		flags |= 0x04
	}
	if more != nil {
		flags |= 0x40
	}
	a.counter++
	out := append(host[:], flags)
	out = binary.BigEndian.AppendUint32(out, a.counter)
	return append(out, more...)
}

// create answers navigator.credentials.create.
func (a *authenticator) create(options j) j {
	a.t.Helper()
	a.handle, _ = base64.RawURLEncoding.DecodeString(options["user"].(j)["id"].(string))
	public, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		a.t.Fatal(err)
	}
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	if err != nil {
		a.t.Fatal(err)
	}
	if a.public != nil {
		cose = a.public
	}
	credential := append(make([]byte, 16), 0, byte(len(a.id)))
	credential = append(append(credential, a.id...), cose...)
	attestation, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{},
		"authData": a.data(credential)})
	if err != nil {
		a.t.Fatal(err)
	}
	return j{"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": j{
		"clientDataJSON":    b64(a.client("webauthn.create", options["challenge"].(string))),
		"attestationObject": b64(attestation)}}
}

// get answers navigator.credentials.get.
func (a *authenticator) get(options j) j {
	a.t.Helper()
	client, data := a.client("webauthn.get", options["challenge"].(string)), a.data(nil)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return j{"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": j{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature),
		"userHandle": b64(a.handle)}}
}
