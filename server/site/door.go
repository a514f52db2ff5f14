package site

// Door is how people sign in: by the built-in form when it is empty.
type Door struct {
	ClerkHost, ClerkKey string // by Clerk's own form
	Elsewhere           bool   // with an issuer that has no form here
	Begins              string // the path that leads to that issuer's own pages; "" when nobody knows them
}

// Kind is what the dashboard knows of it.
func (d Door) Kind() string {
	switch {
	case d.ClerkHost != "":
		return "clerk"
	case d.Elsewhere:
		return "elsewhere"
	}
	return ""
}

// ClerkScript is the address of Clerk's script: its fifth major version has the form within.
func (d Door) ClerkScript() string {
	return "https://" + d.ClerkHost + "/npm/@clerk/clerk-js@5/dist/clerk.browser.js"
}

// policy is for /login alone. Clerk's script needs what its documentation lists, and the dashboard holds the page in a
// frame.
func (d Door) policy() string {
	if d.ClerkHost == "" {
		return doorPolicy
	}
	clerk, challenges := "https://"+d.ClerkHost, "https://challenges.cloudflare.com"
	return "default-src 'none'; script-src 'self' " + clerk + " " + challenges +
		"; style-src 'self' 'unsafe-inline'; img-src 'self' https://img.clerk.com; " +
		"connect-src 'self' " + clerk + "; frame-src " + challenges +
		"; worker-src 'self' blob:; manifest-src 'self'; form-action 'self'; base-uri 'none'; " +
		"frame-ancestors 'self'"
}

// within is for the dashboard, which loads nothing of Clerk's: a frame of /login gives it tokens.
func (d Door) within() string {
	if d.ClerkHost == "" {
		return dashboardPolicy
	}
	return dashboardPolicy + "; frame-src 'self'"
}
