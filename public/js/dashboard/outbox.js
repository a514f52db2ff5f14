import * as database from './database.js';
import { changed, model, set } from './model.js';
import { Refused, SignedOut, Unreachable, call } from './request.js';
import { toRequest } from './command.js';
import { askToKeep } from './storage.js';
import { alone, tell } from './tabs.js';
import { uuid7 } from './id.js';

/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./types.js').Problem} Problem */

// Commands on their way to the server: kept in IndexedDB, sent in order, one at a time, by one tab, under the same key each
// time, so that the server runs each once however often it arrives.

const BACK_OFF = 1000;
const BACK_OFF_MAX = 30_000;
/** After this many failures of the server itself, a command no longer holds up those behind it. */
const FAILURES = 6;

/** @typedef {{changed: () => void, sent: (item: Item) => void, refused: (item: Item) => void, reached: () => void, signedOut: () => void}} Handlers */

/** @type {Handlers} */
let tellDesk = { changed() {}, sent() {}, refused() {}, reached() {}, signedOut() {} };
let owner = '';
let tries = 0;
let timer = 0;
let draining = false;
let again = false;

/** Items that are done: a read that began before they were taken out must not bring them back. */
const gone = new Set();

/** @param {Handlers} handlers */
export const handle = (handlers) => (tellDesk = handlers);

/** Opens a person's queue. @param {string} who */
export async function open(who) {
  owner = who;
  await read();
}

async function read() {
  /** @type {Item[]} */
  const items = await database.all('queue');
  const mine = items.filter((item) => item.owner === owner && !gone.has(item.id));
  set({ othersQueued: items.filter((item) => item.owner !== owner && item.state !== 'sent').length });
  set({ queue: mine });
  tellDesk.changed();
}

/** Another tab changed it. */
export async function refresh() {
  await read();
  kick();
}

/** Queues an item; the draft that it was becomes it in one step, so that a crash neither loses nor doubles it. @param {Item} item @param {string} [draft] */
export async function add(item, draft) {
  await database.enqueue(item, draft);
  askToKeep();
  await read();
  tell('queue');
  kick();
}

/** Takes an item out: it arrived, or its author dropped it. @param {string} id */
export async function take(id) {
  gone.add(id);
  set({ queue: model.queue.filter((item) => item.id !== id) });
  await database.changeItem(id, () => null);
  tell('queue');
  changed();
}

/** @param {string} id @param {Partial<Item>} change */
async function mark(id, change) {
  await database.changeItem(id, (item) => ({ ...item, ...change }));
  await read();
  tell('queue');
}

/** Refuses an item that cannot hold any more, before it is sent. @param {Item} item @param {Problem} problem @param {Item['cause']} cause */
export const refuse = (item, problem, cause) => mark(item.id, { state: 'refused', problem, cause });

/** Sends a refused item again as it is, to be decided anew: under its old key the server would say the same. @param {string} id */
export async function retry(id) {
  await mark(id, { id: uuid7(), state: 'waiting', failures: 0, problem: undefined, cause: undefined });
  now();
}

/**
 * Puts an edited command in an item's place. It is another command, so it gets another key.
 * @param {string} id
 * @param {Pick<Item, 'id'|'command'|'at'|'core'|'seq'|'title'>} next
 */
export async function replace(id, next) {
  await database.changeItem(id, (item) => ({
    ...item,
    ...next,
    state: 'waiting',
    attempts: 0,
    failures: 0,
    problem: undefined,
    cause: undefined,
  }));
  await read();
  tell('queue');
  now();
}

/** Tries at once. */
export function now() {
  tries = 0;
  clearTimeout(timer);
  set({ retryAt: 0 });
  kick();
}

/** Sends what waits, unless a pause is on. */
export function kick() {
  if (model.retryAt > Date.now() || model.expired || !owner) return;
  if (draining) {
    again = true;
    return;
  }
  if (!model.queue.some((item) => item.state === 'waiting')) return;
  drain();
}

async function drain() {
  draining = true;
  set({ sending: true });
  changed();
  try {
    await alone(`queue ${owner}`, async () => {
      for (let item = await first(); item; item = await first()) await send(item);
    });
    tries = 0;
  } catch (error) {
    pause(error);
  } finally {
    draining = false;
    set({ sending: false });
    changed();
  }
  if (again) {
    again = false;
    kick();
  }
}

/** @returns {Promise<Item|undefined>} */
async function first() {
  await read();
  return model.queue.find((item) => item.state === 'waiting');
}

/** @param {Item} item */
async function send(item) {
  // An item of an older version that never left gets a secret: the message of what it did names it by its id only beside one, and comes
  // before the answer at times.
  const secret = item.secret ?? (item.attempts ? undefined : uuid7());
  // Written before it leaves: after a crash it must be known that it may have arrived.
  await database.changeItem(item.id, (kept) => ({ ...kept, secret, attempts: kept.attempts + 1 }));
  item.attempts++; // what it did may be heard before its answer: from now on the server alone refuses it
  const { method, path, options } = toRequest(item, secret);
  try {
    const { headers } = await call(method, path, options);
    const seq = Number(headers.get('Status-Seq'));
    if (seq) await mark(item.id, { state: 'sent', sentSeq: seq });
    else await take(item.id);
    tellDesk.sent(item);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await refusal(item, error);
  }
  tellDesk.reached();
}

/** @param {Item} item @param {Refused} error */
async function refusal(item, error) {
  if (error.status >= 500 && item.failures + 1 < FAILURES) {
    await database.changeItem(item.id, (kept) => ({ ...kept, failures: kept.failures + 1 }));
    throw new Unreachable(error.message);
  }
  // Whoever settles it asks whether it may have arrived before this try.
  const refusedItem = {
    ...item,
    attempts: item.attempts - 1,
    state: /** @type {const} */ ('refused'),
    problem: error.problem,
  };
  await mark(item.id, { state: 'refused', problem: error.problem });
  tellDesk.refused(refusedItem);
}

/** @param {unknown} error */
function pause(error) {
  if (error instanceof SignedOut) {
    tellDesk.signedOut();
    return;
  }
  const asked = error instanceof Unreachable ? error.retryAfter * 1000 : 0;
  const wait = Math.max(asked, Math.min(BACK_OFF_MAX, BACK_OFF * 2 ** tries++) * (0.5 + Math.random()));
  set({ retryAt: Date.now() + wait });
  clearTimeout(timer);
  timer = setTimeout(() => {
    set({ retryAt: 0 });
    kick();
  }, wait);
}
