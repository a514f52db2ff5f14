// How long to wait before each new try, in seconds (CONTRACT.md, section 4).
const delays = [1, 2, 4, 8, 16];
// A connection that lived this long starts the count anew.
const steady = 5_000;
// One that was not greeted by then is none.
const patience = 10_000;

/**
 * @typedef {"open" | "waiting" | "given-up" | "gone" | "crowded"} Condition
 * open: hello was heard. waiting: a new try is coming. given-up: five failed. gone: there is no such page. crowded: too many
 * connections from this address.
 */

/** One connection that comes back. */
export class Socket {
  /** @type {WebSocket | undefined} */ #ws;
  /** The next try, or the end of patience with this one. @type {number | undefined} */ #timer;
  #tries = 0;
  #opened = 0;

  /**
   * @param {() => string} address of the next connection
   * @param {(frame: any) => void} onframe
   * @param {(condition: Condition) => void} oncondition
   */
  constructor(address, onframe, oncondition) {
    this.address = address;
    this.onframe = onframe;
    this.oncondition = oncondition;
  }

  /** Connects now, with a new count of tries, whatever it was doing. */
  start() {
    this.stop();
    this.#tries = 0;
    this.#connect();
  }

  /** Ends the connection, silently. */
  stop() {
    clearTimeout(this.#timer);
    const ws = this.#ws;
    this.#ws = undefined;
    ws?.close();
  }

  #connect() {
    const ws = new WebSocket(this.address());
    this.#ws = ws;
    this.#opened = 0;
    this.#timer = setTimeout(() => this.#closed(0), patience);
    ws.onmessage = (e) => ws === this.#ws && this.#heard(JSON.parse(e.data));
    ws.onclose = (e) => ws === this.#ws && this.#closed(e.code);
  }

  /** @param {any} frame */
  #heard(frame) {
    if (frame.type === "hello") {
      clearTimeout(this.#timer);
      this.#opened = Date.now();
      this.oncondition("open");
    }
    this.onframe(frame);
  }

  /** @param {number} code */
  #closed(code) {
    this.stop();
    if (code === 4404) return this.oncondition("gone");
    if (code === 4429) return this.oncondition("crowded");
    if (this.#opened && Date.now() - this.#opened > steady) this.#tries = 0;
    const delay = delays[this.#tries++];
    if (!delay) return this.oncondition("given-up");
    this.#timer = setTimeout(() => this.#connect(), delay * 1000 * (0.8 + Math.random() * 0.4));
    this.oncondition("waiting");
  }
}
