// A strip of 90 days is one slider: one tab stop, arrows, Home and End by the browser, a finger or a pointer as well. Each day
// has its words, which stand in the page already: in the table below the strip.
const days = 90;
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/** Puts the slider over a strip. @param {Document} doc @param {Element} strip */
export function slider(doc, strip) {
  if (strip.querySelector("input")) return;
  const input = doc.createElement("input");
  Object.assign(input, { type: "range", min: "0", max: String(days - 1) });
  input.setAttribute("value", String(days - 1));
  input.setAttribute("aria-label", `${name(strip)}, day by day`);
  const tip = doc.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  strip.append(input, tip);
  input.setAttribute("aria-valuetext", words(strip, days - 1).join(": "));
}

/** Listens for all strips, those to come included. */
export function strips() {
  /** @type {[keyof DocumentEventMap, (e: any, strip: HTMLElement) => void][]} */
  const heard = [
    ["pointermove", (e, strip) => show(strip, pointed(e, strip))],
    ["pointerout", (_, strip) => hide(strip)],
    ["input", (e, strip) => choose(strip, e.target)],
    ["focusin", (e, strip) => e.target.matches(":focus-visible") && choose(strip, e.target)],
    ["focusout", (_, strip) => hide(strip)],
  ];
  for (const [event, act] of heard) {
    document.addEventListener(event, (e) => {
      const strip = e.target instanceof Element && e.target.closest(".strip");
      if (strip instanceof HTMLElement) act(e, strip);
    });
  }
  document.addEventListener("keydown", (e) => {
    const strip = e.key === "Escape" && document.querySelector(".strip.shown");
    if (strip instanceof HTMLElement) hide(strip);
  });
}

/** @param {PointerEvent} e @param {HTMLElement} strip */
function pointed(e, strip) {
  const box = strip.getBoundingClientRect();
  return Math.min(days - 1, Math.max(0, Math.floor(((e.clientX - box.left) / box.width) * days)));
}

/** @param {HTMLElement} strip @param {number} day */
function show(strip, day) {
  const tip = bubble(strip);
  const [when, what] = words(strip, day);
  strip.style.setProperty("--day", String(day));
  strip.classList.add("shown");
  const head = document.createElement("b");
  head.textContent = when;
  tip.replaceChildren(head, what);
  tip.hidden = false;
}

/** @param {HTMLElement} strip @param {HTMLInputElement} input */
function choose(strip, input) {
  input.setAttribute("aria-valuetext", words(strip, Number(input.value)).join(": "));
  show(strip, Number(input.value));
}

/** @param {HTMLElement} strip */
function hide(strip) {
  strip.classList.remove("shown");
  bubble(strip).hidden = true;
}

/** The day and what happened on it. @param {Element} strip @param {number} day @returns {[string, string]} */
function words(strip, day) {
  const { from = "", blank } = /** @type {HTMLElement} */ (strip).dataset;
  const when = date.format(Date.parse(from) + day * 86_400_000);
  if (day < Number(blank)) return [when, "No data"];
  const row = strip.parentElement?.querySelector(`tr[data-i="${day}"]`);
  if (!row) return [when, "No trouble"];
  return [when, `${row.children[1].textContent}, ${row.children[2].textContent} uptime`];
}

/** @param {Element} strip */
const bubble = (strip) => /** @type {HTMLElement} */ (strip.querySelector(".tip"));

/** @param {Element} strip */
const name = (strip) => strip.parentElement?.querySelector(".name")?.textContent ?? "";
