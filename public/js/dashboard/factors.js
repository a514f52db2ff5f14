import { call } from './request.js';
import { changed, model } from './model.js';

/** @typedef {{id: string, kind: 'totp'|'passkey', name: string, hostname: string, created_at: string, last_used_at: string|null}} Factor */
/** @typedef {{factors: Factor[], recovery_codes: number, session_factor: string, confirmed_until: string, required: boolean, lacks_factor: boolean}} Factors */

/** A person's own second factors, as the server said them last. @type {{of: string, data: Factors|null, problem: string}} */
export const own = { of: '', data: null, problem: '' };

/** Asks for them once for each person who is signed in. */
export function known() {
  const of = model.identity?.user.id ?? '';
  if (own.of !== of) {
    Object.assign(own, { of, data: null, problem: '' });
    load();
  }
  return own.data;
}

/** Asks for them again. */
export async function load() {
  const { of } = own;
  try {
    const { data } = await call('GET', '/users/me/factors/');
    if (own.of === of) Object.assign(own, { data, problem: '' });
  } catch (error) {
    if (own.of === of) own.problem = /** @type {Error} */ (error).message;
  }
  changed();
}
