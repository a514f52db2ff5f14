import { html, live, nothing, repeat } from '../../vendor/lit-html.js';
import { Remote, empty, heading, pager, pageNumber, PAGE_SIZE } from './list.js';
import { choose, field } from '../form.js';
import { door } from '../door.js';
import { mayWrite, model, toast } from '../model.js';
import { call } from '../request.js';
import { icon } from '../icon.js';
import { openForm, openSheet } from '../dialog.js';
import { secret } from './secret.js';
import { short } from '../time.js';

/**
 * A line of the team: a member, or somebody who was offered to be one.
 * @typedef {{id: string, email: string, name: string, role: string, created_at: string, state: 'member'|'offered', offered_by: string, expires_at: string|null}} Person
 */

/** @type {[string, string][]} */
const roles = [
  ['admin', 'Admin'],
  ['member', 'Member'],
];
const list = new Remote();

/** Another issuer says who belongs to the team: what was changed here would be changed back. */
const mayChange = () => mayWrite() && !door;

export function team() {
  const add = mayChange()
    ? html`<button type="button" class="button" @click=${offer}>${icon('plus')}Offer a membership</button>`
    : nothing;
  return html`${heading('Team', add, html`<p class="faint">Admins change the page; members read everything on it.${door ? ' People and their roles come from your identity provider, and are changed there.' : ''}</p>`)}
    ${list.show(`/members/?page=${pageNumber()}&page_size=${PAGE_SIZE}`).draw((data) => (data.results.length ? table(data) : empty('Nobody here', 'Offer a membership to the people who run this page with you.')))}`;
}

/** @param {{count: number, results: Person[]}} data */
const table = (data) => html`<div class="scroll"><table class="list">
    <thead><tr><th scope="col">Person</th><th scope="col">Role</th><th scope="col" class="wide-only">Since</th><th scope="col"><span class="sr">Actions</span></th></tr></thead>
    <tbody>${repeat(data.results, (m) => m.id, row)}</tbody></table></div>${pager(data)}`;

/** @param {Person} m */
function row(m) {
  const me = m.id === model.identity?.user.id;
  return html`<tr>
    <td class="main"><span class="strong">${m.name || m.email || 'Without a name'}</span>${me ? html` <span class="faint">you</span>` : nothing}${m.name ? html`<span class="faint block">${m.email}</span>` : nothing}${m.state === 'offered' ? standing(m) : nothing}</td>
    <td class="state">${
      mayChange()
        ? html`<select aria-label="Role of ${m.email}" @change=${(/** @type {Event} */ e) => setRole(m, /** @type {HTMLSelectElement} */ (e.target))}>${roles.map(([value, words]) => html`<option value=${value} .selected=${live(value === m.role)}>${words}</option>`)}</select>`
        : m.role
    }</td>
    <td class="wide-only faint nowrap">${m.state === 'offered' ? 'Not yet' : short(m.created_at)}</td>
    <td class="tools">${mayChange() ? tools(m) : nothing}</td>
  </tr>`;
}

/** How far an offer has come. @param {Person} m */
function standing(m) {
  const over = m.expires_at && Date.parse(m.expires_at) < Date.now();
  return html`<span class="faint block">${over ? 'The offer ended without an answer.' : `Not signed in yet. Offered by ${m.offered_by}; open until ${short(m.expires_at ?? '')}.`}</span>`;
}

/** @param {Person} m */
const tools = (
  m,
) => html`${m.state === 'offered' ? html`<button type="button" class="quiet-button" aria-label="Send the offer to ${m.email} again" title="Send again" @click=${() => renew(m)}>${icon('again')}</button>` : nothing}
  <button type="button" class="quiet-button" aria-label="${m.state === 'offered' ? 'Withdraw the offer to' : 'Remove'} ${m.email}" title=${m.state === 'offered' ? 'Withdraw' : 'Remove'} @click=${() => removePerson(m)}>${icon('trash')}</button>`;

/** @param {Person} m @param {HTMLSelectElement} select */
async function setRole(m, select) {
  const role = select.value;
  try {
    await call('PATCH', `/members/${m.id}/`, { body: { role } });
    toast(
      `${m.email} ${m.state === 'offered' ? 'will be' : 'is'} ${role === 'admin' ? 'an admin' : 'a member'} ${m.state === 'offered' ? 'once the offer is accepted' : 'now'}.`,
      'good',
    );
  } catch (error) {
    select.value = m.role;
    toast(/** @type {Error} */ (error).message, 'bad');
  }
  list.load();
}

function offer() {
  /** @type {any} */
  let made;
  openForm({
    key: 'offer_membership',
    title: 'Offer a membership',
    action: 'Offer',
    plain: true,
    values: { email: '', name: '', role: 'member' },
    body: (
      form,
    ) => html`<p>They belong to the team once they accept, and choose their own password then. The offer is open for seven days.</p>
      ${field(form, { name: 'email', label: 'E-mail', type: 'email', focus: true })}
      ${field(form, { name: 'name', label: 'Name', optional: true, max: 200 })}
      ${choose(form, { name: 'role', label: 'Role', options: roles, hint: 'An admin changes the page; a member reads.' })}`,
    send: async (v) => {
      made = (
        await call('POST', '/members/', { body: { email: v.email, role: v.role, ...(v.name ? { name: v.name } : {}) } })
      ).data;
    },
    done: () => {
      list.load();
      handOver(made, made.email);
    },
  });
}

/** What becomes of an offer's link. @param {{mailed: boolean, url: string}} made @param {string} email */
function handOver(made, email) {
  if (made.mailed) return toast(`The offer is on its way to ${email}.`, 'good');
  openSheet({
    title: `The offer to ${email}`,
    body: () =>
      html`<p>This installation sends no mail. Give this link to the person yourself, and to nobody else: whoever opens it joins in their place. It works once, for seven days.</p>${secret(made.url)}`,
  });
}

/** Another link for an offer; the one before is void. @param {Person} m */
async function renew(m) {
  try {
    const { data } = await call('POST', `/members/${m.id}/invitation/`);
    list.load();
    handOver(data, m.email);
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
}

/** @param {Person} m */
function removePerson(m) {
  const me = m.id === model.identity?.user.id;
  const offered = m.state === 'offered';
  openForm({
    key: `remove_member:${m.id}`,
    title: me
      ? 'Leave the team?'
      : offered
        ? `Withdraw the offer to ${m.name || m.email}?`
        : `Remove ${m.name || m.email}?`,
    action: me ? 'Leave' : offered ? 'Withdraw the offer' : 'Remove from the team',
    danger: true,
    plain: true,
    values: {},
    body: () =>
      offered
        ? html`<p>The link that <strong>${m.email}</strong> was sent works no more.</p>`
        : html`<p><strong>${m.email}</strong> loses access to this page at once; what they wrote stays.</p>`,
    send: () => call('DELETE', `/members/${m.id}/`),
    done: () => {
      toast(offered ? 'The offer is withdrawn.' : `${m.email} was removed.`, 'good');
      list.load();
    },
  });
}
