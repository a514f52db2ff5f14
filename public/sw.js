// The dashboard's own files, kept so that it starts without a network. It serves the dashboard alone: public pages and the API
// go past it. The build writes the list; its content names the version.

const ASSETS = /** @type {string[]} */ (/* assets */ []);
const SHELL = '/dashboard';
const FILES = [...ASSETS, '/manifest.webmanifest', '/install/icon.svg'];
const CACHE = `dashboard ${/* version */ 'dev'}`;

const worker = /** @type {any} */ (self);

worker.addEventListener('install', (/** @type {any} */ event) => {
  event.waitUntil(keep().then(() => worker.skipWaiting()));
});

/** Takes every file past the browser's own cache, or none. */
async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll([SHELL, ...FILES].map((url) => new Request(url, { cache: 'reload' })));
}

worker.addEventListener('activate', (/** @type {any} */ event) => {
  event.waitUntil(forget().then(() => worker.clients.claim()));
});

/** A page that is open holds what it needs already; only this version's files stay. */
async function forget() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('dashboard ') && name !== CACHE).map((name) => caches.delete(name)));
}

worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    if (/^\/dashboard(\/|$)/.test(url.pathname)) event.respondWith(kept(SHELL, request));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(kept(url.pathname, request));
  }
});

/** @param {string} key @param {Request} request */
async function kept(key, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(key)) ?? fetch(request);
}
