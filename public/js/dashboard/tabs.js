// What one tab tells the others of the same browser.

/** @typedef {{type: 'queue'|'signed-out'|'signed-in'}} Note */

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('statuspage') : null;

/** @param {Note['type']} type */
export const tell = (type) => channel?.postMessage({ type });

/** @param {(note: Note) => void} hear */
export const listen = (hear) => channel?.addEventListener('message', (message) => hear(message.data));

/**
 * Runs work while no other tab does the same. Without Web Locks (a page that is not secure) it just runs.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export const alone = (name, work) =>
  navigator.locks ? /** @type {Promise<T>} */ (navigator.locks.request(`statuspage-${name}`, work)) : work();
