import { fetchPage, showPage } from './copy.js';
import { apply } from './frame.js';
import { mark } from './mark.js';
import { say } from './say.js';
import { t } from './words.js';
import { Socket } from '../socket.js';

// Pings are not shown to scripts, so a quiet connection may be a dead one: after this long without a word the page
// asks. It goes on asking so where there is no connection to be had, as behind a proxy that lets none through: then it
// is not live, and a minute old at the most (two where data is saved).
const less = document.documentElement.dataset.data === 'less';
const quiet = less ? 120_000 : 60_000;
// Fetches that follow an event are spread over this long, so that a thousand readers do not ask in the same moment.
// Where data is saved, one fetch waits for what else comes; states that changed are shown at once.
const spread = 300;
const gather = less ? 15_000 : 0;
// After so many failures in a row the page says so; it goes on, once a minute.
const enough = 5;
// News of the connection are true when they are this old: one that is greeted and closed at once is not told as live.
const sure = 2_000;

/** Keeps a page true to its server. @param {HTMLElement} page */
export function keep(page) {
  new Live(page).start();
}

class Live {
  /** Why the connection is not live, in words; "" while it is. */ #trouble = '…';
  /** Whether it is looked for once a minute only. */ #stuck = false;
  /** Whether people were told that the page is not live. */ #told = false;
  /** Until they are told that it is again. @type {number | undefined} */ #telling;
  /** When the page was last known to be true. */ #proved = Date.now();
  /** When the server was last asked for its newest event. */ #asked = 0;
  /** The newest event heard of. */ #wanted;
  /** Fetches that failed in a row. */ #failures = 0;
  /** @type {number | undefined} */ #timer;
  #busy = false;

  /** @param {HTMLElement} page */
  constructor(page) {
    this.page = page;
    this.#wanted = this.shown;
    this.socket = new Socket({
      address: () => [this.address()],
      frame: (frame) => this.frame(frame),
      condition: (c) => this.condition(c),
    });
  }

  /** The event that the page shows. */
  get shown() {
    return Number(this.page.dataset.seq);
  }

  address() {
    const url = new URL(this.page.dataset.socket ?? '', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    url.search = `since=${this.#wanted}&epoch=${this.page.dataset.epoch}`;
    return url.href;
  }

  start() {
    this.socket.start();
    setInterval(() => Date.now() - Math.max(this.#proved, this.#asked) > quiet && this.verify(), quiet / 4);
    addEventListener('online', () => this.missed());
    addEventListener('offline', () => this.verify());
    addEventListener('pagehide', () => this.leave());
    addEventListener('pageshow', (e) => e.persisted && this.again());
    document.addEventListener(
      'visibilitychange',
      () => document.hidden || (this.#trouble ? this.missed() : this.verify()),
    );
  }

  /** Starts over: a new connection, and a look at what the page missed. */
  again() {
    this.socket.start();
    this.missed();
  }

  /** The connection starts over by itself when the browser comes online or the page is looked at again. */
  missed() {
    this.#failures = 0;
    this.fetch(this.#wanted);
  }

  /** A page that is put aside would be thrown away with an open connection, and kept without one. */
  leave() {
    this.socket.stop();
    this.lost(t('Connecting…'));
  }

  /** @param {any} frame */
  frame(frame) {
    this.proved();
    if (frame.type === 'hello' && frame.epoch !== this.page.dataset.epoch) {
      this.#wanted = 0; // another log: the number of an event in the old one means nothing
      this.fetch(0, true);
    } else if (frame.type === 'snapshot') {
      this.fetch(frame.seq ?? 0, true);
    } else if (frame.type === 'nothing' && frame.seq === this.shown + 1 && !this.#busy) {
      this.#wanted = Math.max(this.#wanted, frame.seq); // an event that this page does not show
      this.page.dataset.seq = String(frame.seq);
    } else if (frame.seq > this.#wanted && frame.type !== 'hello') {
      apply(frame);
      this.fetch(frame.seq);
    }
  }

  /** Wants the page as it is after an event; one request at a time answers all. @param {number} seq @param {boolean} [anyway] */
  fetch(seq, anyway) {
    this.#wanted = Math.max(this.#wanted, seq);
    if (this.#busy || (!anyway && this.#wanted <= this.shown)) return;
    if (gather && this.#timer && !anyway) return; // the one that waits tells of this, too
    clearTimeout(this.#timer);
    const pause = this.#failures && Math.min(1000 * 2 ** this.#failures, quiet);
    this.#timer = setTimeout(() => this.#fetch(), pause + (anyway ? 0 : gather) + Math.random() * spread);
  }

  async #fetch() {
    this.#busy = true;
    this.#timer = undefined;
    const before = headline();
    try {
      showPage(await fetchPage(this.#wanted));
      this.#failures = 0;
      if (this.#stuck) this.#proved = Date.now();
      if (headline() !== before) say(`${headline()}.`);
    } catch {
      this.#failures++;
    }
    this.#busy = false;
    this.draw();
    this.fetch(this.#wanted, this.#failures > 0);
  }

  /** @param {import("../socket.js").Condition} condition */
  condition(condition) {
    if (condition === 'open') return this.proved();
    const words = {
      waiting: t('Trying again…'),
      'given-up': t('We could not reconnect. We look once a minute.'),
      gone: t('This page is no longer here.'),
      refused: t('This page is not open to everybody any more.'),
      crowded: t('Too many pages are open in your network. We look once a minute.'),
    };
    this.lost(words[condition], condition !== 'waiting');
  }

  /** Asks the server for its newest event. */
  async verify() {
    if (document.hidden || (this.#trouble && !this.#stuck)) return;
    this.#asked = Date.now();
    try {
      const res = await fetch(location.href, { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(5000) });
      if (!res.ok) throw res.status;
      const seq = Number(res.headers.get('Status-Seq'));
      this.stale(res.headers.get('Status-Stale-Since'));
      if (this.#stuck) return this.look(seq);
      if (seq <= this.#wanted) return this.proved();
      setTimeout(() => seq > this.#wanted && this.doubt(), 2000); // the news may be on its way
    } catch {
      if (!this.#stuck) this.doubt();
    }
  }

  /** What the server's newest event says of a page that has no connection. @param {number} seq */
  look(seq) {
    if (seq > this.shown) return this.fetch(seq);
    if (seq === this.shown) this.#proved = Date.now();
    this.draw();
  }

  /** The connection kept something back, or nobody answers: it is as good as none. */
  doubt() {
    this.lost(t('Trying again…'));
    this.socket.start();
  }

  /** @param {string | null} since when this region last heard from the main one, if that is too long ago */
  stale(since) {
    if (since) this.page.dataset.stale = since;
    else delete this.page.dataset.stale;
  }

  proved() {
    this.#proved = Date.now();
    this.#trouble = '';
    this.#stuck = false;
    if (this.#told) this.#telling ??= setTimeout(() => this.back(), sure);
    this.draw();
  }

  /** People who listen hear that what they heard is over. */
  back() {
    this.#told = false;
    this.#telling = undefined;
    say(t('This page is live again.'));
  }

  /** @param {string} words @param {boolean} [stuck] */
  lost(words, stuck = false) {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    if (!this.#told || (stuck && !this.#stuck)) say(`${t('This page is not live.')} ${words}`);
    this.#told = true;
    this.#trouble = words;
    this.#stuck = stuck;
    this.draw();
  }

  /** The mark says "live" only while the connection is, the page shows all that it told, and the region is not behind. */
  draw() {
    const { stale } = this.page.dataset;
    if (this.#trouble) mark(new Date(this.#proved), this.#trouble, this.#stuck);
    else if (this.#failures)
      mark(new Date(this.#proved), t('The newest page did not come yet.'), this.#failures > enough);
    else if (stale) mark(new Date(stale), t('This region is behind.'));
    else mark();
  }
}

const headline = () => document.getElementById('words')?.textContent;
