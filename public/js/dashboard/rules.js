import { loadCore } from '../core.js';
import { spoken } from '../speak.js';
import { t } from '../language.js';

/** @typedef {import('./types.js').View} View */
/** @typedef {import('./types.js').Command} Command */
/** @typedef {import('./types.js').Problem} Problem */
/** @typedef {import('./types.js').Verdict} Verdict */
/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./types.js').PageEvent} PageEvent */

/** @type {import('../core.js').Core|null} */
let core = null;

/** Whether decisions can be made here. Until then the server makes them. */
export const ready = () => core !== null;

let version = '';

/** Which core decides here: the hash in its name; "" while there is none. */
export const coreVersion = () => (core ? version : '');

/** @param {string} url of core.wasm, named by its content @param {() => void} onrestart they broke, were started anew, and know nothing */
export async function start(url, onrestart) {
  core = await loadCore(url);
  version = /core-([0-9a-f]+)/.exec(url)?.[1] ?? 'dev';
  core.onrestart = onrestart;
}

/** @param {object} message */
function ask(message) {
  if (!core) throw new Error(t`The rules are not loaded.`);
  return core.call(message);
}

/** @param {any} state the server's snapshot */
export function load(state) {
  const { error } = ask({ op: 'load', state });
  if (error) throw new Error(error.detail);
}

/** Folds a message into the state; false says that one before it is missing. @param {object} frame */
export const fold = (frame) => !ask({ op: 'fold', frame }).error;

/**
 * Decides what waits again on top of the state.
 * @param {{id: string, at: string, command: Command}[]} queue
 * @returns {{view: View, verdicts: Verdict[]}}
 */
export function queue(queue) {
  const { value, error } = ask({ op: 'queue', at: new Date().toISOString(), queue });
  if (error) throw new Error(error.detail);
  return value;
}

/**
 * What would happen now; changes nothing.
 * @param {Command} command
 * @param {string} [at]
 * @returns {{events?: PageEvent[], view?: View, error?: Problem}}
 */
export function decide(command, at = new Date().toISOString()) {
  const { value, error } = ask({ op: 'decide', at, command });
  return error ? { error: spoken(error) } : value;
}

/**
 * The record of a service over some days up to a moment: "99.98", and each day.
 * @param {string} service
 * @param {number} days
 * @param {string} [at]
 * @returns {{uptime: string, days: {date: string, no_data: boolean, worst: string, uptime: string}[]}|null}
 */
export function uptime(service, days, at = new Date().toISOString()) {
  if (!core) return null;
  return ask({ op: 'uptime', at, service, days }).value ?? null;
}
