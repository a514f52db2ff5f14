import * as clerk from './clerk.js';
import * as database from './database.js';
import { Refused, SignedOut, exchange } from './exchange.js';
import { alone } from './tabs.js';
import { t } from '../language.js';

/** @typedef {import('./types.js').Identity} Identity */

// The access token lives here and nowhere else: it is gone with the tab. The refresh cookie is out of any script's reach.
let access = '';
let good = 0; // until when, in performance.now() milliseconds

/** @param {any} answer @returns {Identity} */
function take(answer) {
  access = answer.access_token;
  good = performance.now() + answer.expires_in * 1000;
  // Where nothing replaces the token, the sign-in ends with it.
  const until = answer.renewable === false ? { until: Date.now() + answer.expires_in * 1000 } : {};
  return {
    user: answer.user,
    organization: answer.organization,
    role: answer.role,
    ...(answer.second_factor_required ? { lacksFactor: true } : {}),
    ...until,
  };
}

/**
 * A token that is good for a moment yet.
 * @param {boolean} [fresh] the one at hand was refused
 * @returns {Promise<string>}
 */
export async function token(fresh = false) {
  if (!access || fresh || good - performance.now() < 5000) await refresh();
  return access;
}

/** How long the token at hand is good, in milliseconds. */
export const lasts = () => (access ? good - performance.now() : 0);

/** @type {Promise<Identity>|null} */
let refreshing = null;

/**
 * Takes a new token by the cookie: one tab at a time, since each answer replaces the cookie and an old one is an alarm.
 * @returns {Promise<Identity>}
 */
export function refresh() {
  refreshing ??= alone('refresh', async () => {
    try {
      if (clerk.used) return take(await clerk.renew());
      const { data } = await exchange('POST', '/auth/refresh/');
      return take(data);
    } catch (error) {
      if (error instanceof SignedOut) access = '';
      // A token of Clerk's that is refused is no reason to sign in again: it would be refused again.
      if (!clerk.used && error instanceof Refused && (error.status === 401 || error.status === 403)) {
        access = '';
        throw new SignedOut(t`Your sign-in has ended.`);
      }
      throw error;
    }
  }).finally(() => (refreshing = null));
  return refreshing;
}

/** @param {{email: string, password: string, organization?: string}} credentials @returns {Promise<Identity>} */
export async function login(credentials) {
  const { data } = await exchange('POST', '/auth/login/', { body: credentials });
  return take(data);
}

/** The second step of a sign-in. @param {string} challenge @param {Record<string, unknown>} shown @returns {Promise<Identity>} */
export async function show(challenge, shown) {
  const { data } = await exchange('POST', '/auth/factor/', { body: { challenge, ...shown } });
  return take(data);
}

/** Turns to another of one's organisations. @param {string} slug */
export const turnTo = (slug) =>
  alone('refresh', async () => take((await exchange('POST', '/auth/refresh/', { body: { organization: slug } })).data));

/** Ends the sign-in at the server, or every one of this person; offline, the cookie stays until it expires. @param {boolean} [everywhere] */
export async function logout(everywhere = false) {
  try {
    if (clerk.used) return await clerk.leave();
    await exchange('POST', '/auth/logout/', {
      ...(everywhere ? { body: { everywhere } } : {}),
      headers: access ? { Authorization: `Bearer ${access}` } : {},
    });
  } finally {
    access = '';
  }
}

/** Who was here last. @returns {Promise<Identity|undefined>} */
export const last = () => database.get('session', 'last');

/** @param {Identity} identity */
export const remember = (identity) => database.put('session', { key: 'last', ...identity });

/** Whether somebody signed out here and the server does not know it yet. @returns {Promise<boolean>} */
export const leaving = async () => (await database.get('session', 'leaving')) !== undefined;

/** @param {boolean} is */
export const setLeaving = (is) =>
  is ? database.put('session', { key: 'leaving' }) : database.remove('session', 'leaving');

/** Whose queue this is. @param {Identity} identity */
export const owner = (identity) => `${identity.organization?.id ?? ''} ${identity.user.id}`;
