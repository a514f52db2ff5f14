package site

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"statuspage/server/racetest"
)

// tab is a chromium with one page open, and a note of what it complained about.
type tab struct {
	t        *testing.T
	ctx      context.Context
	mu       sync.Mutex
	comments []string
}

// chromium is one process for all tests; stop ends it.
var (
	chromium = sync.OnceValues(func() (context.Context, error) {
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
		alloc, endProcess := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, endBrowser := chromedp.NewContext(alloc)
		stop = func() { endBrowser(); endProcess() }
		return ctx, chromedp.Do(ctx)
	})
	stop = func() {}
)

func TestMain(m *testing.M) {
	code := m.Run()
	stop()
	os.Exit(code)
}

// browse opens a tab that shares nothing with the others.
func browse(t *testing.T) *tab {
	t.Helper()
	racetest.Outside(t, "a browser")
	parent, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	b := &tab{t: t}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.note))
	t.Cleanup(cancel)
	b.ctx = ctx
	b.do() // the first command opens the tab, and its context must outlive it
	b.ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	return b
}

// note keeps what should not happen on any page: refused resources, broken scripts, dialogs.
func (b *tab) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.comments = append(b.comments, string(e.Entry.Source)+": "+e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.comments = append(b.comments, "exception: "+e.ExceptionDetails.Text)
	case *page.EventJavascriptDialogOpening:
		b.comments = append(b.comments, "dialog: "+e.Message)
	}
}

// clean fails the test if the browser complained about anything that was not expected.
func (b *tab) clean(expected ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
next:
	for _, c := range b.comments {
		for _, e := range expected {
			if strings.Contains(c, e) {
				continue next
			}
		}
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

func (b *tab) size(width int64) { b.t.Helper(); b.do(chromedp.EmulateViewport(width, 900)) }

func (b *tab) theme(name string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, send(emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}}))
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) scripts(on bool) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, send(emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: !on})); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) zone(name string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, send(emulation.SetTimezoneOverride,
		emulation.SetTimezoneOverrideParams{TimezoneID: name})); err != nil {
		b.t.Fatal(err)
	}
}

func send[P, R any](c cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, c, params) }
}

func (b *tab) visit(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
}

// eval answers with a JavaScript value.
func eval[T any](b *tab, script string) T {
	b.t.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return out
}

// until waits for a JavaScript condition, generously.
func (b *tab) until(condition string) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		// While a page goes away there is nothing to ask.
		if is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+condition+")")); err == nil && is {
			return
		}
		if time.Now().After(end) {
			b.t.Fatalf("never true: %s", condition)
		}
	}
}
