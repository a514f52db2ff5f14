// Signing in, and asking for a new password.

import { t } from './language.js';
import { placeOf } from './next.js';
import { speak, spoken } from './speak.js';
import { publishKey } from './publish_key.js';
import { byPasskeyAlone, secondStep } from './second.js';
import { possible } from './webauthn.js';
import { remove } from './dashboard/database.js';

const form = /** @type {HTMLFormElement} */ (document.querySelector('form'));
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button[type=submit]'));
const problem = /** @type {HTMLElement} */ (document.getElementById('problem'));
const words = button.textContent ?? '';

/** Where to go afterwards. */
const next = () => placeOf(new URLSearchParams(location.search).get('next')) || '/dashboard';

/** @param {string} name */
const value = (name) => /** @type {HTMLInputElement|null} */ (form.elements.namedItem(name))?.value.trim() ?? '';

/** The body of the request: the names of the inputs are those of the API. */
function body() {
  if (form.dataset.action === 'forgot') return { email: value('email') };
  const password = /** @type {HTMLInputElement} */ (form.elements.namedItem('password')).value;
  return { email: value('email'), password, ...(value('organization') ? { organization: value('organization') } : {}) };
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

/** Goes on to the dashboard. Whoever was here before is somebody else, as far as we know. */
async function enter() {
  await Promise.all(['last', 'leaving'].map((key) => remove('session', key))).catch(() => {});
  location.assign(next());
}

const alone = /** @type {HTMLButtonElement|null} */ (document.getElementById('by-passkey'));
if (alone && possible()) {
  alone.hidden = false;
  alone.addEventListener('click', async () => {
    alone.disabled = true;
    const { ok, said } = await byPasskeyAlone(value('organization'));
    if (ok) return enter();
    alone.disabled = false;
    show(said);
    alone.focus();
  });
}

publishKey();
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  button.textContent = t`One moment…`;
  try {
    const answer = await fetch(`/api/v1/auth/${form.dataset.action}/`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-Requested-With': 'statuspage' },
      body: JSON.stringify(body()),
    });
    if (answer.ok && form.dataset.action === 'forgot') {
      show({});
      const done = /** @type {HTMLElement} */ (document.getElementById('done'));
      done.textContent = speak((await answer.json()).detail);
      done.hidden = false;
      button.hidden = true;
      return;
    }
    if (answer.ok) return await enter();
    const said = await answer.json().catch(() => ({ detail: t`The server answered ${answer.status}.` }));
    if (said.second_factor) return secondStep(form, said.second_factor, enter);
    show(spoken(said));
  } catch {
    show({ detail: t`We could not reach the server. Try again when you are online.` });
  }
  button.disabled = false;
  button.textContent = words;
});

/**
 * Who has a session already goes on. Not twice in a row: whoever comes back at once was sent here by the dashboard.
 */
async function leadOn() {
  const now = Date.now();
  const before = Number(sessionStorage.getItem('led'));
  if (form.dataset.session === undefined || now - before < 10_000) return;
  sessionStorage.setItem('led', String(now));
  const headers = { Accept: 'application/json', 'X-Requested-With': 'statuspage' };
  const answer = await fetch('/api/v1/auth/refresh/', { method: 'POST', headers });
  if (answer.ok) location.replace(next());
}

leadOn().catch(() => {}); // the form is there
