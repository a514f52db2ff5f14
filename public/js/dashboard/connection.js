import * as database from './database.js';
import * as outbox from './outbox.js';
import * as page from './page.js';
import { caughtUp, expect, rebase, rebaseSoon, sendSoon } from './rebase.js';
import { changed, model } from './model.js';
import { Link } from './socket.js';
import { confirm } from './submit.js';

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
    expect(hello.epoch === page.base.epoch ? hello.seq : Infinity);
    model.link = 'live';
    model.gaveUp = false;
    alive();
    rebase();
    sendSoon();
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
  denied: (code) => denied(code),
});

/** @param {any} frame */
function hear(frame) {
  alive();
  if (frame.type === 'snapshot') {
    expect(frame.seq);
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

function alive() {
  heard = Date.now();
  model.seenAt = heard;
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
