import { html, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, heading, pageNumber, pager } from './list.js';
import { choose, field, tick } from '../form.js';
import { secret } from './secret.js';
import { openForm, openSheet } from '../dialog.js';
import { ago, exact, fromInput } from '../time.js';
import { call } from '../request.js';
import { icon } from '../icon.js';
import { model, toast } from '../model.js';

/** @typedef {{id: string, name: string, email: string}} Owner */
/** @typedef {{id: string, name: string, prefix: string, scopes: string[], legacy: boolean, created_by_name: string, owner: Owner|null, created_at: string, expires_at: string|null, last_used_at: string|null}} Key */

const list = new Remote();

export function keys() {
  const add = html`<button type="button" class="button" @click=${addKey}>${icon('plus')}Make a key</button>`;
  return html`${heading('API keys', add, html`<p class="faint">For programs. A key acts for the organisation, and ends when who made it leaves, unless it was handed over. <a href="/api/docs" target="_blank" rel="noopener">How to use it</a></p>`)}
    ${list.show(`/api-keys/?page=${pageNumber()}&page_size=${PAGE_SIZE}`).draw((data) =>
      data.results.length
        ? html`<div class="scroll"><table class="list"><thead><tr><th scope="col">Key</th><th scope="col">May</th><th scope="col" class="wide-only">Made by</th><th scope="col" class="wide-only">Last used</th><th scope="col" class="wide-only">Ends</th><th scope="col"><span class="sr">Actions</span></th></tr></thead>
            <tbody>${repeat(data.results, (k) => k.id, row)}</tbody></table></div>${pager(data)}`
        : empty('No key yet', 'Make one for each program that reports here, so that each can be revoked alone.', add),
    )}`;
}

/** @param {Key} k */
const row = (k) => html`<tr>
  <td class="main"><span class="strong">${k.name}</span><code class="faint block">${k.prefix}…</code></td>
  <td>${may(k)}${k.legacy ? html`<span class="faint block">Made before keys had the scope “admin”; keeps what it had</span>` : nothing}</td>
  <td class="wide-only faint">${k.created_by_name || 'Not known any more'}${owner(k)}</td>
  <td class="wide-only faint nowrap">${k.last_used_at ? html`<time title=${exact(k.last_used_at)}>${ago(k.last_used_at)}</time>` : 'Never'}</td>
  <td class="wide-only faint nowrap">${k.expires_at ? html`<time title=${exact(k.expires_at)}>${ago(k.expires_at)}</time>` : 'Never'}</td>
  <td class="tools"><button type="button" class="quiet-button" aria-label="Hand ${k.name} over" title="Hand over" @click=${() => handOver(k)}>${icon('team')}</button>
    <button type="button" class="quiet-button" aria-label="Revoke ${k.name}" title="Revoke" @click=${() => revoke(k)}>${icon('trash')}</button></td>
</tr>`;

/** What each scope lets a program do. @type {[string, string, string][]} */
const scopes = [
  ['read', 'Read', 'The page, people, keys and the audit log: what a member reads.'],
  ['write', 'Change the page', 'Services, incidents, maintenance, templates and subscribers. Nothing else.'],
  ['admin', 'Administer', 'People, keys and settings.'],
];

/** @param {Key} k */
function may(k) {
  if (k.legacy && k.scopes.includes('write')) return 'Everything';
  return scopes
    .filter(([name]) => k.scopes.includes(name))
    .map(([, words]) => words)
    .join(', ');
}

/** Who answers for a key, where that is not plain. @param {Key} k */
const owner = (k) => {
  if (!k.owner) return html`<span class="block">Nobody answers for it: hand it over to an admin</span>`;
  const name = k.owner.name || k.owner.email;
  return name === k.created_by_name ? nothing : html`<span class="block">Ends with ${name}</span>`;
};

/** @param {Key} k */
async function handOver(k) {
  /** @type {[string, string][]} */
  let admins;
  try {
    const { data } = await call('GET', '/members/?page_size=100');
    admins = data.results
      .filter((/** @type {any} */ m) => m.role === 'admin' && m.state !== 'offered' && m.id !== k.owner?.id)
      .map((/** @type {any} */ m) => [m.id, m.name || m.email]);
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
    return;
  }
  if (!admins.length) return toast('There is no other admin to hand it over to.', 'bad');
  openForm({
    key: `hand_over:${k.id}`,
    title: `Hand “${k.name}” over`,
    action: 'Hand it over',
    plain: true,
    values: { owner: admins.find(([id]) => id === model.identity?.user.id)?.[0] ?? admins[0][0] },
    body: (
      form,
    ) => html`<p>A key ends when whoever answers for it leaves, is removed, or is no admin any more${k.owner ? html`: now that is ${k.owner.name || k.owner.email}` : nothing}.</p>
      ${choose(form, { name: 'owner', label: 'Who answers for it', options: admins, focus: true })}`,
    send: (v) => call('POST', `/api-keys/${k.id}/handover/`, { body: { owner: v.owner } }),
    done: () => {
      toast(`“${k.name}” is handed over.`, 'good');
      list.load();
    },
  });
}

function addKey() {
  /** @type {any} */
  let made;
  openForm({
    key: 'api_key',
    title: 'Make an API key',
    action: 'Make the key',
    plain: true,
    values: { name: '', read: true, write: false, admin: false, expires: '' },
    body: (
      form,
    ) => html`${field(form, { name: 'name', label: 'Name', focus: true, max: 200, placeholder: 'Monitoring', hint: 'What uses it.' })}
      <fieldset class="field"><legend>May</legend>${scopes.map(([name, words, hint]) => tick(form, name, words, hint))}
        ${form.error('scopes') ? html`<p class="hint bad">${form.error('scopes')}</p>` : nothing}</fieldset>
      ${field(form, { name: 'expires', label: 'Ends', type: 'datetime-local', optional: true })}`,
    send: async (v) => {
      const expires = fromInput(v.expires);
      const { data } = await call('POST', '/api-keys/', {
        body: {
          name: v.name,
          scopes: scopes.map(([name]) => name).filter((name) => v[name]),
          ...(expires ? { expires_at: expires } : {}),
        },
      });
      made = data;
    },
    done: () => {
      list.load();
      openSheet({ title: `The key “${made.name}”`, body: () => secret(made.key) });
    },
  });
}

/** @param {Key} k */
function revoke(k) {
  openForm({
    key: `revoke:${k.id}`,
    title: `Revoke “${k.name}”?`,
    action: 'Revoke the key',
    danger: true,
    plain: true,
    values: {},
    body: () =>
      html`<p>Programs that use <code>${k.prefix}…</code> are refused from now on. ${k.last_used_at ? `It was last used ${ago(k.last_used_at)}.` : nothing}</p>`,
    send: () => call('DELETE', `/api-keys/${k.id}/`),
    done: () => {
      toast(`“${k.name}” is revoked.`, 'good');
      list.load();
    },
  });
}
