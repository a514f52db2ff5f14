import { call } from './request.js';
import { changed, model, set, toast } from './model.js';
import { door } from './door.js';
import { t } from '../language.js';

// Where a person stands: the organisations that they belong to, and the memberships that are offered to them.

/** @typedef {{id: string, slug: string, name: string, role: string, joined_at: string, deleted_at: string|null, erased_at: string|null}} Own */
/** @typedef {{id: string, role: string, offered_by: string, expires_at: string, organization: {id: string, slug: string, name: string}}} Offer */

/** Asks the server. What cannot be had is looked for the next time. */
export async function look() {
  if (door) return; // another issuer says who belongs where
  try {
    const [own, offered, me] = await Promise.all([
      call('GET', '/users/me/organizations/?page_size=100'),
      call('GET', '/users/me/offers/?page_size=100'),
      call('GET', '/users/me/'),
    ]);
    set({ organizations: own.data.results });
    set({ offers: offered.data.results });
    set({ provable: me.data.provable });
    changed();
  } catch {
    // Without a network there is nothing to decide about either.
  }
}

/** Organisations that were deleted and that this person can bring back. */
export const restorable = () => model.organizations.filter((o) => o.deleted_at && o.role === 'admin');

/** Brings an organisation back. @param {Own} o */
export async function undo(o) {
  try {
    await call('DELETE', `/users/me/organizations/${o.id}/deletion/`);
    toast(t`${o.name} is back.`, 'good');
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
  await look();
}
