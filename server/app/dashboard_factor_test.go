package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"statuspage/server/auth"
)

// authenticator gives the tab a device that makes passkeys and knows its person.
func (b *tab) authenticator() {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, command(webauthn.Enable, webauthn.EnableParams{})); err != nil {
		b.t.Fatal(err)
	}
	if _, err := chromedp.Run(b.ctx, command(webauthn.AddVirtualAuthenticator,
		webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true,
			IsUserVerified: true, AutomaticPresenceSimulation: true}})); err != nil {
		b.t.Fatal(err)
	}
}

// signOut leaves by the button.
func (b *tab) signOut() {
	b.t.Helper()
	b.until(`(document.querySelector('button[aria-label="Sign out"]')?.click(), location.pathname === '/login')`)
	b.until(`document.activeElement?.id === 'email'`)
}

// password types address and password at the door.
func (b *tab) password(email string) {
	b.t.Helper()
	b.visit("/login")
	b.until(`document.activeElement?.id === 'email'`)
	b.key(email)
	b.key(kb.Tab)
	b.key(password)
	b.key(kb.Enter)
}

// A passkey and an authenticator application are set up, sign in as second step, by keyboard, and by the passkey alone.
func secondFactorStory(t *testing.T, w *browser) {
	c, _ := house(t)
	admin := c.person("eve", auth.Admin)
	_, port, _ := strings.Cut(c.addr, ":")
	b := w.visitor(t, "http://localhost:"+port)
	b.authenticator()
	b.signIn(admin)
	b.visit("/dashboard/account")
	b.until(`document.querySelector('#add-passkey')`)
	b.passesAxe("the account without factors")
	b.press("Add a passkey")
	b.write("Name", "My telephone")
	b.press("Add it")
	b.until(`document.querySelectorAll('#codes li').length === 10`)
	code := eval[string](b, `document.querySelector('#codes code').textContent`)
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until(
		`document.body.innerText.includes('My telephone') && document.body.innerText.includes('Passkey for localhost')`)

	b.press("Add an authenticator application")
	b.until(`document.querySelector('img.qr')?.naturalWidth === 240`)
	b.passesAxe("the secret of an authenticator")
	secret := eval[string](b, `document.querySelector('dialog .secret').textContent`)
	b.write("Code", totpCode(t, secret, time.Now()))
	b.press("Add it")
	b.until(`document.body.innerText.includes('Codes of six digits') && !document.querySelector('dialog[open]')`)
	b.passesAxe("the account with factors")

	b.signOut() // by the passkey alone
	b.press("Sign in with a passkey")
	b.live()

	b.signOut() // the passkey as second step, by keyboard
	b.password(admin)
	b.until(`document.activeElement?.id === 'code'`)
	b.passesAxe("the second step")
	b.key(kb.Tab, chromedp.ModifierShift)
	b.until(`document.activeElement?.id === 'by-passkey'`)
	b.key(kb.Enter)
	b.live()

	b.signOut() // a code
	c.sql(`UPDATE factors SET last_step = 0 WHERE kind = 'totp'`)
	b.password(admin)
	b.until(`document.activeElement?.id === 'code'`)
	b.key("000000")
	b.key(kb.Enter)
	b.until(`document.querySelector('#code[aria-invalid=true]') && document.querySelector('#code-hint.bad')`)
	b.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.key(totpCode(t, secret, time.Now()))
	b.key(kb.Enter)
	b.live()

	b.signOut() // a recovery code
	b.password(admin)
	b.until(`document.activeElement?.id === 'code'`)
	b.press("Use a recovery code")
	b.until(`document.activeElement?.id === 'recovery_code'`)
	b.key(code)
	b.key(kb.Enter)
	b.live()
	b.visit("/dashboard/account")
	b.reads("9 recovery codes left.")
	b.clean()
}

// An organisation asks for a factor: who has none is led to set one up, at once, and sees nothing before.
func requiredFactor(t *testing.T, w *browser) {
	c, _ := house(t)
	boss, sam := c.person("bea", auth.Admin), c.person("sam", auth.Member)
	_, port, _ := strings.Cut(c.addr, ":")
	base := "http://localhost:" + port
	a, b := w.visitor(t, base), w.visitor(t, base)
	a.authenticator()
	b.authenticator()
	a.signIn(boss)
	b.signIn(sam)
	ask := func(is string) {
		a.visit("/dashboard/settings")
		a.until(
			`(() => { const box = document.querySelector('#second-factor'); if (!box || box.disabled) return false; if (box.checked !== %s) box.click(); return true; })()`, is)
	}
	ask("true")
	a.reads("Sign in with a second factor yourself first")
	a.visit("/dashboard/account")
	a.press("Add a passkey")
	a.press("Add it")
	a.until(`document.querySelectorAll('#codes li').length === 10`)
	ask("true")
	a.reads("Everybody is asked for a second factor now")

	b.reads("asks for a second factor. Set one up")
	b.until(`!document.body.innerText.includes('Payments')`)
	b.visit("/dashboard/services") // nor after a reload, nor elsewhere
	b.reads("Set one up, and you go on")
	b.passesAxe("the gate")
	b.press("Add a passkey")
	b.press("Add it")
	b.until(`document.querySelectorAll('#codes li').length === 10`)
	b.do(chromedp.KeyEvent(kb.Escape))
	b.live()
	b.reads("Payments")
	a.clean()
	b.clean()
}

// A sign-in that ended is taken up in place, with the second step.
func secondStepInPlace(t *testing.T, w *browser) {
	c, _ := house(t)
	admin := c.person("ivy", auth.Admin)
	_, port, _ := strings.Cut(c.addr, ":")
	b := w.visitor(t, "http://localhost:"+port)
	b.authenticator()
	b.signIn(admin)
	b.visit("/dashboard/account")
	b.press("Add an authenticator application")
	b.until(`document.querySelector('dialog .secret')`)
	secret := eval[string](b, `document.querySelector('dialog .secret').textContent`)
	b.write("Code", totpCode(t, secret, time.Now()))
	b.press("Add it")
	b.until(`document.querySelectorAll('#codes li').length === 10`)
	b.do(chromedp.KeyEvent(kb.Escape))
	c.signOutEverywhere("ivy")
	c.sql(`UPDATE factors SET last_step = 0 WHERE kind = 'totp'`)
	b.reads("Your sign-in has ended")
	b.press("Sign in")
	b.write("Password", password)
	b.key(kb.Enter)
	b.until(`document.activeElement?.id === 'f-code'`) // where the focus goes by itself, once it is there for good
	b.key(totpCode(t, secret, time.Now()))
	b.key(kb.Enter)
	b.until(`!document.querySelector('dialog[open]') && document.querySelector('.connection.live')`)
	b.clean()
}
