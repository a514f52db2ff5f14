import * as database from './database.js';
import * as outbox from './outbox.js';
import * as page from './page.js';
import * as rules from './rules.js';
import { changed, model, set, toast } from './model.js';
import { tellEvent } from './words.js';
import { touches } from './command.js';
import { spoken } from '../speak.js';
import { t } from '../language.js';

/** @typedef {import('./types.js').Item} Item */

// The queue on top of the page: decided again whenever the page is another, and sent when the page is the newest.

let newest = 0; // the seq that the server had when it greeted us; Infinity until its whole state is here

/** @param {number} seq */
export const expect = (seq) => (newest = seq);

/** What was seen once is what the page must have from then on. @param {number} seq */
const atLeast = (seq) => {
  if (newest < seq) newest = seq;
};

export const caughtUp = () => model.link === 'live' && page.base.seq >= newest;

let rebaseDue = false;

/** A burst of messages is one rebase: a command may cause several. */
export function rebaseSoon() {
  if (rebaseDue) return;
  rebaseDue = true;
  setTimeout(() => {
    rebaseDue = false;
    rebase();
  }, 16);
}

/** How long the queue waits for the news, so that what no longer holds is seen before it is sent. */
const NEWS = 2000;
let newsTimer = 0;
let newsAwaited = false;

/** Sends the queue once the page is the newest, or when the news are long in coming. */
export function sendSoon() {
  clearTimeout(newsTimer);
  newsAwaited = !caughtUp();
  if (newsAwaited) newsTimer = setTimeout(sendNow, NEWS);
  else sendNow();
}

function sendNow() {
  clearTimeout(newsTimer);
  newsAwaited = false;
  outbox.now();
}

/** Decides the queue again on top of what the server said. */
export function rebase() {
  if (!page.base.state) return changed();
  atLeast(page.base.seq);
  for (const item of model.queue) {
    if (item.state === 'sent' && (item.sentSeq ?? 0) <= page.base.seq) outbox.take(item.id);
  }
  if (!rules.ready()) {
    set({ view: page.base.state });
    return changed();
  }
  const items = model.queue.filter((item) => item.state !== 'refused' && !item.remote);
  let answer;
  try {
    answer = rules.queue(items.map(({ id, at, command }) => ({ id, at, command })));
  } catch {
    // They broke and were started anew; what is drawn stays until the next message.
    return changed();
  }
  set({ view: answer.view });
  set({ verdicts: new Map(answer.verdicts.map((v) => [v.id, v.error ? { ...v, error: spoken(v.error) } : v])) });
  markObjects();
  findCauses();
  if (caughtUp()) {
    refuseWhatNoLongerHolds(items);
    if (newsAwaited) sendNow();
  }
  changed();
}

/** An item that never left is refused here, by the server's own rule; one that may have arrived is for the server to settle. @param {Item[]} items */
function refuseWhatNoLongerHolds(items) {
  for (const item of items) {
    const error = model.verdicts.get(item.id)?.error;
    if (!error || item.attempts > 0 || item.state !== 'waiting') continue;
    const cause = page.lastAbout(touches(item.command), item.seq);
    outbox.refuse(item, error, cause);
    toast(t`Not sent: ${item.title}. ${error.detail}`, 'bad', { href: '/dashboard/queue', link: t`Look at it` });
  }
}

/** The server may refuse before we hear what happened: the reason is found when it comes. */
function findCauses() {
  for (const item of model.queue) {
    if (item.state !== 'refused' || item.cause) continue;
    item.cause = page.lastAbout(touches(item.command), item.seq);
    if (item.cause) database.changeItem(item.id, (kept) => ({ ...kept, cause: item.cause })).catch(() => {});
  }
}

function markObjects() {
  /** @type {Map<string, 'pending'|'refused'|'sent'>} */
  const marks = new Map([...model.marks].filter(([, state]) => state === 'sent'));
  for (const item of model.queue) {
    const state = item.state === 'refused' ? 'refused' : 'pending';
    if (item.state === 'sent') continue;
    for (const id of touchedBy(item)) marks.set(id, state);
  }
  set({ marks });
}

/** @param {Item} item @returns {string[]} */
export function touchedBy(item) {
  const events = model.verdicts.get(item.id)?.events;
  const ids = events?.map((e) => (e.service ?? e.incident ?? e.maintenance ?? { id: 'page' }).id);
  return ids?.length ? ids : [...touches(item.command)];
}

/** What stands in a queued item's way, in a sentence. @param {Item} item */
export const causeOf = (item) => (item.cause ? tellEvent(item.cause) : '');
