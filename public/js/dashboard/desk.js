import * as database from './database.js';
import * as outbox from './outbox.js';
import * as page from './page.js';
import * as rules from './rules.js';
import * as session from './session.js';
import { changed, model, toast } from './model.js';
import { describe, landed, touches } from './command.js';
import { SignedOut, Unreachable, call } from './request.js';
import { Link } from './socket.js';
import { listen, tell } from './tabs.js';
import { tellEvent } from './words.js';
import { uuid7 } from './id.js';

/** @typedef {import('./types.js').Command} Command */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Identity} Identity */
/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./types.js').Problem} Problem */

// Where the parts meet: who is here, the page, the queue on top of it, and the connection.

/** Parts of the server that may not be there yet; their entries are hidden until they answer. */
const optional = { members: '/members/', keys: '/api-keys/', audit: '/audit-log/', subscribers: '/subscribers/', templates: '/templates/' };

/** Silence after which the connection is tried: a dead network does not always say so. */
const SILENCE = 40_000;

let newest = 0; // the seq that the server had when it greeted us
let heard = 0; // when it last said anything
let coreURL = '';

const link = new Link({
  from: () => ({ org: page.base.org, since: page.base.seq, epoch: page.base.epoch }),
  hello(hello) {
    // Of another log, a whole state follows, and until then nothing here is the newest.
    newest = hello.epoch === page.base.epoch ? hello.seq : Infinity;
    model.link = 'live';
    model.gaveUp = false;
    alive();
    rebase();
    sendSoon();
    probe();
  },
  frame: hear,
  lost() {
    if (model.link === 'live') touch();
    model.link = 'offline';
    changed();
  },
  gaveUp() {
    model.gaveUp = true;
    changed();
  },
  denied(code) {
    if (code === 4401) expire();
    else fail(code === 4403 ? 'You are no longer a member of this organisation.' : 'This organisation is no longer there.');
  },
});

outbox.handle({
  changed: rebase,
  sent: confirm,
  refused: (item) => refusedByServer(item),
  reached: () => link.retry(),
  signedOut: expire,
});

listen((note) => {
  if (note.type === 'queue') outbox.refresh();
  if (note.type === 'signed-out') location.assign('/login');
  if (note.type === 'signed-in' && model.expired) resume();
});

/** Starts from what was kept, then from the server. @param {string} core the address of core.wasm */
export async function open(core) {
  if (await session.leaving()) return finishLeaving();
  coreURL = core;
  const loading = loadRules();
  const known = await session.last();
  if (known) {
    await adopt(known);
    model.features = known.features ?? {};
  }
  await Promise.race([loading, new Promise((done) => setTimeout(done, 1500))]);
  rebase();
  await resume();
  setInterval(tick, 5000);
  addEventListener('pagehide', touch);
}

const UNHEARD = 'You are signed out here, and what was kept in this browser is gone. The server could not be told yet: it will be when you open this page with a network.';

/** Somebody left without a network: the server is told before anything else. */
async function finishLeaving() {
  try {
    await session.logout();
    await session.setLeaving(false);
    location.assign('/login');
  } catch {
    fail(UNHEARD);
  }
}

async function loadRules() {
  try {
    await rules.start(coreURL, () => page.handOver());
    page.handOver();
    rebase();
  } catch {
    // Without the rules the server decides; the page stays usable.
  }
}

/** Asks who we are by the cookie, and goes live. */
async function resume() {
  try {
    const identity = await session.refresh();
    if (!model.identity || session.owner(identity) !== session.owner(model.identity)) await adopt(identity);
    model.identity = identity;
    model.expired = false;
    await session.remember({ ...identity, features: model.features });
    if (!page.base.state) await page.fetchWhole();
    rebase();
    link.start();
    sendSoon();
  } catch (error) {
    if (error instanceof SignedOut) {
      if (model.identity) expire();
      else location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    } else if (error instanceof Unreachable) {
      unreachable();
    } else {
      fail(error instanceof Error ? error.message : String(error));
    }
  }
}

let resuming = 0;

/** The first contact failed: say so and go on trying. */
function unreachable() {
  if (!page.base.state) fail('We could not reach the server, and nothing is kept here yet. Try again when you are online.');
  model.link = 'offline';
  changed();
  clearTimeout(resuming);
  resuming = setTimeout(resume, 2000 + Math.random() * 2000);
}

/** @param {Identity} identity */
async function adopt(identity) {
  model.identity = identity;
  model.seenAt = await page.restore(identity.organization.id);
  await outbox.open(session.owner(identity));
}

/** @param {string} why nothing can be shown */
export function fail(why) {
  model.failure = why;
  changed();
}

function expire() {
  link.stop();
  touch();
  model.expired = true;
  model.link = 'offline';
  changed();
}

/** @param {any} frame */
function hear(frame) {
  alive();
  if (frame.type === 'snapshot') {
    newest = frame.seq;
    page.replace(frame.data, frame.epoch).then(rebase);
    return;
  }
  if (typeof frame.seq !== 'number') return;
  const mine = model.queue.find((item) => item.id === frame.command);
  if (page.hear(frame)) {
    if (mine) {
      outbox.take(mine.id);
      if (mine.state === 'waiting') confirm(mine);
    }
    rebaseSoon();
  } else {
    page.fetchWhole().then(rebase, () => link.retry());
  }
}

let rebaseDue = false;

/** A burst of messages is one rebase: a command may cause several. */
function rebaseSoon() {
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
function sendSoon() {
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

const caughtUp = () => model.link === 'live' && page.base.seq >= newest;

/** Decides the queue again on top of what the server said. */
export function rebase() {
  if (!page.base.state) return changed();
  for (const item of model.queue) {
    if (item.state === 'sent' && (item.sentSeq ?? 0) <= page.base.seq) outbox.take(item.id);
  }
  if (!rules.ready()) {
    model.view = page.base.state;
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
  model.view = answer.view;
  model.verdicts = new Map(answer.verdicts.map((v) => [v.id, v]));
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
    toast(`Not sent: ${item.title}. ${error.detail}`, 'bad', { href: '/dashboard/queue', link: 'Look at it' });
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
  /** @type {typeof model.marks} */
  const marks = new Map([...model.marks].filter(([, state]) => state === 'sent'));
  for (const item of model.queue) {
    const state = item.state === 'refused' ? 'refused' : 'pending';
    if (item.state === 'sent') continue;
    for (const id of touchedBy(item)) marks.set(id, state);
  }
  model.marks = marks;
}

/** @param {Item} item @returns {string[]} */
function touchedBy(item) {
  const events = model.verdicts.get(item.id)?.events;
  const ids = events?.map((e) => (e.service ?? e.incident ?? e.maintenance ?? { id: 'page' }).id);
  return ids?.length ? ids : [...touches(item.command)];
}

/** Items that were confirmed: by their message or by their answer, whichever came first. */
const confirmed = new Set();

/** @param {Item} item */
function confirm(item) {
  if (confirmed.has(item.id)) return;
  confirmed.add(item.id);
  const ids = touchedBy(item);
  for (const id of ids) model.marks.set(id, 'sent');
  setTimeout(() => {
    for (const id of ids) if (model.marks.get(id) === 'sent') model.marks.delete(id);
    changed();
  }, 3000);
  settle(item.id, { done: true });
  toast(`Done: ${item.title}.`, 'good');
}

/** @param {Item} item */
async function refusedByServer(item) {
  const taken = item.attempts > 0 && item.problem?.code === 'conflict' && item.problem.errors?.some((e) => e.field === 'id' || e.field === 'update_id');
  if (taken && model.view && landed(item.command, model.view)) {
    await outbox.take(item.id);
    confirm(item);
    return;
  }
  if (!settle(item.id, { problem: item.problem })) {
    toast(`Refused: ${item.title}. ${item.problem?.detail ?? ''}`, 'bad', { href: '/dashboard/queue', link: 'Look at it' });
  }
  outbox.refresh();
}

/** Forms that wait for what the server says, by item. @type {Map<string, (outcome: {done?: boolean, problem?: Problem}) => void>} */
const awaited = new Map();

/** @param {string} id @param {{done?: boolean, problem?: Problem}} outcome */
function settle(id, outcome) {
  const tellForm = awaited.get(id);
  awaited.delete(id);
  tellForm?.(outcome);
  return tellForm !== undefined && outcome.problem !== undefined;
}

/**
 * Decides a command here and queues it; where it cannot be decided here, the server's answer is awaited.
 * @param {Command} command
 * @param {{remote?: boolean, instead?: string, draft?: string}} [how] instead names a queued item that this one replaces, draft
 *   the text that becomes the command
 * @returns {Promise<{problem?: Problem, unchanged?: boolean}>}
 */
export async function submit(command, { remote = false, instead, draft } = {}) {
  const at = new Date().toISOString();
  const here = rules.ready() && !remote && !instead;
  if (here) {
    const verdict = rules.decide(command, at);
    if (verdict.error) return { problem: verdict.error };
    if (verdict.events?.length === 0) {
      if (draft) await database.remove('drafts', draft);
      return { unchanged: true };
    }
  }
  const title = describe(command, model.view);
  const next = { id: uuid7(), command, at, seq: page.base.seq, title };
  if (instead) {
    await outbox.replace(instead, next);
    return {};
  }
  const identity = /** @type {Identity} */ (model.identity);
  const outcome = here ? null : new Promise((resolve) => awaited.set(next.id, resolve));
  await outbox.add({ ...next, owner: session.owner(identity), state: 'waiting', attempts: 0, failures: 0, remote: remote || undefined }, draft);
  if (model.link !== 'live') {
    toast(model.expired ? 'Kept here. It will be sent when you have signed in again.' : 'We could not reach the server. Your change is kept here and will be sent.', 'calm', { href: '/dashboard/queue', link: 'Show what waits' });
    return {};
  }
  if (!outcome) return {};
  const said = await Promise.race([outcome, new Promise((resolve) => setTimeout(() => resolve({}), 10_000))]);
  // A form that is still open keeps the text itself.
  if (said.problem) await outbox.take(next.id);
  awaited.delete(next.id);
  return said;
}

/** What stands in a queued item's way, in a sentence. @param {Item} item */
export const causeOf = (item) => (item.cause ? tellEvent(item.cause) : '');

/** Signs in again in place. @param {string} email @param {string} password */
export async function signIn(email, password) {
  const was = model.identity;
  const identity = await session.login({ email, password, organization: was?.organization.slug });
  await session.remember({ ...identity, features: model.features });
  tell('signed-in');
  if (!was || session.owner(was) !== session.owner(identity)) {
    location.reload();
    return;
  }
  model.identity = identity;
  model.expired = false;
  changed();
  link.start();
  sendSoon();
}

let left = false;

/** Signs out here and in the other tabs, and forgets what was kept for this person. */
export async function signOut() {
  const identity = model.identity;
  left = true;
  link.stop();
  let heardOfIt = true;
  await session.logout().catch(() => (heardOfIt = false));
  if (identity) await database.forget(session.owner(identity), identity.organization.id);
  if (heardOfIt) {
    tell('signed-out');
    location.assign('/login');
    return;
  }
  await session.setLeaving(true);
  Object.assign(model, { identity: null, view: null, queue: [], marks: new Map(), link: 'offline', expired: false });
  fail(UNHEARD);
}

/** Tries the connection and the queue now. */
export function reconnect() {
  if (left) return location.reload();
  model.link = 'connecting';
  changed();
  if (page.base.state && model.identity && session.lasts() > 0) link.retry();
  else resume();
  sendSoon();
}

/** Finds out which optional parts the server has, once a connection. */
async function probe() {
  const found = await Promise.all(
    Object.entries(optional).map(async ([name, path]) => {
      try {
        await call('GET', `${path}?page_size=1`);
        return [name, true];
      } catch (error) {
        return [name, error instanceof Unreachable ? model.features[name] ?? false : false];
      }
    }),
  );
  if (left) return;
  model.features = Object.fromEntries(found);
  if (model.identity) await session.remember({ ...model.identity, features: model.features });
  changed();
}

function alive() {
  heard = Date.now();
  model.seenAt = heard;
}

/** Keeps the age of what is on disk true. */
function touch() {
  if (model.link === 'live' && page.base.org) database.touchPage(page.base.org, Date.now()).catch(() => {});
}

let ticks = 0;

async function tick() {
  changed(); // relative times
  if (model.link !== 'live') return;
  model.seenAt = heard;
  if (++ticks % 4 === 0) touch();
  if (caughtUp()) page.compact().catch(() => {});
  if (Date.now() - heard < SILENCE) return;
  try {
    await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(8000) });
    alive();
  } catch {
    link.drop();
  }
}
