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
import { t } from '../../language.js';

/**
 * A line of the team: a member, or somebody who was offered to be one.
 * @typedef {{id: string, email: string, name: string, role: string, created_at: string, state: 'member'|'offered', offered_by: string, expires_at: string|null}} Person
 */

/** @type {[string, string][]} */
const roles = [
  ['admin', t`Admin`],
  ['member', t`Member`],
];
const list = new Remote();

/** Another issuer says who belongs to the team: what was changed here would be changed back. */
const mayChange = () => mayWrite() && !door;

export function team() {
  const add = mayChange()
    ? html`<button type="button" class="button" @click=${offer}>${icon('plus')}${t`Offer a membership`}</button>`
    : nothing;
  return html`${heading(t`Team`, add, html`<p class="faint">${t`Admins change the page; members read everything on it.`} ${door ? t`People and their roles come from your identity provider, and are changed there.` : ''}</p>`)}
    ${list.show(`/members/?page=${pageNumber()}&page_size=${PAGE_SIZE}`).draw((data) => (data.results.length ? table(data) : empty(t`Nobody here`, t`Offer a membership to the people who run this page with you.`)))}`;
}

/** @param {{count: number, results: Person[]}} data */
const table = (data) => html`<div class="scroll"><table class="list">
    <thead><tr><th scope="col">${t`Person`}</th><th scope="col">${t`Role`}</th><th scope="col" class="wide-only">${t`Since`}</th><th scope="col"><span class="sr">${t`Actions`}</span></th></tr></thead>
    <tbody>${repeat(data.results, (m) => m.id, row)}</tbody></table></div>${pager(data)}`;

/** @param {Person} m */
function row(m) {
  const me = m.id === model.identity?.user.id;
  return html`<tr>
    <td class="main"><span class="strong">${m.name || m.email || t`Without a name`}</span>${me ? html` <span class="faint">${t`you`}</span>` : nothing}${m.name ? html`<span class="faint block">${m.email}</span>` : nothing}${m.state === 'offered' ? standing(m) : nothing}</td>
    <td class="state">${
      mayChange()
        ? html`<select aria-label=${t`Role of ${m.email}`} @change=${(/** @type {Event} */ e) => setRole(m, /** @type {HTMLSelectElement} */ (e.target))}>${roles.map(([value, words]) => html`<option value=${value} .selected=${live(value === m.role)}>${words}</option>`)}</select>`
        : m.role
    }</td>
    <td class="wide-only faint nowrap">${m.state === 'offered' ? t`Not yet` : short(m.created_at)}</td>
    <td class="tools">${mayChange() ? tools(m) : nothing}</td>
  </tr>`;
}

/** How far an offer has come. @param {Person} m */
function standing(m) {
  const over = m.expires_at && Date.parse(m.expires_at) < Date.now();
  return html`<span class="faint block">${over ? t`The offer ended without an answer.` : t`Not signed in yet. Offered by ${m.offered_by}; open until ${short(m.expires_at ?? '')}.`}</span>`;
}

/** @param {Person} m */
const tools = (
  m,
) => html`${m.state === 'offered' ? html`<button type="button" class="quiet-button" aria-label=${t`Send the offer to ${m.email} again`} title=${t`Send again`} @click=${() => renew(m)}>${icon('again')}</button>` : nothing}
  <button type="button" class="quiet-button" aria-label=${m.state === 'offered' ? t`Withdraw the offer to ${m.email}` : t`Remove ${m.email}`} title=${m.state === 'offered' ? t`Withdraw` : t`Remove`} @click=${() => removePerson(m)}>${icon('trash')}</button>`;

/** @param {Person} m @param {string} role */
function become(m, role) {
  if (m.state === 'offered')
    return role === 'admin'
      ? t`${m.email} will be an admin once the offer is accepted.`
      : t`${m.email} will be a member once the offer is accepted.`;
  return role === 'admin' ? t`${m.email} is an admin now.` : t`${m.email} is a member now.`;
}

/** @param {Person} m @param {HTMLSelectElement} select */
async function setRole(m, select) {
  const role = select.value;
  try {
    await call('PATCH', `/members/${m.id}/`, { body: { role } });
    toast(become(m, role), 'good');
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
    title: t`Offer a membership`,
    action: t`Offer`,
    plain: true,
    values: { email: '', name: '', role: 'member' },
    body: (
      form,
    ) => html`<p>${t`They belong to the team once they accept, and choose their own password then. The offer is open for seven days.`}</p>
      ${field(form, { name: 'email', label: t`E-mail`, type: 'email', focus: true })}
      ${field(form, { name: 'name', label: t`Name`, optional: true, max: 200 })}
      ${choose(form, { name: 'role', label: t`Role`, options: roles, hint: t`An admin changes the page; a member reads.` })}`,
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
  if (made.mailed) return toast(t`The offer is on its way to ${email}.`, 'good');
  openSheet({
    title: t`The offer to ${email}`,
    body: () =>
      html`<p>${t`This installation sends no mail. Give this link to the person yourself, and to nobody else: whoever opens it joins in their place. It works once, for seven days.`}</p>${secret(made.url)}`,
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
      ? t`Leave the team?`
      : offered
        ? t`Withdraw the offer to ${m.name || m.email}?`
        : t`Remove ${m.name || m.email}?`,
    action: me ? t`Leave` : offered ? t`Withdraw the offer` : t`Remove from the team`,
    danger: true,
    plain: true,
    values: {},
    body: () =>
      offered
        ? html`<p>${t`The link that ${html`<strong>${m.email}</strong>`} was sent works no more.`}</p>`
        : html`<p><strong>${m.email}</strong> ${t`loses access to this page at once; what they wrote stays.`}</p>`,
    send: () => call('DELETE', `/members/${m.id}/`),
    done: () => {
      toast(offered ? t`The offer is withdrawn.` : t`${m.email} was removed.`, 'good');
      list.load();
    },
  });
}
