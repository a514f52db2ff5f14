/**
 * How the views that come in a file of their own are asked for. later.js sets it, so that what is in that file can ask
 * without importing what imports it.
 * @type {{load: () => Promise<any>}}
 */
export const ask = { load: () => Promise.reject(new Error('not there yet')) };
