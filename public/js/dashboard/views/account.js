import { html, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, heading, pageNumber, pager } from './list.js';
import { field } from '../form.js';
import { ago, exact, short } from '../time.js';
import { call } from '../request.js';
import { model, toast } from '../model.js';
import { door } from '../door.js';
import { icon } from '../icon.js';
import { look, undo } from '../standing.js';
import { openForm } from '../dialog.js';
import { passwordRule } from '../words.js';
import { secondFactors } from './factor.js';
import { enter, signOutEverywhere } from '../person.js';
import { choose, language, languages, offered, t } from '../../language.js';

/** @typedef {import('../standing.js').Offer} Offer */
/** @typedef {import('../standing.js').Own} Own */
/** @typedef {{id: string, kind: string, device: string, address: string, created_at: string, used_at: string, expires_at: string, current: boolean}} Session */

const sessions = new Remote();

/** What is a person's alone: no organisation sees or changes it. */
export function account() {
  if (door)
    return html`${heading(t`Account`)}<p>${t`Your name, password and sign-ins are kept by your identity provider.`}</p> ${speech()}`;
  return html`${heading(t`Account`, '', html`<p class="faint">${t`Yours alone: no organisation sees or changes it, but your name and address where you are a member.`}</p>`)}
    ${offers()} ${person()} ${speech()} ${secondFactors()} ${organizations()} ${signIns()} ${end()}`;
}

/** @param {unknown} error */
const complain = (error) => toast(/** @type {Error} */ (error).message, 'bad');

/** @param {unknown} who @param {unknown} where */
const asAdmin = (who, where) => t`${who} offers you to join ${where} as an admin.`;
/** @param {unknown} who @param {unknown} where */
const asMember = (who, where) => t`${who} offers you to join ${where} as a member.`;

function offers() {
  if (!model.offers.length) return nothing;
  return html`<section aria-labelledby="offers"><h2 id="offers">${t`Offered to you`}</h2>
    ${repeat(
      model.offers,
      (o) => o.id,
      (
        o,
      ) => html`<div class="strip" role="status"><p>${(o.role === 'admin' ? asAdmin : asMember)(html`<strong>${o.offered_by}</strong>`, html`<strong>${o.organization.name}</strong>`)} ${t`Open until ${short(o.expires_at)}.`}</p>
      <button type="button" class="button small" @click=${() => decline(o)}>${t`Decline`}</button>
      <button type="button" class="button small primary" @click=${() => accept(o)}>${t`Accept`}</button></div>`,
    )}</section>`;
}

/** @param {Offer} offer */
async function accept(offer) {
  try {
    await call('POST', `/users/me/offers/${offer.id}/accept/`, { body: {} });
    toast(t`You belong to ${offer.organization.name} now.`, 'good');
  } catch (error) {
    complain(error);
  }
  look();
}

/** @param {Offer} offer */
async function decline(offer) {
  try {
    await call('POST', `/users/me/offers/${offer.id}/decline/`, { body: {} });
    toast(t`The offer is declined.`, 'good');
  } catch (error) {
    complain(error);
  }
  look();
}

function person() {
  const user = model.identity?.user;
  return html`<section aria-labelledby="person"><h2 id="person">${t`You`}</h2>
    <dl class="facts-list">
      <div><dt>${t`Name`}</dt><dd>${user?.name || '–'} <button type="button" class="button small" @click=${rename}>${t`Change the name`}</button></dd></div>
      <div><dt>${t`Address`}</dt><dd>${user?.email} ${model.provable ? html`<button type="button" class="button small" @click=${proveAddress}>${t`Prove your address`}</button>` : nothing} <button type="button" class="button small" @click=${changeAddress}>${t`Change the address`}</button></dd></div>
      <div><dt>${t`Password`}</dt><dd>${'•'.repeat(8)} <button type="button" class="button small" @click=${changePassword}>${t`Change the password`}</button></dd></div>
    </dl></section>`;
}

/** The choice of the interface's language, in this browser; where there is one. */
function speech() {
  if (offered.length < 2) return nothing;
  const chosen = (/** @type {Event} */ e) => choose(/** @type {HTMLSelectElement} */ (e.target).value);
  return html`<section aria-labelledby="speech"><h2 id="speech">${t`Language`}</h2>
    <div class="field"><select aria-labelledby="speech" aria-describedby="speech-hint" @change=${chosen}>
      ${offered.map((tag) => html`<option value=${tag} lang=${tag} .selected=${tag === language}>${languages[tag]}</option>`)}
    </select><p class="hint" id="speech-hint">${t`Of the dashboard, in this browser.`}</p></div></section>`;
}

function rename() {
  openForm({
    key: 'rename',
    title: t`Your name`,
    action: t`Save`,
    plain: true,
    values: { name: model.identity?.user.name ?? '' },
    body: (form) =>
      field(form, {
        name: 'name',
        label: t`Name`,
        max: 200,
        focus: true,
        autocomplete: 'name',
        hint: t`As the members of your organisations see it.`,
      }),
    send: async (v) => {
      const { data } = await call('PATCH', '/users/me/', { body: { name: v.name } });
      if (model.identity) model.identity.user.name = data.name;
    },
    done: () => toast(t`Your name is changed.`, 'good'),
  });
}

function changePassword() {
  openForm({
    key: 'change_password',
    title: t`Another password`,
    action: t`Change it`,
    plain: true,
    values: { password: '', new_password: '' },
    body: (
      form,
    ) => html`<p>${t`Everybody else who is signed in with your account is signed out, and every link to it works no more.`}</p>
      ${field(form, { name: 'password', label: t`Your present password`, type: 'password', focus: true, autocomplete: 'current-password' })}
      ${field(form, {
        name: 'new_password',
        label: t`The new one`,
        type: 'password',
        autocomplete: 'new-password',
        hint: passwordRule,
      })}`,
    send: (v) => call('POST', '/users/me/password/', { body: v }),
    done: () => {
      toast(t`Your password is changed. Others are signed out.`, 'good');
      sessions.load();
    },
  });
}

/** A mail goes to the present address, which nobody has proved. */
function proveAddress() {
  const email = model.identity?.user.email;
  let said = '';
  openForm({
    key: 'prove_address',
    title: t`Prove your address`,
    action: t`Mail a link to it`,
    plain: true,
    values: { password: '' },
    body: (
      form,
    ) => html`<p>${t`A link goes to ${email}. Once you have used it, you see what is offered to this address. You are signed out everywhere then, and second factors that you have end: add them anew.`}</p>
      ${field(form, { name: 'password', label: t`Your password`, type: 'password', focus: true, autocomplete: 'current-password' })}`,
    send: async (v) => {
      said = (await call('POST', '/users/me/address/', { body: { email, password: v.password } })).data.detail;
    },
    done: () => toast(said, 'good'),
  });
}

function changeAddress() {
  let said = '';
  openForm({
    key: 'change_address',
    title: t`Another address`,
    action: t`Mail a link to it`,
    plain: true,
    values: { email: '', password: '' },
    body: (
      form,
    ) => html`<p>${t`A link goes to the new address. Nothing changes before it is used; then the old address is told, and can undo it for three days.`}</p>
      ${field(form, { name: 'email', label: t`The new address`, type: 'email', focus: true })}
      ${field(form, { name: 'password', label: t`Your password`, type: 'password', autocomplete: 'current-password' })}`,
    send: async (v) => {
      said = (await call('POST', '/users/me/address/', { body: v })).data.detail;
    },
    done: () => toast(said, 'good'),
  });
}

function organizations() {
  return html`<section aria-labelledby="organizations"><h2 id="organizations">${t`Your organisations`}</h2>
    ${
      model.organizations.length
        ? html`<div class="scroll"><table class="list"><thead><tr><th scope="col">${t`Organisation`}</th><th scope="col">${t`Role`}</th><th scope="col" class="wide-only">${t`Since`}</th><th scope="col"><span class="sr">${t`Actions`}</span></th></tr></thead>
      <tbody>${repeat(model.organizations, (o) => o.id, organization)}</tbody></table></div>`
        : empty(t`None`, t`You belong to no organisation. Accept an offer, or ask an admin for one.`)
    }</section>`;
}

/** @param {Own} o */
function organization(o) {
  const here = o.id === model.identity?.organization?.id;
  return html`<tr><td class="main"><span class="strong">${o.name}</span>${here ? html` <span class="faint">${t`open here`}</span>` : nothing}${o.deleted_at ? html`<span class="faint block">${t`Deleted; erased on ${exact(o.erased_at ?? '')}`}</span>` : nothing}</td>
    <td>${o.role}</td><td class="wide-only faint nowrap">${short(o.joined_at)}</td>
    <td class="tools">${
      o.deleted_at
        ? o.role === 'admin'
          ? html`<button type="button" class="button small" @click=${() => undo(o)}>${t`Undo`}</button>`
          : nothing
        : here
          ? nothing
          : html`<button type="button" class="button small" @click=${() => enter(o.slug)}>${t`Open`}</button>`
    }
      <button type="button" class="quiet-button" aria-label=${t`Leave ${o.name}`} title=${t`Leave`} @click=${() => leave(o)}>${icon('leave')}</button></td></tr>`;
}

/** @param {Own} o */
function leave(o) {
  openForm({
    key: `leave:${o.id}`,
    title: t`Leave ${o.name}?`,
    action: t`Leave`,
    danger: true,
    plain: true,
    values: {},
    body: () =>
      html`<p>${t`You lose access at once, and keys that end with you end. What you wrote stays. To come back, an admin has to offer you a membership again.`}</p>`,
    send: () => call('DELETE', `/users/me/organizations/${o.id}/`),
    done: () => {
      toast(t`You left ${o.name}.`, 'good');
      if (o.id === model.identity?.organization?.id) location.assign('/dashboard/account');
      else look();
    },
  });
}

function signIns() {
  const all = html`<button type="button" class="button small" @click=${endAll}>${t`Sign out everywhere`}</button>`;
  return html`<section aria-labelledby="sessions"><h2 id="sessions">${t`Where you are signed in`}</h2><p>${all}</p>
    ${sessions.show(`/users/me/sessions/?page=${pageNumber()}&page_size=${PAGE_SIZE}`).draw(
      (
        data,
      ) => html`<div class="scroll"><table class="list"><thead><tr><th scope="col">${t`Where`}</th><th scope="col">${t`Last used`}</th><th scope="col" class="wide-only">${t`Since`}</th><th scope="col"><span class="sr">${t`Actions`}</span></th></tr></thead>
      <tbody>${repeat(data.results, (s) => s.id, session)}</tbody></table></div>${pager(data)}`,
    )}</section>`;
}

/** @param {Session} s */
const session = (
  s,
) => html`<tr><td class="main"><span class="strong">${s.device || t`A program`}</span>${s.current ? html` <span class="faint">${t`this one`}</span>` : nothing}<span class="faint block">${s.address}</span></td>
  <td class="faint nowrap"><time title=${exact(s.used_at)}>${ago(s.used_at)}</time></td><td class="wide-only faint nowrap">${short(s.created_at)}</td>
  <td class="tools">${s.current ? nothing : html`<button type="button" class="button small" aria-label=${t`Sign out ${s.device || t`A program`}`} @click=${() => endOne(s)}>${t`Sign out`}</button>`}</td></tr>`;

/** @param {Session} s */
async function endOne(s) {
  try {
    await call('DELETE', `/users/me/sessions/${s.id}/`);
    toast(t`That session has ended.`, 'good');
  } catch (error) {
    complain(error);
  }
  sessions.load();
}

function endAll() {
  openForm({
    key: 'end_all',
    title: t`Sign out everywhere?`,
    action: t`Sign out everywhere`,
    danger: true,
    plain: true,
    values: {},
    body: () => html`<p>${t`Every browser and every token of yours is signed out at once, this one too.`}</p>`,
    send: signOutEverywhere,
  });
}

function end() {
  return html`<section aria-labelledby="end"><h2 id="end">${t`Delete your account`}</h2>
    <p>${t`Your memberships and sign-ins end. The audit logs of your organisations keep what you did there.`}</p>
    <p><button type="button" class="button danger" @click=${remove}>${t`Delete your account`}</button></p></section>`;
}

function remove() {
  openForm({
    key: 'delete_account',
    title: t`Delete your account?`,
    action: t`Delete it`,
    danger: true,
    plain: true,
    values: { email: '', password: '' },
    body: (form) => html`<p>${t`There is no way back. Type ${model.identity?.user.email} and your password.`}</p>
      ${field(form, { name: 'email', label: t`Your address`, type: 'email', focus: true })}
      ${field(form, { name: 'password', label: t`Your password`, type: 'password', autocomplete: 'current-password' })}`,
    send: (v) => call('POST', '/users/me/deletion/', { body: v }),
    done: () => location.assign('/login'),
  });
}
