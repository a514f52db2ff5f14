package auth

import (
	"encoding/json"
	"testing"

	"github.com/go-webauthn/webauthn/webauthn"
)

func TestAPasskeyWhoseKeyIsTooLongAnswersNothing(t *testing.T) {
	var h Holder
	for _, n := range []int{77, maxPublicKey, maxPublicKey + 1, 32_768} {
		record, err := json.Marshal(webauthn.Credential{ID: []byte{1}, PublicKey: make([]byte, n)})
		if err != nil {
			t.Fatal(err)
		}
		h.Records = append(h.Records, string(record))
	}
	read, err := h.read()
	if err != nil || len(read.credentials) != 2 {
		t.Errorf("%d passkeys are asked for, %v", len(read.credentials), err)
	}
}
