// Everything that is drawn, in one place. Whoever changes it says so with changed().

/** @typedef {import('./types.js').View} View */
/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./types.js').Identity} Identity */
/** @typedef {import('./types.js').Verdict} Verdict */

/**
 * @typedef {object} Model
 * @property {Identity|null} identity who is here; kept over a start without a network
 * @property {boolean} expired the sign-in has ended; what is typed is kept
 * @property {View|null} view the page with the queue on top
 * @property {number} seenAt when the page was last known to be the newest, in milliseconds
 * @property {'opening'|'connecting'|'live'|'offline'} link
 * @property {boolean} gaveUp the socket is not tried again by itself
 * @property {Item[]} queue
 * @property {Map<string, Verdict>} verdicts of the queue's items
 * @property {Map<string, 'pending'|'refused'|'sent'>} marks of objects that a queued command is about
 * @property {boolean} sending
 * @property {number} retryAt when the queue is tried again, 0 when nothing stands in its way
 * @property {boolean} newVersion
 * @property {string} said the last announcement, for those who listen
 * @property {{text: string, kind: 'good'|'bad'|'calm', href?: string, link?: string}|null} toast
 * @property {string} failure why nothing can be shown
 * @property {boolean} unkept nothing outlives this tab
 * @property {number} othersQueued commands that another sign-in left in this browser, and that have not arrived
 */

/** @type {Model} */
export const model = {
  identity: null,
  expired: false,
  view: null,
  seenAt: 0,
  link: 'opening',
  gaveUp: false,
  queue: [],
  verdicts: new Map(),
  marks: new Map(),
  sending: false,
  retryAt: 0,
  newVersion: false,
  said: '',
  toast: null,
  failure: '',
  unkept: false,
  othersQueued: 0,
};

/** @type {() => void} */
let draw = () => {};
let due = false;

/** @param {() => void} paint */
export const onChange = (paint) => (draw = paint);

/** Draws soon, once for all changes until then. */
export function changed() {
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    draw();
  });
}

/** Announces to those who listen rather than look. @param {string} text */
export function say(text) {
  // The same words twice would not be announced again.
  model.said = text === model.said ? `${text}\u00a0` : text;
  changed();
}

let toastTimer = 0;

/**
 * Confirms, where the eye is, what became of an action.
 * @param {string} text
 * @param {'good'|'bad'|'calm'} [kind]
 * @param {{href: string, link: string}} [more]
 */
export function toast(text, kind = 'calm', more) {
  model.toast = { text, kind, ...more };
  say(text);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => dismiss(), kind === 'bad' ? 12_000 : 5_000);
}

export function dismiss() {
  model.toast = null;
  changed();
}

/** What counts as waiting: the sent ones only wait for their own echo. */
export const waiting = () => model.queue.filter((item) => item.state === 'waiting');
export const refused = () => model.queue.filter((item) => item.state === 'refused');

export const mayWrite = () => model.identity?.role === 'admin';
