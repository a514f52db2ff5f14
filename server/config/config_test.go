package config

import "testing"

// Commands beside the server share its environment, and sign with the built-in issuer whatever the server takes.
func TestTheEnvironmentHasNoWordInTheDefaults(t *testing.T) {
	want := usual(t)
	if want.PublicRate != 50 || want.OrgSockets != 18_000 || want.WriteForward != "fly-replay" || want.Auth.Preset != "clerk" {
		t.Errorf("the defaults are %+v", want)
	}
	t.Setenv("AUTH_JWKS_URL", "https://issuer.example/jwks.json")
	t.Setenv("PUBLIC_RATE", "many")
	if got := usual(t); got.Auth.External() || got.PublicRate != want.PublicRate {
		t.Errorf("with an environment they are %+v", got)
	}
}
