// How this browser is subscribed (Web Push), in the dialog to subscribe: its tab is there only where that can be had.

/** @param {HTMLFormElement} form */
export const possible = (form) => !!form.dataset.push && !!navigator.serviceWorker && 'PushManager' in window;

/** Where the worker is registered: it shows what is told, and has no page to itself. @param {HTMLFormElement} form */
const scope = (form) => `${form.dataset.path}/subscription/`;

/** Under Trusted Types a worker's address must come from a policy; ours knows this one. @returns {any} */
const address = () => {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  policy ??= types?.createPolicy('push', { createScriptURL: () => '/push.js' });
  return policy ? policy.createScriptURL('') : '/push.js';
};
/** @type {any} */
let policy;

/** What the page says in its own language. @param {HTMLFormElement} form @param {string} what */
export const words = (form, what) => form.querySelector(`#push-${what}`)?.textContent ?? '';

/** The key in the form that browsers take. @param {string} text base64url */
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));

/** Shows the tab; on a phone it is the first, so that one tap is enough. @param {HTMLFormElement} form */
export function offer(form) {
  const input = /** @type {HTMLInputElement} */ (form.elements.namedItem('push'));
  const label = /** @type {HTMLElement} */ (input.closest('label'));
  label.hidden = false;
  input.name = 'channel';
  if (matchMedia('(pointer: coarse)').matches) {
    label.parentElement?.querySelector('label')?.before(label);
    input.checked = true;
  }
  const way = /** @type {HTMLElement} */ (form.querySelector('.way[data-way="push"]'));
  way.hidden = false;
  const address = /** @type {HTMLInputElement} */ (form.elements.namedItem('address'));
  // A field that is not seen must not keep the form from being sent.
  form.onchange = () => (address.disabled = input.checked);
  address.disabled = input.checked;
  const ends = /** @type {HTMLElement} */ (way.querySelector('#push-stop'));
  kept(form).then((s) => (ends.hidden = !s));
  ends.onclick = async () => ends.replaceChildren(await stop(form));
}

/** What this browser has for the page. @param {HTMLFormElement} form @returns {Promise<PushSubscription | null>} */
const kept = async (form) => {
  const registration = await navigator.serviceWorker.getRegistration(scope(form));
  return registration?.active && new URL(registration.scope).pathname === scope(form)
    ? registration.pushManager.getSubscription()
    : null;
};

/**
 * Asks the browser, which asks its owner; null is a no.
 * @param {HTMLFormElement} form @returns {Promise<PushSubscription | null>}
 */
async function subscription(form) {
  if ((await Notification.requestPermission()) !== 'granted') return null;
  const registration = await navigator.serviceWorker.register(address(), {
    scope: scope(form),
    updateViaCache: 'none',
  });
  await awake(registration);
  const key = bytes(form.dataset.push ?? '');
  const old = await registration.pushManager.getSubscription();
  // A subscription is to one key: another installation's, or that of before a restore, is of no use.
  const mine = new Uint8Array(old?.options.applicationServerKey ?? []);
  if (old && String(mine) === String(key)) return old;
  await old?.unsubscribe();
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

/** Waits until a worker has begun. @param {ServiceWorkerRegistration} registration */
function awake(registration) {
  const coming = registration.installing ?? registration.waiting;
  if (registration.active || !coming) return;
  return new Promise((done) => {
    coming.onstatechange = () => ['activated', 'redundant'].includes(coming.state) && done(null);
  });
}

/**
 * Subscribes this browser. The answer is what to say, and whether that is good news.
 * @param {HTMLFormElement} form @param {{services?: FormDataEntryValue[], incident?: FormDataEntryValue | null}} about
 * @returns {Promise<[string, boolean]>}
 */
export async function subscribe(form, about) {
  /** @type {PushSubscription | null} */
  let s;
  try {
    s = await subscription(form);
  } catch {
    return [words(form, 'away'), false];
  }
  if (!s) return [words(form, 'no'), false];
  const { endpoint, keys } = s.toJSON();
  const res = await fetch(form.action, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ push: { endpoint, keys, language: document.documentElement.lang }, ...about }),
  });
  const answer = await res.json();
  if (!res.ok) return [answer.errors?.[0]?.message ?? answer.detail, false];
  if (answer.manage_url) localStorage.setItem(`push ${scope(form)}`, answer.manage_url);
  await remember(form, { action: new URL(form.action).pathname, language: document.documentElement.lang, about });
  return [words(form, 'on'), true];
}

/**
 * What the worker needs should the browser change the subscription by itself.
 * @param {HTMLFormElement} form @param {object} [wish]
 */
async function remember(form, wish) {
  try {
    const notes = await caches.open('push');
    const key = `${scope(form)}wish`;
    await (wish ? notes.put(key, Response.json(wish)) : notes.delete(key));
  } catch {
    // It is subscribed; a change is told by the push service at the next message.
  }
}

/** Ends it, here and at the server. @param {HTMLFormElement} form */
export async function stop(form) {
  const manage = localStorage.getItem(`push ${scope(form)}`);
  localStorage.removeItem(`push ${scope(form)}`);
  await remember(form);
  // Should the server not hear of it, it is told by the push service at the next message.
  const at = manage && new URL(manage);
  if (at)
    await fetch(at.pathname + at.search, {
      method: 'POST',
      body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
    }).catch(() => {});
  await (await kept(form))?.unsubscribe();
  return words(form, 'off');
}
