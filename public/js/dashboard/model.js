// Everything that is drawn, in one place. It is changed by the functions here alone; whoever changes it says so with changed().

/** @typedef {{sent: boolean, to: string, encryption: string, signed_in: string, answer: string, problem: string, took_ms: number}} MailResult */

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
 * @property {'opening'|'connecting'|'live'|'behind'|'offline'} link behind: connected, and something that was missed is not here yet
 * @property {boolean} gaveUp the socket is tried once a minute only
 * @property {Item[]} queue
 * @property {Map<string, Verdict>} verdicts of the queue's items
 * @property {Map<string, 'pending'|'refused'|'sent'>} marks of objects that a queued command is about
 * @property {boolean} sending
 * @property {number} retryAt when the queue is tried again, 0 when nothing stands in its way
 * @property {boolean} newVersion
 * @property {string} said the last announcement, for those who listen
 * @property {{text: string, kind: 'good'|'bad'|'calm', href?: string, link?: string}|null} toast
 * @property {{text: string, run: () => void}|null} undo what was just published, and can be taken back
 * @property {string} failure why nothing can be shown
 * @property {'unknown'|'unasked'|'promised'|'refused'} kept whether the browser has promised to keep what waits here
 * @property {{configured: boolean, failing_since: string|null, problem: string, waiting: number}|null} mail whether mail gets through; null until admins know
 * @property {{running?: boolean, failure?: string, result?: MailResult}|null} mailTest what became of the mail that somebody sent himself
 * @property {boolean} unkept nothing outlives this tab
 * @property {import('./standing.js').Own[]} organizations that this person belongs to, deleted ones too
 * @property {import('./standing.js').Offer[]} offers of memberships to this person
 * @property {boolean} provable whether nobody has proved their address, and a mail can
 * @property {number} othersQueued commands that another sign-in left in this browser, and that have not arrived
 */

/** @type {Model} */
const own = {
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
  undo: null,
  failure: '',
  kept: 'unknown',
  mail: null,
  mailTest: null,
  unkept: false,
  othersQueued: 0,
  organizations: [],
  offers: [],
  provable: false,
};

/**
 * What is drawn, to be read: set changes it.
 * @typedef {Readonly<Omit<Model, 'verdicts'|'marks'>> & {verdicts: ReadonlyMap<string, Verdict>, marks: ReadonlyMap<string, 'pending'|'refused'|'sent'>}} Drawn
 */

/** @type {Drawn} */
export const model = own;

/** Changes what is drawn; changed() draws it. @param {Partial<Model>} change */
export function set(change) {
  Object.assign(own, change);
}

/** Marks objects. @param {Iterable<string>} ids @param {'pending'|'refused'|'sent'} as */
export function mark(ids, as) {
  for (const id of ids) own.marks.set(id, as);
}

/** Takes a mark off the objects that have it still. @param {Iterable<string>} ids @param {'pending'|'refused'|'sent'} as */
export function unmark(ids, as) {
  for (const id of ids) if (own.marks.get(id) === as) own.marks.delete(id);
}

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
  own.said = text === model.said ? `${text}\u00a0` : text;
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
  own.toast = { text, kind, ...more };
  say(text);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => dismiss(), kind === 'bad' ? 12_000 : 5_000);
}

export function dismiss() {
  own.toast = null;
  changed();
}

/** What counts as waiting: the sent ones only wait for their own echo. */
export const waiting = () => model.queue.filter((item) => item.state === 'waiting');
export const refused = () => model.queue.filter((item) => item.state === 'refused');

export const mayWrite = () => model.identity?.role === 'admin' && !model.identity.lacksFactor;
