// The rules in the browser: core.wasm behind one function. What it can be asked stands in wasm/bridge/bridge.go.

/**
 * @typedef {{code: string, detail: string, errors: {field: string, message: string}[], allowed?: string[], current?: any}} Problem
 * @typedef {{value?: any, error?: Problem}} Answer one of the two
 * @typedef {object} Core
 * @property {(message: object) => Answer} call asks the rules; it never throws
 * @property {(() => void)|null} onrestart hears that the rules had to be started anew and know nothing any more: load the state again
 *
 * @typedef {{memory: WebAssembly.Memory, _initialize(): void, alloc(n: number): number, call(n: number): number, answer(): number}} Exports
 */

/**
 * @param {string} url of core.wasm
 * @returns {Promise<Core>}
 */
export async function loadCore(url) {
  const module = await compile(url);
  let rules = start(module);
  let telling = false;

  /** @type {Core} */
  const core = { onrestart: null, call };
  return core;

  /** @param {object} message */
  function call(message) {
    const text = JSON.stringify(message);
    try {
      return JSON.parse(ask(rules, text));
    } catch (trap) {
      console.error('The rules broke.', trap);
      rules = start(module);
      restarted();
      return { error: { code: 'internal', detail: 'The rules failed on this and were started anew.', errors: [] } };
    }
  }

  function restarted() {
    // What is told of a restart loads the state through call, which may break again: once is enough.
    if (telling) return;
    telling = true;
    try {
      core.onrestart?.();
    } finally {
      telling = false;
    }
  }
}

/** @param {string} url */
async function compile(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The rules could not be fetched: ${response.status}.`);
  if (response.headers.get('Content-Type') === 'application/wasm') return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param {Exports} rules @param {string} text */
function ask(rules, text) {
  const bytes = encoder.encode(text);
  const at = rules.alloc(bytes.length) >>> 0;
  new Uint8Array(rules.memory.buffer, at, bytes.length).set(bytes);
  const length = rules.call(bytes.length);
  // The memory may be another one by now: it grows.
  return decoder.decode(new Uint8Array(rules.memory.buffer, rules.answer() >>> 0, length));
}

/** @param {WebAssembly.Module} module */
function start(module) {
  /** @type {Exports} */
  let rules;
  const view = () => new DataView(rules.memory.buffer);
  /** Writes numbers of 32 bits and says that all went well. @param {...[number, number]} pairs */
  const put = (...pairs) => {
    for (const [at, n] of pairs) view().setUint32(at, n, true);
    return 0;
  };
  /** What Go's runtime asks of its host, and no more: no files, no arguments, no waiting. */
  const host = {
    args_get: () => 0,
    args_sizes_get: (/** @type {number} */ count, /** @type {number} */ size) => put([count, 0], [size, 0]),
    environ_get: () => 0,
    environ_sizes_get: (/** @type {number} */ count, /** @type {number} */ size) => put([count, 0], [size, 0]),
    sched_yield: () => 0,
    poll_oneoff: (
      /** @type {number} */ _in,
      /** @type {number} */ _out,
      /** @type {number} */ n,
      /** @type {number} */ done,
    ) => put([done, n]),
    clock_time_get: (/** @type {number} */ clock, /** @type {bigint} */ _precision, /** @type {number} */ at) => {
      view().setBigUint64(at, BigInt(Math.round((clock === 0 ? Date.now() : performance.now()) * 1e6)), true);
      return 0;
    },
    random_get: (/** @type {number} */ at, /** @type {number} */ n) => {
      for (let done = 0; done < n; done += 65536) {
        crypto.getRandomValues(new Uint8Array(rules.memory.buffer, at + done, Math.min(65536, n - done)));
      }
      return 0;
    },
    fd_write: (
      /** @type {number} */ _fd,
      /** @type {number} */ parts,
      /** @type {number} */ count,
      /** @type {number} */ written,
    ) => {
      let text = '';
      let size = 0;
      for (let i = 0; i < count; i++) {
        const part = new Uint8Array(
          rules.memory.buffer,
          view().getUint32(parts + 8 * i, true),
          view().getUint32(parts + 8 * i + 4, true),
        );
        text += decoder.decode(part);
        size += part.length;
      }
      console.error(text);
      return put([written, size]);
    },
    proc_exit: (/** @type {number} */ status) => {
      throw new Error(`The rules stopped with ${status}.`);
    },
  };
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: host });
  rules = /** @type {Exports} */ (/** @type {unknown} */ (instance.exports));
  rules._initialize();
  return rules;
}
