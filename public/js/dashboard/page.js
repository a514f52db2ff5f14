import * as database from './database.js';
import * as rules from './rules.js';
import { call } from './request.js';

/** @typedef {import('./types.js').Frame} Frame */

// The page as the server said it, without the queue: a whole state, and the messages that came after it.

/** When this many messages were kept, a new whole state replaces them. */
const COMPACT = 200;

/** @type {{org: string, seq: number, epoch: string, state: any}} */
export const base = { org: '', seq: 0, epoch: '', state: null };

/** The newest messages, to tell what got in a command's way. @type {Frame[]} */
let recent = [];
/** All messages since the whole state, in order. @type {Frame[]} */
let followed = [];
let kept = 0;

/**
 * Brings back what the last visit kept. Answers when it was last known to be the newest, 0 when there is nothing.
 * @param {string} org
 * @returns {Promise<number>}
 */
export async function restore(org) {
  const range = IDBKeyRange.bound([org, -Infinity], [org, Infinity]);
  const [page, frames] = await Promise.all([database.get('page', org), database.all('frames', range)]);
  Object.assign(base, { org, seq: 0, epoch: '', state: null });
  recent = [];
  followed = [];
  kept = frames.length;
  if (!page) return 0;
  begin(page.state, page.epoch);
  for (const { text } of frames) follow(JSON.parse(text));
  return page.seenAt;
}

/** Starts from a whole state. @param {any} state @param {string} epoch */
function begin(state, epoch) {
  if (epoch !== base.epoch) recent = [];
  Object.assign(base, { state, epoch, seq: state.seq });
  followed = [];
  if (rules.ready()) rules.load(state);
}

/** The rules have arrived, or were started anew: they are given what there is. */
export function handOver() {
  if (!base.state) return;
  rules.load(base.state);
  base.seq = base.state.seq;
  const frames = followed;
  recent = [];
  followed = [];
  for (const frame of frames) follow(frame);
}

/**
 * Folds the next message in. False says that one before it is missing.
 * @param {Frame} frame
 */
function follow(frame) {
  if (frame.seq <= base.seq) return true;
  if (frame.seq > base.seq + 1) return false;
  if (rules.ready() && !rules.fold(frame)) return false;
  base.seq = frame.seq;
  followed.push(frame);
  recent.push(frame);
  if (recent.length > 1000) recent = recent.slice(-500);
  return true;
}

/** Takes a message from the socket, and keeps it. False says that the whole state is needed. @param {Frame} frame */
export function hear(frame) {
  const before = base.seq;
  if (!follow(frame)) return false;
  if (base.seq > before) {
    kept++;
    database.put('frames', { org: base.org, seq: frame.seq, text: JSON.stringify(frame) }).catch(() => {});
  }
  return true;
}

/**
 * Takes a whole state. One that is older than what is here was asked for before the messages that came meanwhile: it
 * would take back what the queue rests on.
 * @param {any} state @param {string} epoch
 */
export async function replace(state, epoch) {
  if (base.state && epoch === base.epoch && state.seq < base.seq) return;
  begin(state, epoch);
  kept = 0;
  await database.putPage({ org: base.org, state, epoch, seenAt: Date.now() });
}

/** Asks the server for the whole state. @param {number} [least] the event that it must include */
export async function fetchWhole(least = 0) {
  const { data } = await call('GET', '/snapshot/', least ? { headers: { 'Status-Min-Seq': String(least) } } : {});
  await replace(data, data.epoch);
}

/** Keeps what is on disk short: a start has to fold all of it. */
export async function compact() {
  if (kept < COMPACT) return;
  kept = 0;
  const { data } = await call('GET', '/snapshot/');
  if (data.epoch === base.epoch)
    await database.putPage({ org: base.org, state: data, epoch: data.epoch, seenAt: Date.now() });
}

/** The last thing that happened to one of some objects after an event. @param {Set<string>} ids @param {number} since */
export const lastAbout = (ids, since) =>
  recent.findLast((f) => f.seq > since && (ids.has(f.data?.id) || (f.type === 'page_update' && ids.has('page'))));
