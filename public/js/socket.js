// How long to wait before each new try, in milliseconds (CONTRACT 4).
const delays = [1000, 2000, 4000, 8000, 16_000];
// After that it looks this often.
const rest = 60_000;
// A connection that lived this long starts the count anew: one that is greeted and closed at once does not.
const steady = 5_000;
// One that was not greeted by then is none.
const patience = 10_000;

/**
 * @typedef {"open" | "waiting" | "given-up" | "crowded" | "gone" | "refused"} Condition
 * open: hello was heard. waiting: a new try is coming. given-up: five failed, and it looks once a minute. crowded: too many connections
 * from this address, and it looks once a minute. gone: there is no such page. refused: it is not for this person.
 *
 * @typedef {object} Line what a connection needs, and what it tells
 * @property {(anew: boolean) => [url: string, protocols?: string[]] | Promise<[url: string, protocols?: string[]]>} address of the next
 *   connection, with from where to go on; anew says that the token was not taken
 * @property {(frame: any) => void} frame
 * @property {(condition: Condition) => void} condition
 * @property {boolean} [renews] whether another token may be taken where one was not
 * @property {(error: unknown) => boolean} [hopeless] whether there is no address to be had, and not just now
 */

/** One connection that comes back, and goes on where it was. The page and the dashboard have the same one. */
export class Socket {
  /** @type {WebSocket | undefined} */ #ws;
  /** The next try, or the end of patience with this one. @type {number | undefined} */ #timer;
  /** Counts the connections: what an older one still says is not heard. */ #dial = 0;
  #tries = 0;
  /** When hello was heard; 0 while there is no connection. */ #opened = 0;
  #anew = false;
  #dialling = false;
  #wanted = false;

  /** @param {Line} line */
  constructor(line) {
    this.line = line;
    addEventListener('online', () => this.#wanted && this.start());
    document.addEventListener('visibilitychange', () => document.hidden || this.retry());
  }

  /** Connects now, with a new count of tries, whatever it was doing. */
  start() {
    this.#wanted = true;
    this.#tries = 0;
    this.#connect();
  }

  /** Starts over, unless it is connected or about to be. */
  retry() {
    if (this.#wanted && !this.#opened && !this.#dialling) this.start();
  }

  /** Gives up a connection that no longer carries anything, and makes another. */
  drop() {
    if (this.#wanted) this.#closed(0);
  }

  /** Ends the connection, silently. */
  stop() {
    this.#wanted = false;
    this.#hangUp();
  }

  /** Says something, if there is a connection. @param {object} message */
  send(message) {
    if (this.#opened) this.#ws?.send(JSON.stringify(message));
  }

  #hangUp() {
    clearTimeout(this.#timer);
    const ws = this.#ws;
    this.#ws = undefined;
    this.#opened = 0;
    this.#dialling = false;
    this.#dial++;
    ws?.close();
  }

  async #connect() {
    this.#hangUp();
    const dial = this.#dial;
    this.#dialling = true;
    this.#wait(patience, () => this.#closed(0));
    try {
      const [url, protocols] = await this.line.address(this.#anew);
      if (dial !== this.#dial) return;
      this.#anew = false;
      this.#listen(new WebSocket(url, protocols), dial);
    } catch (error) {
      if (dial !== this.#dial) return;
      if (this.line.hopeless?.(error)) this.#hangUp();
      else this.#closed(0);
    }
  }

  /** @param {WebSocket} ws @param {number} dial */
  #listen(ws, dial) {
    this.#ws = ws;
    this.#wait(patience, () => this.#closed(0));
    ws.onmessage = (e) => dial === this.#dial && this.#heard(JSON.parse(e.data));
    ws.onclose = (e) => dial === this.#dial && this.#closed(e.code);
  }

  /** @param {any} frame */
  #heard(frame) {
    if (frame.type === 'hello') {
      clearTimeout(this.#timer);
      this.#opened = Date.now();
      this.#dialling = false;
      this.line.condition('open');
    }
    this.line.frame(frame);
  }

  /** @param {number} code */
  #closed(code) {
    if (this.#opened && Date.now() - this.#opened > steady) this.#tries = 0;
    this.#hangUp();
    if (code === 4404) return this.line.condition('gone');
    if (code === 4403 || (code === 4401 && !this.line.renews)) return this.line.condition('refused');
    this.#anew ||= code === 4401;
    if (code === 4429) this.#tries = delays.length;
    const delay = delays[this.#tries++];
    this.#wait((delay ?? rest) * (0.8 + Math.random() * 0.4), () => this.#connect());
    this.line.condition(delay ? 'waiting' : code === 4429 ? 'crowded' : 'given-up');
  }

  /** @param {number} ms @param {() => void} then */
  #wait(ms, then) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }
}
