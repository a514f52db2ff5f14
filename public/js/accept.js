// What a link of an account is for, and what its person does with it. The secret stands behind #: it is sent to nobody but our own API.

import { exchange } from './dashboard/request.js';
import { remove } from './dashboard/database.js';
import { secondStep } from './second.js';
import { short } from './dashboard/time.js';
import { speak } from './speak.js';
import { t } from './language.js';

/**
 * What a link is about.
 * @typedef {{purpose: 'reset'|'undo'|'address'|'offer', email: string, account?: 'new'|'existing'|'either', name?: string,
 *   offer: {id: string, role: string, offered_by: string, expires_at: string, organization: {name: string}}|null}} Linked
 */

const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
const form = /** @type {HTMLFormElement} */ (document.querySelector('form'));
const send = /** @type {HTMLButtonElement} */ (form.querySelector('button[type=submit]'));
const decline = /** @type {HTMLButtonElement} */ (byId('decline'));
/** @type {Linked|null} */
let linked = null;
/** How an offer is accepted: by a new account, or by one that there is. */
let how = 'new';

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} id @param {string} text an empty one hides it */
function tell(id, text) {
  byId(id).textContent = text;
  byId(id).hidden = !text;
}

/** @param {string} name @param {boolean} shown */
function show(name, shown) {
  byId(`${name}-field`).hidden = !shown;
}

/** @param {string} name */
const value = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value;

/** @type {Record<string, {title: string, about: string, action: string, password: boolean, present?: boolean}>} */
const plain = {
  reset: {
    title: t`Choose a password`,
    about: t`With it you sign in from now on. Everybody who is signed in with the account is signed out.`,
    action: t`Save and sign in`,
    password: true,
  },
  undo: {
    title: t`Take your account back`,
    about: t`The old address is put back, everybody is signed out, and you choose a new password.`,
    action: t`Take it back`,
    password: true,
  },
  address: {
    title: t`Is this your address?`,
    about: t`If you asked for this, type the password of your account: you sign in with this address from now on, and everybody is signed out. If you did not ask, do nothing.`,
    action: t`Yes, use it`,
    password: true,
    present: true,
  },
};

function draw() {
  if (!linked) return;
  const { offer } = linked;
  const words = offer ? offered() : plain[linked.purpose];
  byId('title').textContent = words.title;
  tell('about', words.about);
  tell('address', offer ? '' : linked.email);
  tell(
    'offer',
    offer
      ? offer.role === 'admin'
        ? t`${offer.offered_by} offers ${linked.email} to join ${offer.organization.name} as an admin. Open until ${short(offer.expires_at)}.`
        : t`${offer.offered_by} offers ${linked.email} to join ${offer.organization.name} as a member. Open until ${short(offer.expires_at)}.`
      : '',
  );
  byId('choice').hidden = linked.account !== 'either';
  show('name', Boolean(offer) && how === 'new');
  show('email', Boolean(offer) && how === 'existing');
  show('password', words.password);
  const password = /** @type {HTMLInputElement} */ (form.elements.namedItem('password'));
  password.autocomplete = words.present ? 'current-password' : 'new-password';
  byId('password-label').textContent = words.present ? t`Your password` : t`A password`;
  byId('password-hint').textContent = words.present ? '' : (byId('password-hint').dataset.rule ?? '');
  send.textContent = words.action;
  send.hidden = false;
  decline.hidden = !offer;
}

function offered() {
  const { organization } = /** @type {NonNullable<Linked['offer']>} */ (/** @type {Linked} */ (linked).offer);
  const about =
    how === 'new'
      ? t`Choose a password for your account. It is yours alone: the organisation neither sets nor sees it.`
      : t`There is an account with this address. Sign in to it to accept.`;
  return {
    title: t`Join ${organization.name}?`,
    about: linked?.account === 'either' && how === 'existing' ? t`Sign in to your account to accept.` : about,
    action: how === 'new' ? t`Accept and sign in` : t`Sign in and accept`,
    password: true,
    present: how === 'existing',
  };
}

/** @param {any} error */
function refuse(error) {
  const errors = /** @type {{field: string, message: string}[]} */ (error.problem?.errors ?? []);
  draw(); // without what was wrong before
  for (const name of ['name', 'email', 'password']) {
    const wrong = errors.find((e) => e.field === name);
    form.elements.namedItem(name) instanceof HTMLInputElement &&
      /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).setAttribute(
        'aria-invalid',
        wrong ? 'true' : 'false',
      );
    const hint = byId(`${name}-hint`);
    if (wrong) hint.textContent = speak(wrong.message, name);
    else if (name !== 'password') hint.textContent = '';
    hint.classList.toggle('bad', Boolean(wrong));
  }
  tell('problem', error.message);
}

/**
 * A sign-in; an account with a second factor is asked for it, in the place of the form.
 * @param {string} path @param {Record<string, unknown>} body @returns {Promise<any>}
 */
async function proven(path, body) {
  try {
    return (await exchange('POST', path, { body })).data;
  } catch (error) {
    const asked = /** @type {any} */ (error).problem?.second_factor;
    if (!asked) throw error;
    return new Promise((done) => secondStep(form, asked, done));
  }
}

async function act() {
  const at = /** @type {Linked} */ (linked);
  if (at.purpose === 'address') {
    const { data } = await exchange('POST', '/auth/address/', { body: { token, password: value('password') } });
    return over(t`You sign in with ${data.email} from now on.`);
  }
  if (at.offer && how === 'existing') {
    const data = await proven('/auth/login/', { email: value('email'), password: value('password') });
    const bearer = { headers: { Authorization: `Bearer ${data.access_token}` } };
    const { data: joined } = await exchange('POST', `/users/me/offers/${at.offer.id}/accept/`, {
      body: { token },
      ...bearer,
    });
    await exchange('POST', '/auth/refresh/', { body: { organization: joined.slug } });
  } else {
    await proven('/auth/accept/', { token, password: value('password'), ...(at.offer ? { name: value('name') } : {}) });
  }
  // Whoever was here before is somebody else, as far as we know.
  await Promise.all(['last', 'leaving'].map((key) => remove('session', key))).catch(() => {});
  location.assign('/dashboard');
}

/** Nothing is left to do with the link. @param {string} words */
function over(words) {
  for (const id of ['problem', 'offer', 'about', 'address']) tell(id, '');
  for (const name of ['name', 'email', 'password']) show(name, false);
  byId('choice').hidden = true;
  send.hidden = true;
  decline.hidden = true;
  tell('done', words);
}

/** @param {() => Promise<void>} what */
async function attempt(what) {
  send.disabled = decline.disabled = true;
  tell('problem', '');
  try {
    await what();
  } catch (error) {
    refuse(error);
  }
  send.disabled = decline.disabled = false;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(act);
});
decline.addEventListener('click', () =>
  attempt(async () => {
    await exchange('POST', '/auth/decline/', { body: { token } });
    over(t`The offer is declined.`);
  }),
);
for (const choice of form.querySelectorAll('input[name=how]')) {
  choice.addEventListener('change', () => {
    how = /** @type {HTMLInputElement} */ (choice).value;
    draw();
  });
}

try {
  linked = (await exchange('POST', '/auth/link/', { body: { token } })).data;
  how = linked?.account === 'existing' ? 'existing' : 'new';
  /** @type {HTMLInputElement} */ (form.elements.namedItem('email')).value =
    linked?.account === 'existing' ? linked.email : '';
  /** @type {HTMLInputElement} */ (form.elements.namedItem('name')).value = linked?.name ?? '';
  draw();
} catch (error) {
  byId('title').textContent = t`This link cannot be used`;
  tell('about', '');
  refuse(error);
}
