// How long to wait after each failure, in milliseconds; the last is for all that follow.
const delays = [1000, 2000, 4000, 8000, 16_000, 30_000];

/** Work that has to be done once more, one at a time, until it succeeds. */
export class CatchUp {
  /** @type {number | undefined} */ #timer;
  #busy = false;
  #again = false;
  #failures = 0;

  /** @param {() => Promise<void>} work @param {() => void} changed its state is another */
  constructor(work, changed) {
    this.work = work;
    this.changed = changed;
  }

  /** Whether something is missing yet. */
  get missing() {
    return this.#again || this.#busy || this.#failures > 0;
  }

  /** Wants it done; asked for again in its midst, it is done once more. */
  want() {
    this.#again = true;
    if (!this.#busy && !this.#failures) this.#run();
  }

  /** Does it now if it waits for its next try. */
  hurry() {
    if (!this.#busy && this.#failures) this.#run();
  }

  async #run() {
    clearTimeout(this.#timer);
    this.#busy = true;
    this.#again = false;
    this.changed();
    try {
      await this.work();
      this.#failures = 0;
    } catch {
      this.#timer = setTimeout(
        () => this.#run(),
        delays[Math.min(this.#failures++, delays.length - 1)] * (0.8 + Math.random() * 0.4),
      );
    }
    this.#busy = false;
    this.changed();
    if (this.#again && !this.#failures) this.#run();
  }
}
