package site

import (
	"bytes"
	"context"
	"encoding/json"
	"html/template"
	"path"
	"slices"

	"github.com/gofiber/fiber/v2"

	"statuspage/public"
	"statuspage/public/install"
	"statuspage/public/templates"
	"statuspage/server/auth"
	"statuspage/server/lang"
	"statuspage/server/relay"
	"statuspage/server/site/serve"
)

// dashboardPolicy lets the admin application compile the rules, and nobody turn text into code but its template library
// and the registration of its service worker.
const dashboardPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' " +
	"data:; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types lit-html dashboard"

// doorPolicy is for the pages before it: no WebAssembly, and no text becomes code.
const doorPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types " +
	"'none'"

// workerPolicy lets the service worker fetch the files that it keeps.
const workerPolicy = "default-src 'none'; connect-src 'self'"

// shell is what every page of the admin application is told: nothing about anybody, so that a browser may keep it.
type shell struct {
	Core string
	Door
	Problem string // why the last attempt to sign in came to nothing
	Fresh   string // where the link is that sets the installation up; "" when it is set up
	Rule    string // what a password must be
	Session bool   // the browser has a cookie, which may be good
}

// Fresh says in a sentence where the link is that sets an installation up, and "" once that is done.
type Fresh func(ctx context.Context) string

func (f Fresh) where(c *fiber.Ctx) string {
	if f == nil {
		return ""
	}
	return f(c.UserContext())
}

// Dashboard adds the admin application's pages to an application. They are the same for everybody: who looks is told by
// the API.
func Dashboard(app fiber.Router, door Door, fresh Fresh, slug func(name string) string) {
	s := shell{Core: address("core.wasm"), Door: door, Rule: auth.PasswordRule}
	app.Get("/dashboard", fixed(door.within(), shellDoc(lang.English, "dashboard", s)))
	app.Get("/dashboard/*", fixed(door.within(), shellDoc(lang.English, "dashboard", s)))
	app.Get("/login", fresh.page(door.policy(), "login", s))
	app.Get("/setup/slug", suggest(slug))
	for _, name := range []string{"setup", "forgot", "accept"} { // which are about passwords
		page := inTurn(doorPolicy, name, s)
		if name == "setup" {
			page = fresh.page(doorPolicy, name, s)
		}
		if door.Kind() != "" {
			page = func(c *fiber.Ctx) error {
				secure(c)
				c.Set("Content-Security-Policy", doorPolicy)
				return c.Redirect("/login", fiber.StatusSeeOther)
			}
		}
		app.Get("/"+name, page)
	}
	app.Get("/manifest.webmanifest", fixed(doorPolicy, installed("manifest.webmanifest")))
	for _, name := range installIcons {
		app.Get("/install/"+name, fixed(doorPolicy, installed(name)))
	}
	app.Get("/sw.js", fixed(workerPolicy, worker(shellDoc(lang.English, "dashboard", s))))
}

// installIcons are the files beside the manifest.
var installIcons = []string{"icon.svg", "icon-192.png", "icon-512.png", "icon-maskable.png"}

// fixed answers with one document that is asked for anew each time, and seldom sent anew.
func fixed(policy string, doc *relay.Doc) fiber.Handler {
	return func(c *fiber.Ctx) error {
		secure(c)
		c.Set("Content-Security-Policy", policy)
		c.Set(fiber.HeaderCacheControl, "no-cache")
		return serve.Doc(c, doc)
	}
}

// page answers with one document as long as nothing is set up, and with another one from then on.
func (f Fresh) page(policy, name string, s shell) fiber.Handler {
	settled := inTurn(policy, name, s)
	in := s
	in.Session = true
	signedIn := inTurn(policy, name, in)
	return func(c *fiber.Ctx) error {
		c.Vary(fiber.HeaderCookie)
		begin := s
		switch begin.Fresh = f.where(c); {
		case begin.Fresh != "":
			return fixed(policy, shellDoc(interfaceIn(c), name, begin))(c)
		case serve.Refresh(c) != "":
			return signedIn(c)
		}
		return settled(c)
	}
}

// maxSuggested is how long a name may be that a slug is made of, in bytes.
const maxSuggested = 1000

// suggest answers with the slug of a name, for the form that asks for both.
func suggest(slug func(name string) string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		secure(c)
		c.Set(fiber.HeaderCacheControl, "no-store")
		c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
		return c.SendString(slug(serve.Brief(c.Query("name"), maxSuggested)))
	}
}

// catalogues says where the interface's words are, by language, as JSON; there are none before the build.
func catalogues() string {
	at := map[string]string{}
	for _, tag := range public.Languages {
		if found := address("dashboard." + tag + ".json"); found != "" {
			at[tag] = found
		}
	}
	text, _ := json.Marshal(at) // a map of texts
	return string(text)
}

// address is where a built file is; before the build there are none, and the pages are empty.
func address(logical string) string {
	at, _ := public.Asset(logical)
	return at
}

// NotSignedIn is the login page with the reason why a sign-in elsewhere came to nothing.
func NotSignedIn(c *fiber.Ctx, door Door, err error) error {
	view := refused(c, err)
	secure(c)
	c.Set("Content-Security-Policy", door.policy())
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Status(view.Status).Send(shellPage(interfaceIn(c), "login", shell{Door: door, Problem: view.Text}))
}

// shellDoc renders a template once, in a language of the interface.
func shellDoc(tag, name string, data any) *relay.Doc {
	return relay.NewDoc("text/html; charset=utf-8", shellPage(tag, name, data))
}

// shellPage renders a template; one that does not render is a mistake of the build and stops the start.
func shellPage(tag, name string, data any) []byte {
	t := template.Must(template.New(name).Funcs(template.FuncMap{"asset": address, "words": catalogues,
		"t":        func(text string) string { return say(tag, text) },
		"names":    func(list ...string) []string { return list },
		"language": func() string { return tag },
		"offered":  func() []offered { return offers(tag) }}).
		ParseFS(templates.Files, name+".html", "door.html"))
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func installed(name string) *relay.Doc {
	body, err := install.Files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	types := map[string]string{".webmanifest": "application/manifest+json", ".svg": "image/svg+xml",
		".png": "image/png"}
	return relay.NewDoc(types[path.Ext(name)], body)
}

// pushWorker is the service worker of public pages: it shows what browsers are told, and keeps and fetches nothing.
func pushWorker() *relay.Doc {
	var body []byte
	if file, built := public.Open("push.js"); built {
		body = file.Body
	}
	return relay.NewDoc("text/javascript; charset=utf-8", body)
}

// worker is the dashboard's service worker. It names the shell that it will keep, so that browsers see a new
// worker when the shell is new.
func worker(shell *relay.Doc) *relay.Doc {
	var body []byte
	if file, built := public.Open("sw.js"); built {
		body = slices.Clone(file.Body)
	}
	return relay.NewDoc("text/javascript; charset=utf-8", append(body, "\n// "+shell.ETag+"\n"...))
}
