package auth

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestADeviceIsKnownToTheAccountsThatItSignedInTo(t *testing.T) {
	keys := &keystore{}
	local := NewLocal(keys)
	now := time.Now()
	if err := local.Ensure(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	devices := NewDevices(keys)
	cookie, until, err := devices.Note(t.Context(), Device{}, "Ada@example.com", now)
	if err != nil || until.Sub(now) != DeviceTTL || strings.Contains(cookie, "ada") {
		t.Fatal(cookie, until, err)
	}
	device, ok := devices.Read(t.Context(), cookie, now)
	if !ok || !device.Knows("ada@EXAMPLE.com") || device.Knows("bob@example.com") || device.Knows("") {
		t.Errorf("it is %+v, %v", device, ok)
	}
	for i := range 10 { // it stays the same device, of the last few accounts
		cookie, _, err = devices.Note(t.Context(), device, fmt.Sprintf("user-%d@example.com", i), now)
		if err != nil {
			t.Fatal(err)
		}
		next, ok := devices.Read(t.Context(), cookie, now)
		if !ok || next.ID != device.ID || len(next.Accounts) > deviceAccounts {
			t.Fatalf("it becomes %+v, %v", next, ok)
		}
		device = next
	}
	if device.Knows("ada@example.com") || !device.Knows("user-9@example.com") || !device.Knows("user-6@example.com") ||
		len(cookie) > maxDevice {
		t.Errorf("in the end it is %+v in %d bytes", device, len(cookie))
	}
	other := &keystore{}
	if err := NewLocal(other).Ensure(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	forged, _, _ := NewDevices(other).Note(t.Context(), Device{}, "ada@example.com", now)
	token, _, _ := local.Mint(t.Context(), Subject{UserID: "u-1"}, 0, now)
	for name, bad := range map[string]string{"nothing": "", "another's": forged, "a token": token,
		"changed": cookie[:len(cookie)-2] + "xx", "long": strings.Repeat("x", 5000)} {
		if _, ok := devices.Read(t.Context(), bad, now); ok {
			t.Errorf("%s is a device", name)
		}
	}
	if _, ok := devices.Read(t.Context(), cookie, now.Add(DeviceTTL+time.Minute)); ok {
		t.Error("it is known for ever")
	}
	v := verifier(t, Options{Issuers: []Issuer{local.Issuer()}})
	if _, err := v.Verify(t.Context(), cookie); err == nil {
		t.Error("it passes for a token")
	}
}
