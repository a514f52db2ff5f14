// The first minute of an installation: an account with its organisation, the first services, the look. It ends on the
// page.

import { exchange } from './dashboard/request.js';
import { remove } from './dashboard/database.js';
import { uuid7 } from './dashboard/id.js';
import { t } from './language.js';

const params = (/** @type {string} */ text) => new URLSearchParams(text).get('token');
const token = params(location.hash.slice(1)) ?? params(location.search) ?? '';
const [account, services, look] = ['account', 'services', 'look'].map(
  (id) => /** @type {HTMLFormElement} */ (document.getElementById(id)),
);
/** How the requests after the first one say who asks. @type {Record<string, string>} */
let bearer = {};
/** Where the new page is. */
let place = '/dashboard';

/** @param {HTMLFormElement} form @param {string} name */
const input = (form, name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
/** @param {HTMLFormElement} form @param {string} name */
const value = (form, name) => input(form, name).value.trim();

/**
 * What is wrong, at its field.
 * @param {HTMLFormElement} form @param {string} detail @param {{field: string, message: string}[]} [errors]
 */
function tell(form, detail, errors = []) {
  for (const field of form.querySelectorAll('input, textarea, select')) {
    const hint = document.getElementById(`${field.id}-hint`);
    if (!hint || !(field instanceof HTMLElement)) continue;
    const error = errors.find((e) => e.field === (field.dataset.field ?? field.getAttribute('name')));
    field.setAttribute('aria-invalid', error ? 'true' : 'false');
    hint.dataset.says ??= hint.textContent ?? '';
    hint.textContent = error?.message ?? hint.dataset.says;
    hint.classList.toggle('bad', !!error);
  }
  const problem = /** @type {HTMLElement} */ (form.querySelector('.problem'));
  problem.textContent = detail;
  problem.hidden = !detail;
  if (detail) /** @type {HTMLElement|null} */ (form.querySelector('[aria-invalid=true]'))?.focus();
}

/**
 * A step does its work and then shows the next one.
 * @param {HTMLFormElement} form @param {() => Promise<void>} work @param {() => void} next
 */
function step(form, work, next) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector('[type=submit]'));
  const words = button.textContent;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    button.textContent = t`One moment…`;
    try {
      await work();
      tell(form, '');
      next();
    } catch (error) {
      const { message, problem } = /** @type {any} */ (error);
      tell(form, message, problem?.errors);
    }
    button.disabled = false;
    button.textContent = words;
  });
  form.querySelector('[data-skip]')?.addEventListener('click', next);
}

/** @param {HTMLFormElement} form */
function show(form) {
  for (const other of document.querySelectorAll('main > .sheet')) other.toggleAttribute('hidden', other !== form);
  /** @type {HTMLElement|null} */ (form.querySelector('h1[tabindex], input'))?.focus();
  scrollTo(0, 0);
}

async function create() {
  const body = {
    token,
    organization: { slug: value(account, 'slug'), name: value(account, 'organization') },
    email: value(account, 'email'),
    password: input(account, 'password').value,
    name: value(account, 'name'),
  };
  const { data } = await exchange('POST', '/auth/setup/', { body });
  bearer = { Authorization: `Bearer ${data.access_token}` };
  place = `/status/${data.organization.slug}`;
  history.replaceState(null, '', '/setup'); // the link is used up
  await Promise.all(['last', 'leaving'].map((key) => remove('session', key))).catch(() => {});
}

/** What is there already: an attempt after one that failed half-way adds the rest. */
const added = new Set();

async function add() {
  const ticked = [...services.querySelectorAll('input:checked')].map((box) => box.getAttribute('value') ?? '');
  const lines = value(services, 'lines')
    .split('\n')
    .map((line) => line.replace(/^[\s*•-]+/, '').trim());
  for (const name of new Set([...ticked, ...lines])) {
    if (!name || added.has(name)) continue;
    const id = uuid7();
    const headers = { ...bearer, 'Idempotency-Key': id };
    await exchange('POST', '/services/', { body: { id, name }, headers }).catch((error) => {
      const errors = [{ field: 'lines', message: error.message }];
      throw Object.assign(error, { message: `${name}: ${error.message}`, problem: { errors } });
    });
    added.add(name);
  }
}

async function dress() {
  const file = input(look, 'logo').files?.[0];
  if (file) {
    await exchange('PUT', '/organization/logo/', { body: file, headers: bearer }).catch((error) => {
      throw Object.assign(error, { problem: { errors: [{ field: 'logo', message: error.message }] } });
    });
  }
  await exchange('PATCH', '/organization/', { body: { time_zone: value(look, 'time_zone') }, headers: bearer });
}

/** The address follows the name until somebody writes another one. The server says how: it knows every script. */
function suggest() {
  let own = false;
  let asked = 0;
  input(account, 'slug').addEventListener('input', () => (own = true));
  input(account, 'organization').addEventListener('input', async () => {
    if (own) return;
    const turn = ++asked;
    const name = encodeURIComponent(value(account, 'organization'));
    const answer = await fetch(`/setup/slug?name=${name}`).catch(() => null);
    const slug = answer?.ok ? await answer.text() : '';
    if (!own && turn === asked) input(account, 'slug').value = slug;
  });
}

const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC';
const zones = new Set([zone, 'UTC', ...Intl.supportedValuesOf('timeZone')]);
input(look, 'time_zone').append(...[...zones].map((name) => new Option(name, name)));
step(account, create, () => show(services));
step(services, add, () => show(look));
step(look, dress, () => location.assign(place));
suggest();
if (token) show(account);
