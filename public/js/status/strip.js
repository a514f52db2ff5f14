// A strip of 90 days is one slider: one tab stop, arrows, Home and End by the browser, a finger or a pointer as well. Each day
// has its words, which stand in the page already: in the table below the strip.
const last = 89;
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/** Puts the slider over a strip. @param {Document} doc @param {HTMLElement} strip */
export function slider(doc, strip) {
  if (strip.querySelector("input")) return;
  const name = strip.parentElement?.querySelector(".name")?.textContent;
  const input = Object.assign(doc.createElement("input"), { type: "range", min: 0, max: last, defaultValue: last });
  input.ariaLabel = `${name}, day by day`;
  input.ariaValueText = words(strip, last).join(": ");
  strip.append(input, Object.assign(doc.createElement("div"), { className: "tip", hidden: true }));
}

/** Listens for all strips, those to come included. */
export function strips() {
  /** @param {string} event @param {(strip: HTMLElement, e: any) => void} act */
  const on = (event, act) =>
    document.addEventListener(event, (e) => {
      const strip = /** @type {Element} */ (e.target).closest?.(".strip");
      if (strip) act(/** @type {HTMLElement} */ (strip), e);
    });
  on("pointermove", (strip, e) => show(strip, pointed(strip, e.clientX)));
  on("input", (strip, e) => choose(strip, e.target));
  on("focusin", (strip, e) => e.target.matches(":focus-visible") && choose(strip, e.target));
  on("keydown", (strip, e) => e.key === "Escape" && hide(strip));
  on("pointerout", hide);
  on("focusout", hide);
}

/** @param {HTMLElement} strip @param {number} x */
function pointed(strip, x) {
  const { left, width } = strip.getBoundingClientRect();
  return Math.min(last, Math.max(0, Math.floor(((x - left) / width) * (last + 1))));
}

/** @param {HTMLElement} strip @param {HTMLInputElement} input */
function choose(strip, input) {
  const day = Number(input.value);
  input.ariaValueText = words(strip, day).join(": ");
  show(strip, day);
}

/** @param {HTMLElement} strip @param {number} day */
function show(strip, day) {
  const [when, what] = words(strip, day);
  const tip = bubble(strip);
  strip.style.setProperty("--day", String(day));
  strip.classList.add("shown");
  tip.replaceChildren(Object.assign(document.createElement("b"), { textContent: when }), what);
  tip.hidden = false;
}

/** @param {HTMLElement} strip */
function hide(strip) {
  strip.classList.remove("shown");
  bubble(strip).hidden = true;
}

/** The day and what happened on it. @param {HTMLElement} strip @param {number} day @returns {[string, string]} */
function words(strip, day) {
  const { from = "", blank } = strip.dataset;
  const when = date.format(Date.parse(from) + day * 86_400_000);
  const row = strip.parentElement?.querySelector(`tr[data-i="${day}"]`)?.children;
  if (row) return [when, `${row[1].textContent}, ${row[2].textContent} uptime`];
  return [when, day < Number(blank) ? "No data" : "No trouble"];
}

/** @param {HTMLElement} strip */
const bubble = (strip) => /** @type {HTMLElement} */ (strip.querySelector(".tip"));
