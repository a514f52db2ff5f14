// Signing in by Clerk's own form. This is the only page that loads its script: the dashboard holds it in a frame and asks it for tokens.

import { get, remove } from './dashboard/database.js';
import { t } from './language.js';
import { placeOf } from './next.js';

/** What we use of Clerk, as its documentation has it. @type {any} */
const clerk = /** @type {any} */ (window).Clerk;
const door = /** @type {HTMLElement} */ (document.getElementById('sign-in'));
const choice = /** @type {HTMLElement} */ (document.getElementById('choice'));
const problem = /** @type {HTMLElement} */ (document.getElementById('problem'));

const AWAY = t`We could not reach the service that signs people in. Try again when you are online.`;

/** Where to go afterwards, when somebody was sent here. */
const next = placeOf(new URLSearchParams(location.search).get('next'));

/** @type {Promise<void>} */
const loaded = clerk ? clerk.load() : Promise.reject(new Error(AWAY));
loaded.catch(() => {});

// For the dashboard, which is of this origin.
/** @type {any} */ (window).door = {
  /** A new token of the session, or null when nobody is signed in for an organisation. */
  token: async () => {
    await loaded;
    return clerk.session && clerk.organization ? clerk.session.getToken({ skipCache: true }) : null;
  },
  leave: async () => {
    await loaded;
    await clerk.signOut(() => {});
  },
};

async function enter() {
  // Whoever was here before is somebody else, as far as we know.
  await remove('session', 'last').catch(() => {});
  location.replace(next || '/dashboard');
}

/** Who signed out without a network is signed out now. */
async function finishLeaving() {
  if ((await get('session', 'leaving').catch(() => undefined)) === undefined) return;
  await clerk.signOut(() => {});
  await remove('session', 'leaving');
}

/** @param {string} tag @param {string} text @param {() => void} [press] */
function element(tag, text, press) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (press) Object.assign(made, { type: 'button', className: 'button', onclick: press });
  return made;
}

/** @param {string} organization */
async function turnTo(organization) {
  await clerk.setActive({ organization });
  await enter();
}

/** Which organisation, for whoever is signed in. */
async function choose() {
  const { data } = await clerk.user.getOrganizationMemberships({ pageSize: 100 });
  if (data.length === 1 && next) return turnTo(data[0].organization.id);
  choice.replaceChildren(
    element('h1', data.length ? t`Choose an organisation` : t`You belong to no organisation here`),
    ...data.map((/** @type {any} */ m) =>
      element('button', m.organization.name, () => turnTo(m.organization.id).catch(fail)),
    ),
    element('button', t`Sign out`, () =>
      clerk
        .signOut(() => {})
        .then(draw)
        .catch(fail),
    ),
  );
  choice.hidden = false;
}

let mounted = false;

async function draw() {
  problem.hidden = true;
  choice.hidden = true;
  if (!clerk.user) {
    if (mounted) return;
    mounted = true;
    clerk.mountSignIn(door, {
      routing: 'hash',
      forceRedirectUrl: `/login?next=${encodeURIComponent(next || '/dashboard')}`,
    });
  } else if (clerk.organization && next) {
    await enter();
  } else {
    if (mounted) clerk.unmountSignIn(door);
    mounted = false;
    await choose();
  }
}

/** @param {any} error */
function fail(error) {
  problem.textContent = error?.message || AWAY;
  problem.hidden = false;
  choice.replaceChildren(element('button', t`Try again`, () => location.reload()));
  choice.hidden = false;
}

if (parent === window) loaded.then(finishLeaving).then(draw).catch(fail);
