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

/** @typedef {{id: string, email: string, name: string, role: string, created_at: string}} Member */

/** @type {[string, string][]} */
const roles = [['admin', 'Admin'], ['member', 'Member']];
const list = new Remote();

/** Another issuer says who belongs to the team: what was changed here would be changed back. */
const mayChange = () => mayWrite() && !door;

export function team() {
  const add = mayChange() ? html`<button type="button" class="button" @click=${addMember}>${icon('plus')}Add a member</button>` : nothing;
  return html`${heading('Team', add, html`<p class="faint">Admins change the page; members read everything on it.${door ? ' People and their roles come from your identity provider, and are changed there.' : ''}</p>`)}
    ${list.show(`/members/?page=${pageNumber()}&page_size=${PAGE_SIZE}`).draw((data) => (data.results.length ? table(data) : empty('Nobody here', 'Add the people who run this page with you.')))}`;
}

/** @param {{count: number, results: Member[]}} data */
const table = (data) => html`<div class="scroll"><table class="list">
    <thead><tr><th scope="col">Person</th><th scope="col">Role</th><th scope="col" class="wide-only">Since</th><th scope="col"><span class="sr">Actions</span></th></tr></thead>
    <tbody>${repeat(data.results, (m) => m.id, row)}</tbody></table></div>${pager(data)}`;

/** @param {Member} m */
function row(m) {
  const me = m.id === model.identity?.user.id;
  return html`<tr>
    <td class="main"><span class="strong">${m.name || m.email || 'Without a name'}</span>${me ? html` <span class="faint">you</span>` : nothing}<span class="faint block">${m.email}</span></td>
    <td class="state">${mayChange()
      ? html`<select aria-label="Role of ${m.email}" @change=${(/** @type {Event} */ e) => setRole(m, /** @type {HTMLSelectElement} */ (e.target))}>${roles.map(([value, words]) => html`<option value=${value} .selected=${live(value === m.role)}>${words}</option>`)}</select>`
      : m.role}</td>
    <td class="wide-only faint nowrap">${short(m.created_at)}</td>
    <td class="tools">${mayChange() ? html`<button type="button" class="quiet-button" aria-label="Password link for ${m.email}" title="Password link" @click=${() => invite(m)}>${icon('keys')}</button>
      <button type="button" class="quiet-button" aria-label="Remove ${m.email}" title="Remove" @click=${() => removeMember(m)}>${icon('trash')}</button>` : nothing}</td>
  </tr>`;
}

/** @param {Member} m @param {HTMLSelectElement} select */
async function setRole(m, select) {
  const role = select.value;
  try {
    await call('PATCH', `/members/${m.id}/`, { body: { role } });
    toast(`${m.email} is ${role === 'admin' ? 'an admin' : 'a member'} now.`, 'good');
  } catch (error) {
    select.value = m.role;
    toast(/** @type {Error} */ (error).message, 'bad');
  }
  list.load();
}

function addMember() {
  openForm({
    key: 'add_member',
    title: 'Add a member',
    action: 'Add',
    plain: true,
    values: { email: '', name: '', role: 'member', password: '' },
    body: (form) => html`${field(form, { name: 'email', label: 'E-mail', type: 'email', focus: true })}
      ${field(form, { name: 'name', label: 'Name', optional: true, max: 200 })}
      ${choose(form, { name: 'role', label: 'Role', options: roles, hint: 'An admin changes the page; a member reads.' })}
      ${field(form, { name: 'password', label: 'First password', type: 'password', optional: true, autocomplete: 'new-password', hint: 'Or leave it empty and send them a password link.' })}`,
    send: async (v) => {
      await call('POST', '/members/', { body: { email: v.email, role: v.role, ...(v.name ? { name: v.name } : {}), ...(v.password ? { password: v.password } : {}) } });
    },
    done: (form) => {
      toast(`${form.values.email} is on the team.`, 'good');
      list.load();
    },
  });
}

/** A link by which a member chooses a password. @param {Member} m */
async function invite(m) {
  try {
    const { data } = await call('POST', `/members/${m.id}/invitation/`);
    openSheet({ title: `A password for ${m.name || m.email}`, body: () => html`<p>Send them this link, or let us mail it to ${m.email}. It works once.</p>${secret(data.url)}
      <p><button type="button" class="button" @click=${() => mailInvitation(m)}>Mail it to them</button></p>` });
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
}

/** A link of its own, which nobody else sees. @param {Member} m */
async function mailInvitation(m) {
  try {
    await call('POST', `/members/${m.id}/invitation/`, { body: { mail: true } });
    toast(`A link is on its way to ${m.email}.`, 'good');
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
}

/** @param {Member} m */
function removeMember(m) {
  const me = m.id === model.identity?.user.id;
  openForm({
    key: `remove_member:${m.id}`,
    title: me ? 'Leave the team?' : `Remove ${m.name || m.email}?`,
    action: me ? 'Leave' : 'Remove from the team',
    danger: true,
    plain: true,
    values: {},
    body: () => html`<p><strong>${m.email}</strong> loses access to this page at once; what they wrote stays.</p>`,
    send: () => call('DELETE', `/members/${m.id}/`),
    done: () => {
      toast(`${m.email} was removed.`, 'good');
      list.load();
    },
  });
}
