// Status of a page as a pill, or as a banner that comes with trouble: docs/embed.md. Lines are trimmed before it is sent.
(page => {
  const doc = document, script = doc.currentScript, banner = script?.dataset.mode == "banner";
  const [host, link, dot, words] = ["div", "a", "i", "span"].map(name => doc.createElement(name));
  const sheet = new CSSStyleSheet();
  // A sheet made by script is no inline style: it works where the site's own policy forbids those.
  sheet.replaceSync(`:host{all:initial;display:inline-block;--g:#fff;--t:#1a1c1f;--none:#1a7f4b;--minor:#9a6700;--major:#bc4c00;--critical:#c62828;--maintenance:#0a66c2}
@media(prefers-color-scheme:dark){:host{--g:#1a1c1f;--t:#f2f3f5;--none:#3ecf8e;--minor:#e3b341;--major:#f0883e;--critical:#ff7b72;--maintenance:#6cb6ff}}
a{display:flex;align-items:center;gap:8px;padding:4px 12px;border:1px solid;border-radius:20px;background:var(--g);color:var(--t);font:14px/20px system-ui;text-decoration:none}
a:hover{text-decoration:underline}
a:focus-visible{outline:3px solid}
i{width:10px;height:10px;border-radius:9px;background:var(--c,#777)}
.b{position:fixed;inset:auto 16px 16px auto;z-index:9999}
[hidden]{display:none}`);
  const root = host.attachShadow({mode: "open"});
  root.adoptedStyleSheets = [sheet];
  root.append(link);
  link.append(dot, words);
  link.href = page.url;
  if (banner) link.className = "b";
  words.role = "status";
  const show = (indicator, text) => {
    dot.style.setProperty("--c", `var(--${indicator})`);
    words.textContent = page.all?.[text] ?? text;
    link.hidden = banner && indicator == "none";
  };
  const ask = () => doc.hidden || fetch(page.url + "/api/v2/status.json", {cache: "no-cache"}).then(r => r.json())
    .then(x => show(x.status.indicator, x.status.description)).catch(() => show("x", "Status unknown"));
  const place = () => script?.closest("body") ? script.after(host) : doc.body.append(host);
  show(page.indicator, page.words);
  doc.body ? place() : addEventListener("DOMContentLoaded", place);
  addEventListener("focus", ask);
  setInterval(ask, 6e4);
})
