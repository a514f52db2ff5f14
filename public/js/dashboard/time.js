import { locale, t } from '../language.js';
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
// Dates are written one way, as on the public page; whether a day has twelve hours or twenty-four is the reader's.
const { hour12 } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions();
const hour = /** @type {const} */ ({ hour: hour12 ? 'numeric' : '2-digit', minute: '2-digit', hour12 });
const exactly = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric', ...hour });
const clock = new Intl.DateTimeFormat(locale, hour);
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });

/** @param {string|number} at */
export const exact = (at) => exactly.format(new Date(at));

/** "14:03", or "3 Nov, 14:03" when that was another day. @param {string|number} at */
export function short(at) {
  const date = new Date(at);
  const time = clock.format(date);
  return date.toDateString() === new Date().toDateString() ? time : `${day.format(date)}, ${time}`;
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** "5 minutes ago", "in 2 hours", "just now". @param {string|number} at @param {number} [now] */
export function ago(at, now = Date.now()) {
  const seconds = (new Date(at).getTime() - now) / 1000;
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return seconds > 5 ? t`in a moment` : t`just now`;
}

/** How long something lasts: "2 h 30 min". @param {number} milliseconds */
export function span(milliseconds) {
  const minutes = Math.max(0, Math.round(milliseconds / 60_000));
  const d = Math.floor(minutes / 1440);
  const h = Math.floor((minutes % 1440) / 60);
  const m = minutes % 60;
  return [d && `${d} d`, h && `${h} h`, (m || !(d || h)) && `${m} min`].filter(Boolean).join(' ');
}

/** For an input of type datetime-local, in the zone of this browser. @param {string|number|Date} at */
export function toInput(at) {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The moment that such an input names, or undefined when it names none. @param {string} value */
export function fromInput(value) {
  const date = new Date(value);
  return value && !Number.isNaN(date.getTime()) ? date.toISOString() : undefined;
}

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
