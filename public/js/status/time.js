// Times are written in UTC by the server; here they move to the visitor's zone. The words stay in the page's language.
const lang = navigator.languages.find((l) => l.startsWith("en")) ?? "en-GB";
const at = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit" });
const clock = new Intl.DateTimeFormat(lang, { hour: "numeric", minute: "2-digit" });
const ago = new Intl.RelativeTimeFormat(lang);

/** Units from the largest that is not too coarse, in seconds. @type {[Intl.RelativeTimeFormatUnit, number][]} */
const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]];

/** @param {Date} when */
export const clockTime = (when) => clock.format(when);

/** @param {Document} doc */
export function localise(doc) {
  for (const el of times(doc)) {
    const when = new Date(el.dateTime);
    const { time, from } = el.dataset;
    if (time === "ago") el.dataset.exact = at.format(when);
    else if (time === "clock") el.textContent = clock.format(when);
    else if (time !== "since") el.textContent = from && sameDay(new Date(from), when) ? clock.format(when) : at.format(when);
  }
  tick(doc);
  const zone = doc.getElementById("zone");
  if (zone) zone.textContent = `Times are in your zone, ${new Intl.DateTimeFormat().resolvedOptions().timeZone}.`;
}

/** Writes relative times anew. @param {Document} doc */
export function tick(doc) {
  for (const el of times(doc)) {
    const when = new Date(el.dateTime);
    if (el.dataset.time === "ago") el.textContent = relative(when);
    if (el.dataset.time === "since") el.textContent = `${sameDay(when, new Date()) ? clock.format(when) : at.format(when)}, ${relative(when)}`;
  }
}

/** @param {Date} when */
function relative(when) {
  const seconds = (when.getTime() - Date.now()) / 1000;
  const unit = units.find(([, length]) => Math.abs(seconds) >= length);
  if (!unit) return "just now";
  return ago.format(Math.trunc(seconds / unit[1]), unit[0]);
}

/** @param {Date} a @param {Date} b */
const sameDay = (a, b) => a.toDateString() === b.toDateString();

/** @param {Document} doc */
const times = (doc) => /** @type {NodeListOf<HTMLTimeElement>} */ (doc.querySelectorAll("time[data-time]"));
