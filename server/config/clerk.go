package config

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
)

var hostPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`)

// ClerkHost is where Clerk's script and interface are: a publishable key is "pk_test_" or "pk_live_" and that host with
// a dollar sign behind it, in base64. "" when there is no key.
func (a Auth) ClerkHost() (string, error) {
	if a.ClerkPublishableKey == "" {
		return "", nil
	}
	text, live := strings.CutPrefix(a.ClerkPublishableKey, "pk_live_")
	if !live {
		var test bool
		if text, test = strings.CutPrefix(a.ClerkPublishableKey, "pk_test_"); !test {
			return "", errClerkKey
		}
	}
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	host, marked := strings.CutSuffix(string(raw), "$")
	if err != nil || !marked || !hostPattern.MatchString(host) {
		return "", errClerkKey
	}
	return host, nil
}

var errClerkKey = errors.New("CLERK_PUBLISHABLE_KEY must be a key such as pk_live_…, as Clerk's dashboard shows it")
