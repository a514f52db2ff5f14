// Signing in, and the first setup.

import { remove } from './dashboard/database.js';

const form = /** @type {HTMLFormElement} */ (document.querySelector('form'));
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button[type=submit]'));
const problem = /** @type {HTMLElement} */ (document.getElementById('problem'));
const words = button.textContent ?? '';

/** Where to go afterwards: only ever a place of the dashboard. */
function next() {
  const wanted = new URLSearchParams(location.search).get('next') ?? '';
  return /^\/dashboard(?:[/?]|$)/.test(wanted) ? wanted : '/dashboard';
}

/** @param {string} name */
const value = (name) => /** @type {HTMLInputElement|null} */ (form.elements.namedItem(name))?.value.trim() ?? '';

/** The body of the request: the names of the inputs are those of the API. */
function body() {
  if (form.dataset.action === 'forgot') return { email: value('email') };
  const password = /** @type {HTMLInputElement} */ (form.elements.namedItem('password')).value;
  const token = new URLSearchParams(location.search).get('token') ?? new URLSearchParams(location.hash.slice(1)).get('token') ?? value('token');
  if (form.dataset.action === 'accept') return { token, password };
  if (form.dataset.action !== 'setup') return { email: value('email'), password, ...(value('organization') ? { organization: value('organization') } : {}) };
  return { token, organization: { slug: value('slug'), name: value('organization') }, email: value('email'), password, name: value('name') };
}

/** @param {{detail?: string, errors?: {field: string, message: string}[]}} said */
function show(said) {
  for (const input of form.querySelectorAll('input')) {
    const name = input.dataset.field ?? input.name;
    const error = said.errors?.find((e) => e.field === name);
    input.setAttribute('aria-invalid', error ? 'true' : 'false');
    const hint = document.getElementById(`${input.id}-hint`);
    if (!hint) continue;
    hint.dataset.says ??= hint.textContent ?? '';
    hint.textContent = error?.message ?? hint.dataset.says;
    hint.classList.toggle('bad', !!error);
  }
  problem.textContent = said.detail ?? '';
  problem.hidden = !said.detail;
  const first = form.querySelector('[aria-invalid=true]') ?? form.querySelector('input[type=password]');
  if (said.detail && first instanceof HTMLElement) first.focus();
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  button.textContent = 'One moment…';
  try {
    const answer = await fetch(`/api/v1/auth/${form.dataset.action}/`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-Requested-With': 'statuspage' },
      body: JSON.stringify(body()),
    });
    if (answer.ok && form.dataset.action === 'forgot') {
      show({});
      const done = /** @type {HTMLElement} */ (document.getElementById('done'));
      done.textContent = (await answer.json()).detail;
      done.hidden = false;
      button.hidden = true;
      return;
    }
    if (answer.ok) {
      // Whoever was here before is somebody else, as far as we know.
      await Promise.all(['last', 'leaving'].map((key) => remove('session', key))).catch(() => {});
      location.assign(next());
      return;
    }
    show(await answer.json().catch(() => ({ detail: `The server answered ${answer.status}.` })));
  } catch {
    show({ detail: 'We could not reach the server. Try again when you are online.' });
  }
  button.disabled = false;
  button.textContent = words;
});

const slug = /** @type {HTMLInputElement|null} */ (form.elements.namedItem('slug'));
if (slug) {
  let own = false;
  slug.addEventListener('input', () => (own = true));
  /** @type {HTMLInputElement} */ (form.elements.namedItem('organization')).addEventListener('input', () => {
    if (!own) slug.value = value('organization').toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 63);
  });
}
