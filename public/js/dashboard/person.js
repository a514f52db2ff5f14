import * as database from './database.js';
import * as outbox from './outbox.js';
import * as page from './page.js';
import * as rules from './rules.js';
import * as session from './session.js';
import { changed, model } from './model.js';
import { link, tick, touch } from './connection.js';
import { rebase, sendSoon } from './rebase.js';
import { SignedOut, Unreachable } from './request.js';
import { tell } from './tabs.js';

/** @typedef {import('./types.js').Identity} Identity */

// Who is here: known from the last time, then from the server; signing in and out.

let coreURL = '';

/** Starts from what was kept, then from the server. @param {string} core the address of core.wasm */
export async function open(core) {
  if (await session.leaving()) return finishLeaving();
  coreURL = core;
  const loading = loadRules();
  const known = await session.last();
  if (known) await adopt(known);
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
export async function resume() {
  try {
    const identity = await session.refresh();
    if (!model.identity || session.owner(identity) !== session.owner(model.identity)) await adopt(identity);
    model.identity = identity;
    model.expired = false;
    await session.remember(identity);
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

export function expire() {
  link.stop();
  touch();
  model.expired = true;
  model.link = 'offline';
  changed();
}

/** Signs in again in place. @param {string} email @param {string} password */
export async function signIn(email, password) {
  const was = model.identity;
  const identity = await session.login({ email, password, organization: was?.organization.slug });
  await session.remember(identity);
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
