// Where people sign in by Clerk's form, the dashboard has its tokens of a hidden frame of /login: Clerk's script is not loaded here.

import { door } from './door.js';
import { SignedOut, Unreachable, exchange } from './exchange.js';
import { t } from '../language.js';

/** Whether that is so. */
export const used = door === 'clerk';

const AWAY = t`We could not reach the service that signs people in.`;

/** Longer than a slow network takes, shorter than a person's patience. */
const PATIENCE = 20_000;

/** @type {HTMLIFrameElement|null} */
let frame = null;

/** @template T @param {Promise<T>} work @returns {Promise<T>} */
const inTime = (work) => Promise.race([work, new Promise((_, late) => setTimeout(late, PATIENCE))]);

/** The frame, once its scripts have run: Clerk's, which may be refused or away, stands before ours. */
async function open() {
  if (!frame) {
    const made = (frame = document.createElement('iframe'));
    made.hidden = true;
    made.title = t`Sign-in`;
    made.src = '/login';
    const there = new Promise((done) => made.addEventListener('load', done, { once: true }));
    document.body.append(made);
    await inTime(there);
  }
  return /** @type {{token: () => Promise<string|null>, leave: () => Promise<void>}} */ (
    /** @type {any} */ (frame.contentWindow).door
  );
}

/**
 * @template T
 * @param {(door: {token: () => Promise<string|null>, leave: () => Promise<void>}) => Promise<T>} what
 * @returns {Promise<T>}
 */
async function ask(what) {
  try {
    const door = await open();
    return await inTime(what(door));
  } catch {
    frame?.remove();
    frame = null; // the next one loads the page anew
    throw new Unreachable(AWAY);
  }
}

/** A new token, in the shape in which our own issuer answers. It throws SignedOut or Unreachable, and Refused for who has no role here. */
export async function renew() {
  const token = await ask((door) => door.token());
  if (!token) throw new SignedOut(t`Your sign-in has ended.`);
  const { data } = await exchange('GET', '/users/me/', { headers: { Authorization: `Bearer ${token}` } });
  if (!data.organization) throw new Error(t`Your sign-in names no organisation.`);
  const user = { id: data.id, email: data.email, name: data.name };
  return { access_token: token, expires_in: lifetime(token), user, organization: data.organization, role: data.role };
}

/** In seconds, by the issuer's own clock: ours may be wrong. @param {string} token */
function lifetime(token) {
  const { iat, exp } = JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
  return exp - iat;
}

/** Ends the sign-in. */
export const leave = () => ask((door) => door.leave());
