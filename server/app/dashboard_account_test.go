package app_test

import (
	"strings"
	"testing"

	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/notify/notifytest"
)

// offerAccepted follows an offer from the team to the person who joins, in two browsers.
func offerAccepted(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/team")
	b.press("Offer a membership")
	b.write("E-mail", "sam@people.example")
	b.write("Name", "Sam")
	b.press("Offer")
	b.reads("Give this link to the person yourself")
	link := eval[string](b, `document.querySelector('code.secret').textContent`)
	b.visit("/dashboard/team")
	b.reads("Offered by Ada")
	b.passesAxe("the team with an offer")
	b.clean()

	sam := w.visitor(t, "http://"+c.addr)
	_, path, _ := strings.Cut(link, c.addr)
	sam.visit(path)
	sam.reads("Join The acme?")
	sam.reads("Ada offers sam@people.example to join The acme as a member.")
	sam.passesAxe("the page of an offer")
	sam.write("A password", "short")
	sam.press("Accept and sign in")
	sam.until(`document.getElementById('password').getAttribute('aria-invalid') === 'true'`)
	sam.write("A password", password)
	sam.press("Accept and sign in")
	sam.live()
	sam.reads("You are a member here")
	b.visit("/dashboard/team")
	b.until(
		`document.querySelectorAll('table.list tbody tr').length === 3 && !document.querySelector('main').innerText.includes('Offered by')`)
	sam.visit(path)
	sam.reads("This link cannot be used")
}

// offerSeen is somebody who has an account: the offer stands in the dashboard, and there is nothing to be clicked in a
// mail.
func offerSeen(t *testing.T, w *browser) {
	c, _ := house(t)
	other := c.tenant("other")
	email := c.person("sam", auth.Member)
	other.must("POST", "/api/v1/members/", map[string]any{"email": email, "role": "admin"})
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(email)
	b.reads("The other offers you a membership.")
	b.visit("/dashboard/account")
	b.reads("offers you to join The other as an admin")
	b.press("Accept")
	b.reads("You belong to The other now.")
	b.press("Open")
	b.until(`location.pathname === '/dashboard' && document.querySelector('.brand .name')?.textContent === 'The other'`)
	b.clean()
}

// ownAccount renames, changes the password, and ends the session of another browser.
func ownAccount(t *testing.T, w *browser) {
	c, admin := house(t)
	other := w.visitor(t, "http://"+c.addr)
	other.signIn(admin)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/account")
	b.until(`document.querySelectorAll('[aria-labelledby=sessions] tbody tr').length === 2`)
	b.passesAxe("the account")
	b.press("Change the name")
	b.write("Name", "Ada Lovelace")
	b.press("Save")
	b.until(`document.querySelector('.who strong').textContent === 'Ada Lovelace'`)
	b.press("Change the password")
	b.write("Your present password", "not this one at all")
	b.write("The new one", "another few words")
	b.press("Change it")
	b.reads("This is not your password.")
	b.write("Your present password", password)
	b.press("Change it")
	b.until(`document.querySelectorAll('[aria-labelledby=sessions] tbody tr').length === 1`)
	other.reads("Your sign-in has ended.")
	if code, _, err := c.send("GET", "/api/v1/services/", nil); err != nil || code != 200 {
		t.Errorf("another person's session answers %d, %v", code, err)
	}
}

// addressProved is somebody whose account was made by a link that was handed over; their mailbox proves it.
func addressProved(t *testing.T, w *browser) {
	server := notifytest.StartMail(t)
	s := startSite(t, func(c *config.Config) { c.SMTPURL, c.BaseURL = server.URL(), "https://status.example" })
	acme := s.org()
	const email = "sam@people.example"
	heldBy(t, s, acme, email, password).is(200)
	b := w.visitor(t, "http://"+s.addr)
	b.signIn(email)
	b.visit("/dashboard/account")
	b.reads("Nobody has proved your address yet.")
	b.passesAxe("the account of somebody who has not proved the address")
	b.press("Prove your address")
	b.write("Your password", password)
	b.press("Mail a link to it")
	b.reads("A mail with a link is on its way to this address.")
	b.visit("/accept#token=" + mailedLink(t, server.Wait(t, 1)[0]))
	b.reads("Is this your address?")
	b.write("Your password", password)
	b.press("Yes, use it")
	b.reads("You sign in with " + email + " from now on.")
	b.signIn(email)
	b.visit("/dashboard/account")
	b.reads("Change the address")
	b.until(
		`document.querySelector('#add-totp') && !document.body.innerText.includes('Prove your address') && !document.body.innerText.includes('Nobody has proved')`)
}

// organizationDeleted types the name, and takes it back.
func organizationDeleted(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/settings")
	b.press("Delete The acme")
	b.write("Its short name", "wrong")
	b.press("Delete it")
	b.reads("Type the short name of the organization")
	b.write("Its short name", "acme")
	b.press("Delete it")
	b.reads("The acme is deleted.")
	if code, _, err := c.send("GET", "/api/v1/services/", nil); err != nil || code != 401 {
		t.Errorf("its token is answered with %d, %v", code, err)
	}
	b.press("Undo")
	b.reads("The acme is back.")
	b.press("Open")
	b.live()
	if code, _, err := c.send("GET", "/api/v1/services/", nil); err != nil || code != 200 {
		t.Errorf("its token is answered with %d, %v", code, err)
	}
}
