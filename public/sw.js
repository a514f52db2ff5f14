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

/** This version's files stay, and those of the one before it: a tab that is open still asks for them, and the server has them no more. */
async function forget() {
  const others = (await versions()).filter((name) => name !== CACHE);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
}

/** The caches of the dashboard, in the order in which they were made. */
const versions = async () => (await caches.keys()).filter((name) => name.startsWith('dashboard '));

worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    if (/^\/dashboard(\/|$)/.test(url.pathname)) event.respondWith(kept(SHELL, request));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(kept(url.pathname, request));
  } else if (url.pathname.startsWith('/assets/')) {
    event.respondWith(ofBefore(url.pathname, request));
  }
});

/** A file of another version: its name says its content, so that any cache's is the right one. @param {string} key @param {Request} request */
async function ofBefore(key, request) {
  for (const name of (await versions()).reverse()) {
    const found = await (await caches.open(name)).match(key);
    if (found) return found;
  }
  return fetch(request);
}

/** @param {string} key @param {Request} request */
async function kept(key, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(key)) ?? fetch(request);
}
