package region

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"statuspage/shared/fault"
)

// served is an application whose routes are behind a region's middleware and say that they were reached here.
func served(r *Region) *fiber.App {
	app := fiber.New(fiber.Config{
		DisableStartupMessage: true,
		ErrorHandler: func(c *fiber.Ctx, err error) error {
			var f *fault.Error
			if !errors.As(err, &f) {
				return c.Status(500).SendString(err.Error())
			}
			return c.Status(f.Code.Status()).SendString(string(f.Code))
		},
	})
	app.Use(r.Writes)
	app.All("/*", func(c *fiber.Ctx) error { return c.SendString("here") })
	return app
}

// ask answers the status, the body and the instruction to Fly's proxy.
func ask(t *testing.T, app *fiber.App, method, body string, header ...string) (code int, text, replay string) {
	t.Helper()
	req := httptest.NewRequest(method, "/api/v1/services/?a=%2F", strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := app.Test(req, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(all), res.Header.Get("fly-replay")
}

func TestWritesGoToThePrimaryAndReadsStay(t *testing.T) {
	here := served(New("fra", "fra", true, "", ""))
	away := served(New("syd", "fra", false, "", ""))
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"} {
		reads := method == "GET" || method == "HEAD" || method == "OPTIONS"
		if code, _, replay := ask(t, here, method, ""); code != 200 || replay != "" {
			t.Errorf("the primary answers %s with %d %q", method, code, replay)
		}
		code, _, replay := ask(t, away, method, "")
		if reads && (code != 200 || replay != "") {
			t.Errorf("%s leaves its region: %d %q", method, code, replay)
		}
		if !reads && (code != http.StatusConflict || replay != "region=fra;timeout=5s;fallback=force_self") {
			t.Errorf("%s does not reach the primary: %d %q", method, code, replay)
		}
	}
}

// Whoever forges one of the marks is refused; that it is refused and not forwarded ends every circle.
func TestWhatWasBroughtOnceIsNotBroughtAgain(t *testing.T) {
	for _, r := range []*Region{New("syd", "fra", false, "", ""),
		New("syd", "fra", false, "proxy", "http://127.0.0.1:1")} {
		for _, mark := range []string{Replayed, "fly-replay-src", "fly-replay-failed"} {
			code, text, replay := ask(t, served(r), "POST", "x", mark, "fra")
			if code != http.StatusServiceUnavailable || text != string(fault.Unavailable) || replay != "" {
				t.Errorf("%s: %d %s %q", mark, code, text, replay)
			}
		}
	}
	alone := New("fra", "", true, "", "")
	if alone.PrimaryName != "fra" {
		t.Errorf("a region alone has the primary %q", alone.PrimaryName)
	}
	if err := alone.ToPrimary(nil); err == nil {
		t.Error("a primary brings a request to itself")
	}
}

func TestABodyThatFlyWouldNotReplayIsRefusedHere(t *testing.T) {
	app := served(New("syd", "fra", false, "", ""))
	if code, text, replay := ask(t, app, "POST", strings.Repeat("x", MaxBody+1)); code != 413 || replay != "" {
		t.Errorf("%d %s %q", code, text, replay)
	}
	if code, _, replay := ask(t, app, "POST", strings.Repeat("x", MaxBody)); code != http.StatusConflict ||
		replay == "" {
		t.Errorf("exactly 1 MB: %d %q", code, replay)
	}
}

func TestAProxyOfOurOwnCarriesTheRequestWhole(t *testing.T) {
	primary := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", strings.Join([]string{
			r.Method, r.RequestURI, r.Host, string(body), r.Header.Get(Replayed), r.Header.Get("Authorization"),
			r.Header.Get("Te"),
		}, " "))
		w.Header().Set("Keep-Alive", "timeout=1")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "made")
	}))
	t.Cleanup(primary.Close)
	r := New("syd", "fra", false, "proxy", primary.URL+"/")
	app := served(r)
	req := httptest.NewRequest("POST", "/api/v1/services/?a=%2F", strings.NewReader("{}"))
	req.Host = "status.example.com"
	for name, value := range map[string]string{"Authorization": "Bearer t", "Te": "trailers"} {
		req.Header.Set(name, value)
	}
	res, err := app.Test(req, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != 201 || string(body) != "made" || res.Header.Get("Keep-Alive") != "" {
		t.Errorf("%d %s %v", res.StatusCode, body, res.Header)
	}
	if saw, want := res.Header.Get("X-Saw"),
		"POST /api/v1/services/?a=%2F status.example.com {} syd Bearer t "; saw != strings.TrimSpace(want) {
		t.Errorf("the primary saw %q, not %q", saw, want)
	}
}

func TestAPrimaryThatIsAwayIsUnavailable(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	code, text, _ := ask(t, served(New("syd", "fra", false, "proxy", "http://"+address)), "POST", "x")
	if code != http.StatusServiceUnavailable || text != string(fault.Unavailable) {
		t.Errorf("%d %s", code, text)
	}
}

// With fly-replay only what came through Fly's proxy may be answered with the instruction.
func TestWhoComesDirectlyIsNotLeftWithAnInstruction(t *testing.T) {
	for _, c := range []struct {
		region *Region
		header string
		want   bool
	}{
		{New("fra", "fra", true, "", ""), "Fly-Request-Id", false},
		{New("syd", "fra", false, "", ""), "", false},
		{New("syd", "fra", false, "", ""), "Fly-Request-Id", true},
		{New("syd", "fra", false, "proxy", "http://127.0.0.1:1"), "", true},
	} {
		app := fiber.New(fiber.Config{DisableStartupMessage: true})
		app.Get("/", func(c2 *fiber.Ctx) error {
			if got := c.region.Brings(c2); got != c.want {
				t.Errorf("%s with %q: %v", c.region.Name, c.header, got)
			}
			return nil
		})
		req := httptest.NewRequest("GET", "/", nil)
		if c.header != "" {
			req.Header.Set(c.header, "1")
		}
		res, err := app.Test(req, -1)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
}
