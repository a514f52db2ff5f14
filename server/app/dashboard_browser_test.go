package app_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"statuspage/public"
	"statuspage/server/auth"
	"statuspage/server/racetest"
	"statuspage/server/usecase"
)

// patience is generous: the machine may be doing something else.
const patience = 30 * time.Second

// browser is one chromium; each visitor in it has cookies, storage and workers of its own.
type browser struct{ ctx context.Context }

func openBrowser(t *testing.T) *browser {
	t.Helper()
	return openBrowserIn(t, t.TempDir())
}

// openBrowserIn keeps what outlives a browser in a folder.
func openBrowserIn(t *testing.T, profile string, more ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	racetest.Outside(t, "a browser")
	if _, built := public.Asset("dashboard.js"); !built {
		t.Fatal("the dashboard is not built: go run ./public/build")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &browser{ctx}
}

// tab is one page of one visitor.
type tab struct {
	t        *testing.T
	ctx      context.Context
	base     string
	mu       sync.Mutex
	comments []string
}

// visitor opens a page as somebody who has never been here.
func (b *browser) visitor(t *testing.T, base string) *tab {
	t.Helper()
	return newTab(t, b.ctx, base, chromedp.WithNewBrowserContext())
}

// another opens one more tab of the same visitor.
func (b *tab) another() *tab {
	b.t.Helper()
	return newTab(b.t, b.ctx, b.base)
}

func newTab(t *testing.T, parent context.Context, base string, options ...chromedp.ContextOption) *tab {
	t.Helper()
	b := &tab{t: t, base: base}
	ctx, cancel := chromedp.NewContext(parent, append(options, chromedp.WithListener(b.note))...)
	t.Cleanup(cancel)
	b.ctx = ctx
	// Each tab has the focus, as if it were the only one: others are open at the same time.
	if _, err := chromedp.Run(ctx, command(emulation.SetFocusEmulationEnabled,
		emulation.SetFocusEmulationEnabledParams{Enabled: true})); err != nil {
		t.Fatal(err)
	}
	b.ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	return b
}

// note keeps scripts that broke and what the page's policy refused. Failed requests are part of some tests.
func (b *tab) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError && e.Entry.Source != cdplog.EntrySourceNetwork {
			b.comments = append(b.comments, string(e.Entry.Source)+": "+e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		b.comments = append(b.comments, "exception: "+text)
	}
}

// clean fails the test if a script broke.
func (b *tab) clean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.comments {
		b.t.Errorf("the browser says: %s", c)
	}
	b.comments = nil
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) visit(path string) { b.t.Helper(); b.do(chromedp.Navigate(b.base + path)) }

// eval answers with a JavaScript value.
func eval[T any](b *tab, script string, args ...any) T {
	b.t.Helper()
	script = fmt.Sprintf(script, args...)
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return out
}

// until waits for a JavaScript condition.
func (b *tab) until(condition string, args ...any) {
	b.t.Helper()
	condition = fmt.Sprintf(condition, args...)
	for end := time.Now().Add(patience); ; time.Sleep(15 * time.Millisecond) {
		// While a page is being replaced there is nothing to ask.
		if is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+condition+")")); err == nil && is {
			return
		}
		if time.Now().After(end) {
			text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.pathname + '\\n' + "+
				"document.body.innerText + '\\n' + [...document.querySelectorAll('input, textarea')].map((x) => x.id "+
				"+ '=' + x.value).join('\\n') + '\\nfocus: ' + document.activeElement?.outerHTML.slice(0, 120)"))
			b.mu.Lock()
			defer b.mu.Unlock()
			b.t.Fatalf("never true: %s\nthe page: %.3000s\nthe browser says: %q", condition, text, b.comments)
		}
	}
}

// key presses keys, each as a person would.
func (b *tab) key(keys string, with ...chromedp.Modifier) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(with...)))
}

// press clicks the button or link of these words, in the dialog if one is open. Only what a person could click is
// clicked.
func (b *tab) press(words string) {
	b.t.Helper()
	b.until(`(() => {
		const within = document.querySelector('dialog[open]') ?? document.body;
		const found = [...within.querySelectorAll('button, a')].find((x) => x.textContent.trim() === %q && !x.disabled && x.checkVisibility());
		found?.click();
		return found;
	})()`, words)
}

// write fills a field by its label.
func (b *tab) write(label, text string) {
	b.t.Helper()
	b.until(`(() => {
		const labels = [...document.querySelectorAll('label')].filter((l) => l.textContent.replace('optional', '').trim() === %q && l.checkVisibility());
		labels.at(-1)?.control?.select?.();
		labels.at(-1)?.control?.focus();
		return labels.length;
	})()`, label)
	b.do(chromedp.KeyEvent(text))
}

// choose takes an option of the select with this label or name.
func (b *tab) choose(label, value string) {
	b.t.Helper()
	b.until(`(() => {
		const within = document.querySelector('dialog[open]') ?? document;
		const select = [...within.querySelectorAll('select')].find((s) => s.ariaLabel === %q || s.labels?.[0]?.textContent.trim() === %[1]q);
		if (!select || ![...select.options].some((o) => o.value === %[2]q)) return false;
		select.value = %[2]q;
		select.dispatchEvent(new Event('change', { bubbles: true }));
		return true;
	})()`, label, value)
}

// tick turns on the checkbox beside these words.
func (b *tab) tick(words string) {
	b.t.Helper()
	b.until(`(() => {
		const label = [...document.querySelectorAll('dialog[open] label')].find((l) => l.textContent.trim() === %q);
		const box = label?.control;
		if (!box || box.disabled) return false;
		if (!box.checked) box.click();
		return true;
	})()`, words)
}

// reads waits until the page says something.
func (b *tab) reads(text string) {
	b.t.Helper()
	b.until(`document.body.innerText.includes(%q)`, text)
}

func (b *tab) theme(name string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, command(emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}}))
	if err != nil {
		b.t.Fatal(err)
	}
}

func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, c, params) }
}

const password = "a password for tests"

// person adds somebody who can sign in with a password, and gives the address.
func (c *tenant) person(name string, role auth.Role) string {
	c.t.Helper()
	email := name + "@" + c.slug + ".example"
	if _, err := c.app.UseCases.AddMember(context.Background(), usecase.Caller{System: true}, c.id,
		usecase.NewMember{Email: email, Name: strings.ToUpper(name[:1]) + name[1:], Role: role,
			Password: password}); err != nil {
		c.t.Fatal(err)
	}
	return email
}

// signIn comes in by the door, with the keyboard.
func (b *tab) signIn(email string) {
	b.t.Helper()
	b.visit("/login")
	b.until(`document.activeElement?.id === 'email'`)
	b.key(email)
	b.key(kb.Tab)
	b.key(password)
	b.key(kb.Enter)
	b.live()
}

// live waits for the connection.
func (b *tab) live() {
	b.t.Helper()
	b.until(`document.querySelector('.connection.live') && document.querySelector('main h1')`)
}

// kept waits until the service worker has what a start without a network needs.
func (b *tab) kept() {
	b.t.Helper()
	b.until(`navigator.serviceWorker.controller`)
}

// queued is how many changes the connection mark says are waiting.
func (b *tab) queued(n int) {
	b.t.Helper()
	if n == 0 {
		b.until(`!document.querySelector('.connection .count')`)
		return
	}
	b.until(`document.querySelector('.connection .count')?.textContent === '%d queued'`, n)
}
