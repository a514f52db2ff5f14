// The service worker of public pages: it shows what a browser is told while the page is closed. It keeps no
// file, and is registered for the page's form to subscribe alone, apart from the dashboard's.

const own = /** @type {any} */ (self);

/**
 * @typedef {{title: string, body: string, tag: string, url: string, manage: string, stop: string, lang: string,
 *   dir: 'ltr'|'rtl', again: boolean}} Told
 */

own.addEventListener('install', () => own.skipWaiting());

own.addEventListener('push', (/** @type {any} */ event) => {
  /** @type {Told} */
  const told = event.data.json();
  const { title, body, tag, lang, dir, url, manage } = told;
  event.waitUntil(
    own.registration.showNotification(title, {
      body,
      tag,
      lang,
      dir,
      renotify: told.again && tag !== '',
      icon: '/install/icon-192.png',
      data: { url, manage },
      actions: [{ action: 'manage', title: told.stop }],
    }),
  );
});

own.addEventListener('notificationclick', (/** @type {any} */ event) => {
  event.notification.close();
  const { url, manage } = event.notification.data;
  event.waitUntil(show(event.action === 'manage' ? manage : url));
});

// Browsers change a subscription now and then (Push API 12.1): the server hears the new one, and the old one ends with
// the push service's answer to the next message.
own.addEventListener('pushsubscriptionchange', (/** @type {any} */ event) => event.waitUntil(renew(event)));

/** @param {any} event */
async function renew({ oldSubscription, newSubscription }) {
  const kept = await (await caches.open('push')).match(`${new URL(own.registration.scope).pathname}wish`);
  const key = (newSubscription ?? oldSubscription)?.options.applicationServerKey;
  if (!kept || !key) return;
  const { action, language, about } = await kept.json();
  const next =
    newSubscription ??
    (await own.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  const { endpoint, keys } = next.toJSON();
  await fetch(action, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ push: { endpoint, keys, language }, ...about }),
  });
}

/** A tab that has it open already, or a new one. @param {string} url */
async function show(url) {
  for (const tab of await own.clients.matchAll({ type: 'window', includeUncontrolled: true }))
    if (tab.url === url) return tab.focus();
  return own.clients.openWindow(url);
}
