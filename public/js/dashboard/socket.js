import { token, lasts } from './session.js';
import { Refused, SignedOut } from './request.js';

/** @typedef {import('./types.js').Frame} Frame */

/**
 * @typedef {object} Handlers
 * @property {() => {org: string, since: number, epoch: string}} from where to go on
 * @property {(hello: {seq: number, epoch: string, region: string}) => void} hello
 * @property {(frame: any) => void} frame
 * @property {() => void} lost the connection is gone and will be tried again
 * @property {() => void} gaveUp it will not be tried again before retry()
 * @property {(code: number) => void} denied the server will not have this person
 */

const FIRST = 1000;
const TRIES = 5;
const RENEW_BEFORE = 20_000;

/** The private connection: it reconnects after 1 s, doubling, with jitter, five times (CONTRACT.md, section 4). */
export class Link {
  /** @type {WebSocket|null} */ #socket = null;
  #tries = 0;
  #timer = 0;
  #renewal = 0;
  #wanted = false;
  #dialling = false;

  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    addEventListener('online', () => this.retry());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.retry());
  }

  start() {
    this.#wanted = true;
    this.retry();
  }

  stop() {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  /** Gives up a connection that no longer carries anything, and makes another. */
  drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#again();
  }

  /** Starts over, unless it is connected. */
  retry() {
    if (!this.#wanted || this.#socket || this.#dialling) return;
    this.#tries = 0;
    this.#dial();
  }

  async #dial() {
    clearTimeout(this.#timer);
    this.#dialling = true;
    try {
      const jwt = await token();
      const { org, since, epoch } = this.handlers.from();
      const query = since ? `?since=${since}&epoch=${encodeURIComponent(epoch)}` : '';
      const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
      this.#open(new WebSocket(`${scheme}://${location.host}/ws/status/org/${org}/${query}`, ['bearer', jwt]));
    } catch (error) {
      if (!this.#denied(error)) this.#again();
    } finally {
      this.#dialling = false;
    }
  }

  /** @param {WebSocket} socket */
  #open(socket) {
    this.#socket = socket;
    socket.onmessage = (message) => {
      const frame = JSON.parse(message.data);
      if (frame.type === 'hello') {
        this.#tries = 0;
        this.#renewLater();
        this.handlers.hello(frame);
      } else {
        this.handlers.frame(frame);
      }
    };
    socket.onclose = (close) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      clearTimeout(this.#renewal);
      if (!this.#wanted) return;
      if (close.code === 4401) this.#refused();
      else if (close.code === 4403 || close.code === 4404) this.handlers.denied(close.code);
      else this.#again();
    };
  }

  /** The token was not taken: a fresh one may be. */
  async #refused() {
    try {
      await token(true);
      this.#again();
    } catch (error) {
      if (!this.#denied(error)) this.#again();
    }
  }

  /** Whether there is no token to be had, and not just now. @param {unknown} error */
  #denied(error) {
    const code = error instanceof SignedOut ? 4401 : error instanceof Refused && error.status === 403 ? 4403 : 0;
    if (code) this.handlers.denied(code);
    return code !== 0;
  }

  #again() {
    this.handlers.lost();
    if (this.#tries >= TRIES) {
      this.handlers.gaveUp();
      return;
    }
    const wait = FIRST * 2 ** this.#tries++ * (0.5 + Math.random());
    this.#timer = setTimeout(() => this.#dial(), wait);
  }

  /** Shows a new token before the old one ends, so that the connection need not be made again. */
  #renewLater() {
    clearTimeout(this.#renewal);
    const socket = this.#socket;
    const wait = Math.max(lasts() - RENEW_BEFORE, lasts() / 2, 1000);
    this.#renewal = setTimeout(async () => {
      try {
        const jwt = await token(true);
        if (socket === this.#socket) socket?.send(JSON.stringify({ type: 'auth', token: jwt }));
        this.#renewLater();
      } catch (error) {
        this.#denied(error);
        // Otherwise the network is away, and the socket will say so itself.
      }
    }, wait);
  }
}
