import { t } from './words.js';

// Times are written in the organisation's zone by the server; here they move to the visitor's zone, or to the one that
// was chosen (prefs.js). The words stay in the page's language.
const { lang: written } = document.documentElement;
const lang = !written || written === 'en' ? 'en-GB' : written;
const timeZone = document.documentElement.dataset.zone;
// Dates are written one way; whether a day has twelve hours or twenty-four is the visitor's.
const { hour12 } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions();
const hour = /** @type {const} */ ({ hour: hour12 ? 'numeric' : '2-digit', minute: '2-digit', hour12 });
const at = new Intl.DateTimeFormat(lang, { day: 'numeric', month: 'short', year: 'numeric', ...hour, timeZone });
const clock = new Intl.DateTimeFormat(lang, { ...hour, timeZone });
const ymd = new Intl.DateTimeFormat('sv-SE', { timeZone });
/** Days, which have no zone: a number of milliseconds is the day that UTC has then. */
export const date = new Intl.DateTimeFormat(lang, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
const ago = new Intl.RelativeTimeFormat(lang);

/** Units from the largest that is not too coarse, in seconds. @type {[Intl.RelativeTimeFormatUnit, number][]} */
const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** @param {Date} when */
export const clockTime = (when) => clock.format(when);

/** @param {Document} doc */
export function localise(doc) {
  for (const el of times(doc)) {
    const when = new Date(el.dateTime);
    const { time, from } = el.dataset;
    if (time === 'ago') el.dataset.exact = at.format(when);
    else if (time === 'clock') el.textContent = clock.format(when);
    else if (time !== 'since')
      el.textContent = from && sameDay(new Date(from), when) ? clock.format(when) : at.format(when);
  }
  tick(doc);
  const zone = doc.getElementById('zone');
  const whose = timeZone
    ? 'Times are in {x}, and so are the days of incidents.'
    : 'Times are in your zone, {x}, and so are the days of incidents.';
  if (zone) zone.textContent = t(whose, at.resolvedOptions().timeZone);
}

/** Writes relative times anew. @param {Document} doc */
export function tick(doc) {
  for (const el of times(doc)) {
    const when = new Date(el.dateTime);
    if (el.dataset.time === 'ago') {
      el.textContent = relative(when);
      el.classList.toggle('old', Date.now() - when.getTime() > 864e5);
    }
    if (el.dataset.time === 'since')
      el.textContent = `${sameDay(when, new Date()) ? clock.format(when) : at.format(when)}, ${relative(when)}`;
  }
}

/** @param {Date} when */
function relative(when) {
  const seconds = (when.getTime() - Date.now()) / 1000;
  const unit = units.find(([, length]) => Math.abs(seconds) >= length);
  if (!unit) return t('just now');
  return ago.format(Math.trunc(seconds / unit[1]), unit[0]);
}

/** The number of a day of that zone, since 1970-01-01. @param {any} when */
export const dayOf = (when) => Date.parse(ymd.format(new Date(when))) / 864e5;

/** @param {Date} a @param {Date} b */
const sameDay = (a, b) => dayOf(a) === dayOf(b);

/** @param {Document} doc */
const times = (doc) => /** @type {NodeListOf<HTMLTimeElement>} */ (doc.querySelectorAll('time[data-time]'));
