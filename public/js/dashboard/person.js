import * as database from './database.js';
import * as outbox from './outbox.js';
import * as page from './page.js';
import * as rules from './rules.js';
import * as session from './session.js';
import { changed, model, set, toast } from './model.js';
import { look } from './standing.js';
import { link, tick, touch, tryNow } from './connection.js';
import { rebase, sendSoon } from './rebase.js';
import { SignedOut, Unreachable } from './request.js';
import { tell } from './tabs.js';
import { t } from '../language.js';

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

const UNHEARD = t`You are signed out here, and what was kept in this browser is gone. The server could not be told yet: it will be when you open this page with a network.`;

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
    set({ identity: identity });
    set({ expired: false });
    await session.remember(identity);
    look();
    if (!identity.organization || identity.lacksFactor) return nowhere();
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

/** Somebody who belongs to no organisation, or must set a second factor up first, has an account, and nothing else to look at. */
function nowhere() {
  link.stop();
  set({ view: null, link: 'live', failure: '' });
  changed();
}

/** Whether we are let in no more since a second factor is asked for. */
export const lacksFactor = () =>
  session.refresh().then(
    (identity) => !!identity.lacksFactor,
    () => false,
  );

/** Opens another of one's organisations. @param {string} slug */
export async function enter(slug) {
  try {
    await session.remember(await session.turnTo(slug));
    location.assign('/dashboard');
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), 'bad');
  }
}

let resuming = 0;

/** The first contact failed: say so and go on trying. */
function unreachable() {
  if (!page.base.state)
    fail(t`We could not reach the server, and nothing is kept here yet. Try again when you are online.`);
  set({ link: 'offline' });
  changed();
  clearTimeout(resuming);
  resuming = setTimeout(resume, 2000 + Math.random() * 2000);
}

/** @param {Identity} identity */
async function adopt(identity) {
  set({ identity: identity });
  set({ seenAt: await page.restore(identity.organization?.id ?? '') });
  await outbox.open(session.owner(identity));
}

/** @param {string} why nothing can be shown */
export function fail(why) {
  set({ failure: why });
  changed();
}

export function expire() {
  link.stop();
  touch();
  set({ expired: true });
  set({ link: 'offline' });
  changed();
}

/** Signs in again in place. @param {string} email @param {string} password */
export const signIn = async (email, password) =>
  back(await session.login({ email, password, organization: model.identity?.organization?.slug }));

/** Its second step. @param {string} challenge @param {Record<string, unknown>} shown */
export const showFactor = async (challenge, shown) => back(await session.show(challenge, shown));

/** @param {Identity} identity who has just signed in */
async function back(identity) {
  const was = model.identity;
  await session.remember(identity);
  tell('signed-in');
  if (!was || session.owner(was) !== session.owner(identity)) {
    location.reload();
    return;
  }
  set({ identity: identity });
  set({ expired: false });
  changed();
  link.start();
  sendSoon();
}

let left = false;

/** Signs out here and in the other tabs, and forgets what was kept for this person. */
export const signOut = () => depart(false);

/** Ends every sign-in of this person, wherever it is. */
export const signOutEverywhere = () => depart(true);

/** @param {boolean} everywhere */
async function depart(everywhere) {
  const identity = model.identity;
  let heardOfIt = true;
  if (everywhere) await session.logout(true); // what cannot be done now must not be believed
  left = true;
  link.stop();
  if (!everywhere) await session.logout().catch(() => (heardOfIt = false));
  if (identity) await database.forget(session.owner(identity), identity.organization?.id ?? '');
  if (heardOfIt) {
    tell('signed-out');
    location.assign('/login');
    return;
  }
  await session.setLeaving(true);
  set({ identity: null, view: null, queue: [], marks: new Map(), link: 'offline', expired: false });
  fail(UNHEARD);
}

/** Tries the connection and the queue now. */
export function reconnect() {
  if (left) return location.reload();
  set({ link: 'connecting' });
  changed();
  if (page.base.state && model.identity && session.lasts() > 0) tryNow();
  else resume();
  sendSoon();
}
