import { Socket } from '../socket.js';
import { token, lasts } from './session.js';
import { Refused, SignedOut } from './request.js';

/** @typedef {import('../socket.js').Condition} Condition */

/**
 * @typedef {object} Handlers
 * @property {() => {org: string, since: number, epoch: string}} from where to go on
 * @property {(hello: {seq: number, epoch: string, region: string}) => void} hello
 * @property {(frame: any) => void} frame
 * @property {(gaveUp: boolean) => void} lost the connection is gone; gaveUp says that it is looked for once a minute only
 * @property {() => void} ended it was stopped
 * @property {(code: number) => void} denied the server will not have this person
 */

const RENEW_BEFORE = 20_000;

/** The private connection: the page's own, with a token that is shown at the handshake and again before it ends. */
export class Link {
  #renewal = 0;

  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    this.socket = new Socket({
      renews: true,
      address: (anew) => this.#address(anew),
      frame: (frame) => (frame.type === 'hello' ? handlers.hello(frame) : handlers.frame(frame)),
      condition: (condition) => this.#condition(condition),
      hopeless: (error) => this.#denied(error),
    });
  }

  start() {
    this.socket.start();
  }

  stop() {
    clearTimeout(this.#renewal);
    this.socket.stop();
    this.handlers.ended();
  }

  /** Gives up a connection that no longer carries anything, and makes another. */
  drop() {
    this.socket.drop();
  }

  /** Starts over, unless it is connected or about to be. */
  retry() {
    this.socket.retry();
  }

  /** @param {boolean} anew @returns {Promise<[string, string[]]>} */
  async #address(anew) {
    const jwt = await token(anew);
    const { org, since, epoch } = this.handlers.from();
    const query = since ? `?since=${since}&epoch=${encodeURIComponent(epoch)}` : '';
    return [
      `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/status/org/${org}/${query}`,
      ['bearer', jwt],
    ];
  }

  /** @param {Condition} condition */
  #condition(condition) {
    if (condition === 'open') return this.#renewLater();
    clearTimeout(this.#renewal);
    if (condition === 'gone') return this.handlers.denied(4404);
    if (condition === 'refused') return this.handlers.denied(4403);
    this.handlers.lost(condition !== 'waiting');
  }

  /** Whether there is no token to be had, and not just now. @param {unknown} error */
  #denied(error) {
    const code = error instanceof SignedOut ? 4401 : error instanceof Refused && error.status === 403 ? 4403 : 0;
    if (code) this.handlers.denied(code);
    return code !== 0;
  }

  /** Shows a new token before the old one ends, so that the connection need not be made again. */
  #renewLater() {
    clearTimeout(this.#renewal);
    const wait = Math.max(lasts() - RENEW_BEFORE, lasts() / 2, 1000);
    this.#renewal = setTimeout(async () => {
      try {
        const jwt = await token(true);
        this.socket.send({ type: 'auth', token: jwt });
        this.#renewLater();
      } catch (error) {
        this.#denied(error);
        // Otherwise the network is away, and the socket will say so itself.
      }
    }, wait);
  }
}
