package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// RFC 6238, 5.2: a code is of its thirty seconds, give or take one for the clock, and is taken once.
func TestACodeIsOfItsTimeAndTakenOnce(t *testing.T) {
	made, err := NewTOTP("Status Page", "ada@acme.example")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_010, 0)
	step := now.Unix() / 30
	at := func(steps int) string {
		code, err := totp.GenerateCode(made.Secret, now.Add(time.Duration(steps)*30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	for _, row := range []struct {
		name string
		code string
		last int64
		want int64 // 0 is refused
	}{
		{"now", at(0), 0, step}, {"a clock behind", at(-1), 0, step - 1}, {"a clock ahead", at(1), 0, step + 1},
		{"too old", at(-2), 0, 0}, {"too early", at(2), 0, 0}, {"used", at(0), step, 0},
		{"older than what was used", at(-1), step, 0}, {"the next", at(1), step, step + 1},
		{"spaced", at(0)[:3] + " " + at(0)[3:], 0, step}, {"nothing", "", 0, 0}, {"more", at(0) + "0", 0, 0},
		{"less", at(0)[:5], 0, 0}, {"letters", "abcdef", 0, 0},
	} {
		got, right := CheckTOTP(made.Secret, row.code, row.last, now)
		if right != (row.want != 0) || right && got != row.want {
			t.Errorf("%s: %d %t, not %d", row.name, got, right, row.want)
		}
	}
	if !strings.HasPrefix(made.QR, "data:image/png;base64,") || !strings.Contains(made.URL, "issuer=Status") {
		t.Errorf("%s %.30s", made.URL, made.QR)
	}
}

func TestRecoveryCodesAreReadHoweverTheyAreWritten(t *testing.T) {
	codes, hashes := NewRecoveryCodes()
	seen := map[string]bool{}
	for i, code := range codes {
		for _, written := range []string{code, strings.ToUpper(code), strings.ReplaceAll(code, "-", " "),
			" " + strings.ReplaceAll(code, "-", "") + "\n"} {
			if hash, ok := HashRecoveryCode(written); !ok || hash != hashes[i] {
				t.Errorf("%q is not read", written)
			}
		}
		seen[code] = true
	}
	if len(seen) != RecoveryCodes || len(hashes) != RecoveryCodes {
		t.Errorf("%d different codes, %d hashes", len(seen), len(hashes))
	}
	for _, none := range []string{"", "aaaa", codes[0] + "a", "0000-1111-llll-oooo", strings.Repeat("a", 1<<16)} {
		if _, ok := HashRecoveryCode(none); ok {
			t.Errorf("%.30q is read as a code", none)
		}
	}
}

func TestWhatIsSealedOpensWithItsKeyForItsUseAlone(t *testing.T) {
	key, text := NewSealKey()
	read, err := ReadSealKey(" " + text + "\n")
	if err != nil || string(read) != string(key) {
		t.Fatal(err)
	}
	s, err := NewSealer(key)
	if err != nil {
		t.Fatal(err)
	}
	box := s.Seal("totp of ada", "JBSWY3DPEHPK3PXP")
	if strings.Contains(box, "JBSWY3DP") || box == s.Seal("totp of ada", "JBSWY3DPEHPK3PXP") {
		t.Errorf("sealed as %s", box)
	}
	if got, err := s.Open("totp of ada", box); err != nil || got != "JBSWY3DPEHPK3PXP" {
		t.Errorf("opened as %q: %v", got, err)
	}
	otherKey, _ := NewSealKey()
	other, _ := NewSealer(otherKey)
	changed := box[:len(box)-1] + string(box[len(box)-1]^1)
	for name, open := range map[string]func() (string, error){
		"for somebody else": func() (string, error) { return s.Open("totp of sam", box) },
		"with another key":  func() (string, error) { return other.Open("totp of ada", box) },
		"without a key":     func() (string, error) { return Sealer{}.Open("totp of ada", box) },
		"changed":           func() (string, error) { return s.Open("totp of ada", changed) },
		"not sealed":        func() (string, error) { return s.Open("totp of ada", "JBSWY3DPEHPK3PXP") },
		"cut":               func() (string, error) { return s.Open("totp of ada", box[:8]) },
	} {
		if got, err := open(); !errors.Is(err, ErrSealed) || got != "" {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	for _, bad := range []string{"", "abc", text[:len(text)-4]} {
		if _, err := ReadSealKey(bad); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
}

func TestPasskeysAreForHostNames(t *testing.T) {
	for base, want := range map[string]string{
		"https://status.example": "status.example", "http://localhost:8080": "localhost",
		"https://status.example:8443": "status.example",
		"http://127.0.0.1:8080":       "", "https://[::1]": "", "": "", "not an address": "",
	} {
		p, err := NewParty(base)
		if (err == nil) != (want != "") || err == nil && p.ID != want {
			t.Errorf("%q: %v %v", base, p, err)
		}
	}
}

func TestAnAskIsOursAndLastsMinutes(t *testing.T) {
	ctx, now := t.Context(), time.Now()
	keys := &keystore{}
	local := NewLocal(keys)
	if err := local.Ensure(ctx, now); err != nil {
		t.Fatal(err)
	}
	asks := NewAsks(keys)
	text, err := asks.Sign(ctx, []byte(`{"challenge":"x"}`), now)
	if err != nil {
		t.Fatal(err)
	}
	if ask, err := asks.Read(ctx, text, now.Add(ChallengeTTL-time.Second)); err != nil ||
		string(ask.State) != `{"challenge":"x"}` {
		t.Errorf("%+v %v", ask, err)
	}
	token, _, err := local.Mint(ctx, Subject{UserID: "ada"}, 0, now)
	if err != nil {
		t.Fatal(err)
	}
	ticket, _, err := NewTickets(keys).Issue(ctx, Principal{ID: "ada"}, now)
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		text string
		at   time.Time
	}{"over": {text, now.Add(ChallengeTTL + time.Minute)}, "a token": {token, now}, "a ticket": {ticket, now},
		"changed": {text[:len(text)-4] + "AAAA", now}, "nothing": {"", now}} {
		if _, err := asks.Read(ctx, x.text, x.at); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}
