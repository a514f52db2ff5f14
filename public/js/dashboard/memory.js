// Stands in for IndexedDB where the browser keeps nothing: of a transaction as much as database.js asks for, in this tab's memory.

/** @typedef {{result: any, onsuccess: (() => void)|null}} Request */
/** @typedef {Map<string, {key: any, value: any}>} Rows */

/** @type {Record<string, (value: any) => any>} */
const keys = {
  page: (v) => v.org,
  frames: (v) => [v.org, v.seq],
  queue: (v) => (v.n ??= ++added),
  drafts: (v) => v.key,
  session: (v) => v.key,
};

/** Their names. */
export const stores = Object.keys(keys);

let added = 0;

export class Memory {
  /** @type {Record<string, Rows>} */
  #stores = {};

  /** @param {Record<string, any[]>} kept what could still be read, by store */
  constructor(kept) {
    for (const name of stores) {
      this.#stores[name] = new Map();
      added = Math.max(added, ...(kept[name] ?? []).map((v) => v.n ?? 0));
      for (const value of kept[name] ?? []) put(this.#stores[name], name, value);
    }
  }

  /** Runs one transaction to its end. @param {(tx: any) => any} work */
  transact(work) {
    /** @type {Request[]} */
    const asked = [];
    const answer = (/** @type {any} */ result) => {
      /** @type {Request} */
      const request = { result, onsuccess: null };
      asked.push(request);
      return request;
    };
    const request = work({ objectStore: (/** @type {string} */ name) => store(this.#stores[name], name, answer) });
    for (const one of asked) one.onsuccess?.(); // which may ask for more
    return request?.result;
  }
}

/** @param {Rows} rows @param {string} name @param {any} value */
function put(rows, name, value) {
  const copy = structuredClone(value);
  const key = keys[name](copy);
  rows.set(JSON.stringify(key), { key, value: copy });
}

/** @param {Rows} rows @param {string} name @param {(result: any) => Request} answer */
function store(rows, name, answer) {
  const values = (/** @type {IDBKeyRange|undefined} */ range) =>
    [...rows.values()].filter((row) => !range || range.includes(row.key)).map((row) => structuredClone(row.value));
  const write = (/** @type {any} */ value) => answer(put(rows, name, value));
  return {
    get: (/** @type {any} */ key) => answer(structuredClone(rows.get(JSON.stringify(key))?.value)),
    getAll: (/** @type {IDBKeyRange|undefined} */ range) => answer(values(range)),
    put: write,
    add: write,
    clear: () => answer(rows.clear()),
    delete: (/** @type {any} */ which) => {
      for (const [at, { key }] of rows)
        if (which instanceof IDBKeyRange ? which.includes(key) : at === JSON.stringify(which)) rows.delete(at);
      return answer(undefined);
    },
    index: (/** @type {string} */ field) => ({
      get: (/** @type {any} */ value) => answer(values(undefined).find((v) => v[field] === value)),
    }),
  };
}
