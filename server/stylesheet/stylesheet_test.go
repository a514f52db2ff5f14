package stylesheet

import (
	"strings"
	"testing"
	"time"

	"statuspage/server/racetest"
)

func TestWhatIsHarmlessIsKept(t *testing.T) {
	out, no := Rewrite("/* ours */\n.org .name, h1 { color: #123456; font-family: 'Fira Sans', serif !important }\n" +
		"@media (min-width: 600px) and (prefers-color-scheme: dark) { :root > .card:first-child { background: " +
		"linear-gradient(90deg, red, var(--x)); padding: 1.5em 2px } }")
	if no != nil {
		t.Fatal(no)
	}
	want := ".org .name" + spared + ",h1" + spared + "{color:#123456;font-family:'Fira Sans',serif!important;}\n" +
		"@media (min-width:600px)and (prefers-color-scheme:dark){:root>.card:first-child" + spared +
		"{background:linear-gradient(90deg,red,var(--x));padding:1.5em 2px;}\n}\n"
	if strings.ReplaceAll(out, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("%s\nnot\n%s", out, want)
	}
	again, no := Rewrite(strings.ReplaceAll(out, spared, ""))
	if no != nil || again != out {
		t.Errorf("what is written is read as another thing: %v\n%s", no, again)
	}
}

func TestWhatLoadsHidesOrReachesControlsIsRefused(t *testing.T) {
	for _, text := range []string{
		"a{background:url(https://evil.example/)}", "a{background:url('x')}", "a{background:URL(x)}",
		`a{background:u\72l(x)}`,
		"@import 'x';", "@import url(x);", "@font-face{font-family:x;src:url(x)}", "@charset 'x';", "@namespace x;",
		"@keyframes x{from{color:red}}", "@supports (color:red){a{color:red}}", "@layer x;", "@page{margin:0}",
		"@property --x{}",
		"a{background:image-set('x' 1x)}", "a{background:image('x')}", "a{background:-webkit-image-set('x')}",
		"a{background:src('x')}",
		"a{width:expression(alert(1))}", "a{behavior:url(x)}", "a{-moz-binding:url(x)}", "a{color:attr(x)}",
		"a{color:element(#x)}",
		"a{position:fixed}", "a{display:none}", "a{visibility:hidden}", "a{opacity:0}", "a{content:'x'}",
		"a{z-index:9}", "a{pointer-events:none}",
		"a{transform:none}", "a{margin-top:-9px}", "a{padding:9999px}", "a{margin:100vh}", "a{font-size:999em}",
		"a{height:0}", "a{overflow:hidden}",
		"a{cursor:none}", "a{--accent:red}", "--x:red", "a::before{color:red}", "a:has(form){color:red}",
		"a:not(b){color:red}",
		"a:is(b){color:red}", "a:focus{color:red}", "a:visited{color:red}", "a:{color:red}", "a>{color:red}",
		"{color:red}", "a{color:red}</style><script>",
		"a{color:<}", "a{filter:url(#x)}", "a{mask:url(x)}", "a{clip-path:none}", "@media x{a{position:fixed}}",
		"@media x{@import 'x';}",
		"a{b{position:fixed}}", "a{color:red;&:hover{display:none}}", "a{color:u+1}", "a{color:rgb(0 0 0}",
		strings.Repeat("a{}", 7_000), "\x00", "a{color:\"\n\"}",
	} {
		if out, no := Rewrite(text); no == nil {
			t.Errorf("%.60q is served as %.200q", text, out)
		} else if no.Why == "" || no.Line < 1 {
			t.Errorf("%.60q: %+v", text, no)
		}
	}
}

func TestARefusalNamesItsLine(t *testing.T) {
	_, no := Rewrite("h1 { color: red }\n\n.card {\n  color: blue;\n  position: fixed;\n}")
	if no == nil || no.Line != 5 || no.What != "position" {
		t.Errorf("%+v", no)
	}
}

// FuzzRewrite: what comes out has nothing that loads, and is served as it is when it is given again.
func FuzzRewrite(f *testing.F) {
	f.Add("a, b > c { color: red; background: linear-gradient(red, blue) }")
	f.Add("@media print { * { margin: 0 } }")
	f.Fuzz(func(t *testing.T, text string) {
		out, no := Rewrite(text)
		if no != nil {
			return
		}
		low := strings.ToLower(strings.ReplaceAll(out, spared, ""))
		for _, never := range []string{"url(", "@import", "expression", "\\", "<", "position:", "display:",
			"content:"} {
			if strings.Contains(low, never) {
				t.Errorf("%q of %q has %s", out, text, never)
			}
		}
		for _, rule := range strings.Split(out, "{") {
			if at := strings.LastIndexAny(rule, "};"); strings.TrimSpace(rule[at+1:]) != "" &&
				!strings.Contains(rule[at+1:], spared) && !strings.Contains(rule[at+1:], "@media") {
				t.Errorf("%q of %q has a selector that spares nothing", out, text)
			}
		}
	})
}

func TestAStylesheetCostsLittle(t *testing.T) {
	racetest.Alone(t, "CPU")
	for _, unit := range []string{"a{}", "a,", "a{color:red;", "@media x{", "(", "[", "'", "/*", "a ", "a{b:(", ";",
		"}"} {
		text := strings.Repeat(unit, MaxCSS/len(unit))
		racetest.Within(t, 50*time.Millisecond, unit, func() func() { return func() { _, _ = Rewrite(text) } })
	}
}
