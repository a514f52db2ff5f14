import * as database from './database.js';
import * as page from './page.js';
import { caughtUp, expect, rebase, rebaseSoon, sendSoon } from './rebase.js';
import { changed, model, say, set } from './model.js';
import { CatchUp } from '../catchup.js';
import { Link } from './socket.js';
import { call } from './request.js';
import { confirm } from './submit.js';
import { t } from '../language.js';

// The connection: what it brings, and whether it still lives.

/** Silence after which the connection is tried: a dead network does not always say so. */
const SILENCE = 40_000;

let heard = 0; // when the server last said anything

/** @type {(code: number) => void} */
let denied = () => {};

/** @param {(code: number) => void} told what is to happen when the server lets us in no more */
export const onDenied = (told) => (denied = told);

export const link = new Link({
  from: () => ({ org: page.base.org, since: page.base.seq, epoch: page.base.epoch }),
  hello(hello) {
    // Of another log, a whole state follows, and until then nothing here is the newest.
    const same = hello.epoch === page.base.epoch;
    expect(same ? Math.max(hello.seq, page.base.seq) : Infinity);
    if (!same) wanted = 0;
    held = [];
    greeted = true;
    set({ gaveUp: false });
    alive();
    behind.hurry();
    show();
    rebase();
    sendSoon();
  },
  frame: hear,
  lost(gaveUp) {
    if (model.link === 'live') touch();
    greeted = false;
    set({ gaveUp: gaveUp });
    show();
  },
  ended: () => (greeted = false),
  denied: (code) => denied(code),
});

/** Tries all that waits for its next try. */
export function tryNow() {
  behind.hurry();
  link.retry();
  show();
}

let greeted = false;
let told = false; // that it is not live
let telling = 0;

/** It is live while the connection is, and nothing that it told is missing. */
function show() {
  const was = model.link;
  set({ link: !greeted ? 'offline' : behind.missing ? 'behind' : 'live' });
  if (model.link !== was) announce();
  changed();
}

/** Who listens and heard of an outage hears of its end, too, once that has lasted for a moment. */
function announce() {
  clearTimeout(telling);
  if (model.link === 'offline') {
    told = true; // the strip that says so is read out
  } else if (model.link === 'live' && told) {
    telling = setTimeout(() => {
      told = false;
      say(t`Live again.`);
    }, 2000);
  }
}

/** The newest message that could not be taken, since one before it was missing. */
let wanted = 0;
/** What came while the whole state was asked for. @type {import('./types.js').Frame[]} */
let held = [];
/** More are not held: the next whole state has them. */
const MOST_HELD = 1000;

/** A message was lost: the whole state is asked for, once, however many more come meanwhile. */
const behind = new CatchUp(async () => {
  await page.fetchWhole(wanted);
  const frames = held;
  held = [];
  for (const frame of frames) take(frame);
  rebase();
}, show);

/** The connection brings a whole state by itself. @param {any} frame */
async function replace(frame) {
  expect(frame.seq);
  await page.replace(frame.data, frame.epoch);
  rebase();
}

/** @param {any} frame */
function hear(frame) {
  alive();
  if (frame.type === 'snapshot') replace(frame).catch(() => behind.want());
  else if (typeof frame.seq !== 'number') return;
  else if (!behind.missing) take(frame);
  else if (held.length < MOST_HELD) held.push(frame);
}

/** @param {import('./types.js').Frame} frame */
function take(frame) {
  const mine = model.queue.find((item) => item.id === frame.command);
  if (!page.hear(frame)) {
    wanted = Math.max(wanted, frame.seq);
    expect(wanted);
    behind.want();
    return;
  }
  // A command may cause several messages: its item stays on top of the page until the page has all that its answer names.
  if (mine?.state === 'waiting') confirm(mine);
  rebaseSoon();
}

function alive() {
  heard = Date.now();
  set({ seenAt: heard });
}

/** Keeps the age of what is on disk true. */
export function touch() {
  if (model.link === 'live' && page.base.org) database.touchPage(page.base.org, Date.now()).catch(() => {});
}

let ticks = 0;

/** Call it every few seconds. */
export async function tick() {
  changed(); // relative times
  if (model.link !== 'live') return;
  set({ seenAt: heard });
  if (++ticks % 4 === 0) touch();
  if (caughtUp()) page.compact().catch(() => {});
  if (Date.now() - heard < SILENCE) return;
  heard = Date.now(); // one question at a time
  try {
    const { headers } = await call('GET', '/organization/');
    // The server answers; does the connection bring what it knows?
    const newest = Number(headers.get('Status-Seq'));
    if (newest > page.base.seq) setTimeout(() => newest > page.base.seq && model.link === 'live' && link.drop(), 2000);
    else alive();
  } catch {
    link.drop();
  }
}
