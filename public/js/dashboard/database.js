import { Memory, stores } from './memory.js';
import { t } from '../language.js';

// What outlives the tab, where the browser lets it. The schema only ever grows by a step; a newer page upgrades what an older one wrote.
//
//   page    {org, state, epoch, seenAt}   the last whole state that the server gave
//   frames  {org, seq, text}              what happened since, to be folded in
//   queue   Item                          what waits to be sent, in order of n
//   drafts  {key, values, at}             what was typed and not published
//   session {key: 'last', …Identity}      who was here; never a token

const NAME = 'statuspage';

/** Each step brings the schema from its index to the next version. */
const steps = [
  (/** @type {IDBDatabase} */ db) => {
    db.createObjectStore('page', { keyPath: 'org' });
    db.createObjectStore('frames', { keyPath: ['org', 'seq'] });
    db.createObjectStore('queue', { keyPath: 'n', autoIncrement: true }).createIndex('id', 'id', { unique: true });
    db.createObjectStore('drafts', { keyPath: 'key' });
    db.createObjectStore('session', { keyPath: 'key' });
  },
];

/** @type {Promise<IDBDatabase>|null} */
let opened = null;

/** @returns {Promise<IDBDatabase>} */
function open() {
  opened ??= new Promise((resolve, reject) => {
    if (!globalThis.indexedDB) throw new DOMException(t`There is no IndexedDB.`, 'NotAllowedError');
    const request = indexedDB.open(NAME, steps.length);
    request.onupgradeneeded = (change) => {
      for (let v = change.oldVersion; v < steps.length; v++) steps[v](request.result);
    };
    request.onsuccess = () => {
      const db = request.result;
      // A newer page in another tab wants to upgrade: let it, and open again when needed.
      db.onversionchange = () => {
        db.close();
        opened = null;
      };
      db.onclose = () => (opened = null);
      resolve(db);
    };
    request.onerror = () => {
      opened = null;
      reject(request.error);
    };
  });
  return opened;
}

/** Used once the browser keeps nothing: its storage is full, or closed to this page. @type {Memory|null} */
let memory = null;
let tellUnkept = () => {};

/** @param {() => void} tell hears that from now on nothing outlives the tab */
export const onUnkept = (tell) => (tellUnkept = tell);

/** What another try does not mend, of opening and of writing. An older page that meets a newer schema is not among it. */
const hopeless = new Set(['QuotaExceededError', 'UnknownError', 'SecurityError', 'NotAllowedError']);

/** Goes on in memory, with what could still be read. @param {unknown} error */
async function fallBack(error) {
  if (!(error instanceof Error || error instanceof DOMException) || !hopeless.has(error.name)) throw error;
  /** @type {Record<string, any[]>} */
  const kept = {};
  for (const name of stores) {
    kept[name] = await durable(name, 'readonly', (tx) => tx.objectStore(name).getAll()).catch(() => []);
  }
  if (!memory) {
    memory = new Memory(kept);
    tellUnkept();
  }
  return memory;
}

/**
 * Runs one transaction; what it answers is durable when the promise resolves, unless onUnkept was told.
 * @template T
 * @param {string|string[]} stores
 * @param {IDBTransactionMode} mode
 * @param {(tx: IDBTransaction) => IDBRequest<T>|void} work
 * @returns {Promise<T>}
 */
async function transact(stores, mode, work) {
  if (memory) return memory.transact(work);
  try {
    return await durable(stores, mode, work);
  } catch (error) {
    return (await fallBack(error)).transact(work);
  }
}

/**
 * @template T
 * @param {string|string[]} stores
 * @param {IDBTransactionMode} mode
 * @param {(tx: IDBTransaction) => IDBRequest<T>|void} work
 * @returns {Promise<T>}
 */
async function durable(stores, mode, work) {
  const db = await open();
  return new Promise((resolve, reject) => {
    const tx = db.transaction(stores, mode, { durability: mode === 'readwrite' ? 'strict' : 'default' });
    const request = work(tx);
    tx.oncomplete = () => resolve(/** @type {T} */ (request ? request.result : undefined));
    tx.onabort = () => reject(tx.error); // which no error has yet when it is told to onerror
  });
}

/** @param {string} store @param {IDBValidKey} key @returns {Promise<any>} */
export const get = (store, key) => transact(store, 'readonly', (tx) => tx.objectStore(store).get(key));

/** @param {string} store @param {any} value @returns {Promise<any>} */
export const put = (store, value) => transact(store, 'readwrite', (tx) => tx.objectStore(store).put(value));

/** @param {string} store @param {IDBValidKey|IDBKeyRange} key @returns {Promise<any>} */
export const remove = (store, key) => transact(store, 'readwrite', (tx) => tx.objectStore(store).delete(key));

/** @param {string} store @param {IDBKeyRange} [range] @returns {Promise<any[]>} */
export const all = (store, range) => transact(store, 'readonly', (tx) => tx.objectStore(store).getAll(range));

/**
 * Replaces a page by a newer whole state, and forgets the frames that it includes; those of another log all go.
 * @param {{org: string, state: any, epoch: string, seenAt: number}} page
 */
export const putPage = (page) =>
  transact(['page', 'frames'], 'readwrite', (tx) => {
    const pages = tx.objectStore('page');
    const old = pages.get(page.org);
    old.onsuccess = () => {
      const upTo = old.result?.epoch === page.epoch ? page.state.seq : Infinity;
      tx.objectStore('frames').delete(IDBKeyRange.bound([page.org, -Infinity], [page.org, upTo]));
      pages.put(page);
    };
  });

/** Says when a page was last known to be the newest. @param {string} org @param {number} seenAt */
export const touchPage = (org, seenAt) =>
  transact('page', 'readwrite', (tx) => {
    const pages = tx.objectStore('page');
    const found = pages.get(org);
    found.onsuccess = () => found.result && pages.put({ ...found.result, seenAt });
  });

/** Puts an item at the end of the queue and takes its draft away. @param {import('./types.js').Item} item @param {string} [draft] */
export const enqueue = (item, draft) =>
  transact(['queue', 'drafts'], 'readwrite', (tx) => {
    tx.objectStore('queue').add(item);
    if (draft) tx.objectStore('drafts').delete(draft);
  });

/**
 * Reads, changes and writes one queued item in one transaction, so that two tabs cannot undo each other. The change
 * answers with the item to keep, or with null to take it out.
 * @param {string} id
 * @param {(item: import('./types.js').Item) => import('./types.js').Item|null} change
 * @returns {Promise<void>}
 */
export const changeItem = (id, change) =>
  transact('queue', 'readwrite', (tx) => {
    const queue = tx.objectStore('queue');
    const found = queue.index('id').get(id);
    found.onsuccess = () => {
      if (!found.result) return;
      const n = found.result.n;
      const next = change(found.result);
      if (next) queue.put(next);
      else queue.delete(n);
    };
  });

/** Forgets everything that was kept for a person, save what others still have queued here. @param {string} owner @param {string} org */
export const forget = (owner, org) =>
  transact(stores, 'readwrite', (tx) => {
    tx.objectStore('page').delete(org);
    tx.objectStore('frames').delete(IDBKeyRange.bound([org, -Infinity], [org, Infinity]));
    tx.objectStore('drafts').clear();
    tx.objectStore('session').clear();
    const queue = tx.objectStore('queue');
    const items = queue.getAll();
    items.onsuccess = () => {
      for (const item of items.result) if (item.owner === owner) queue.delete(item.n);
    };
  });
