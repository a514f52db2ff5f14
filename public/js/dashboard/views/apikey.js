import { html, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, heading, pageNumber, pager } from './list.js';
import { choose, field, tick } from '../form.js';
import { secret } from './secret.js';
import { openForm, openSheet } from '../dialog.js';
import { ago, exact, fromInput } from '../time.js';
import { call } from '../request.js';
import { icon } from '../icon.js';
import { model, toast } from '../model.js';
import { t } from '../../language.js';

/** @typedef {{id: string, name: string, email: string}} Owner */
/** @typedef {{id: string, name: string, prefix: string, scopes: string[], legacy: boolean, created_by_name: string, owner: Owner|null, created_at: string, expires_at: string|null, last_used_at: string|null}} Key */

const list = new Remote();

export function keys() {
  const add = html`<button type="button" class="button" @click=${addKey}>${icon('plus')}${t`Make a key`}</button>`;
  return html`${heading(t`API keys`, add, html`<p class="faint">${t`For programs. A key acts for the organisation, and ends when who made it leaves, unless it was handed over.`} <a href="/api/docs" target="_blank" rel="noopener">${t`How to use it`}</a></p>`)}
    ${list.show(`/api-keys/?page=${pageNumber()}&page_size=${PAGE_SIZE}`).draw((data) =>
      data.results.length
        ? html`<div class="scroll"><table class="list"><thead><tr><th scope="col">${t`Key`}</th><th scope="col">${t`May`}</th><th scope="col" class="wide-only">${t`Made by`}</th><th scope="col" class="wide-only">${t`Last used`}</th><th scope="col" class="wide-only">${t`Ends`}</th><th scope="col"><span class="sr">${t`Actions`}</span></th></tr></thead>
            <tbody>${repeat(data.results, (k) => k.id, row)}</tbody></table></div>${pager(data)}`
        : empty(t`No key yet`, t`Make one for each program that reports here, so that each can be revoked alone.`, add),
    )}`;
}

/** @param {Key} k */
const row = (k) => html`<tr>
  <td class="main"><span class="strong">${k.name}</span><code class="faint block">${k.prefix}…</code></td>
  <td>${may(k)}${k.legacy ? html`<span class="faint block">${t`Made before keys had the scope “admin”; keeps what it had`}</span>` : nothing}</td>
  <td class="wide-only faint">${k.created_by_name || t`Not known any more`}${owner(k)}</td>
  <td class="wide-only faint nowrap">${k.last_used_at ? html`<time title=${exact(k.last_used_at)}>${ago(k.last_used_at)}</time>` : t`Never`}</td>
  <td class="wide-only faint nowrap">${k.expires_at ? html`<time title=${exact(k.expires_at)}>${ago(k.expires_at)}</time>` : t`Never`}</td>
  <td class="tools"><button type="button" class="quiet-button" aria-label=${t`Hand ${k.name} over`} title=${t`Hand over`} @click=${() => handOver(k)}>${icon('team')}</button>
    <button type="button" class="quiet-button" aria-label=${t`Revoke ${k.name}`} title=${t`Revoke`} @click=${() => revoke(k)}>${icon('trash')}</button></td>
</tr>`;

/** What each scope lets a program do. @type {[string, string, string][]} */
const scopes = [
  ['read', t`Read`, t`The page, people, keys and the audit log: what a member reads.`],
  ['write', t`Change the page`, t`Services, incidents, maintenance, templates and subscribers. Nothing else.`],
  ['admin', t`Administer`, t`People, keys and settings.`],
];

/** @param {Key} k */
function may(k) {
  if (k.legacy && k.scopes.includes('write')) return t`Everything`;
  return scopes
    .filter(([name]) => k.scopes.includes(name))
    .map(([, words]) => words)
    .join(', ');
}

/** Who answers for a key, where that is not plain. @param {Key} k */
const owner = (k) => {
  if (!k.owner) return html`<span class="block">${t`Nobody answers for it: hand it over to an admin`}</span>`;
  const name = k.owner.name || k.owner.email;
  return name === k.created_by_name ? nothing : html`<span class="block">${t`Ends with ${name}`}</span>`;
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
  if (!admins.length) return toast(t`There is no other admin to hand it over to.`, 'bad');
  openForm({
    key: `hand_over:${k.id}`,
    title: t`Hand “${k.name}” over`,
    action: t`Hand it over`,
    plain: true,
    values: { owner: admins.find(([id]) => id === model.identity?.user.id)?.[0] ?? admins[0][0] },
    body: (
      form,
    ) => html`<p>${t`A key ends when whoever answers for it leaves, is removed, or is no admin any more.`} ${k.owner ? t`Now that is ${k.owner.name || k.owner.email}.` : nothing}</p>
      ${choose(form, { name: 'owner', label: t`Who answers for it`, options: admins, focus: true })}`,
    send: (v) => call('POST', `/api-keys/${k.id}/handover/`, { body: { owner: v.owner } }),
    done: () => {
      toast(t`“${k.name}” is handed over.`, 'good');
      list.load();
    },
  });
}

function addKey() {
  /** @type {any} */
  let made;
  openForm({
    key: 'api_key',
    title: t`Make an API key`,
    action: t`Make the key`,
    plain: true,
    values: { name: '', read: true, write: false, admin: false, expires: '' },
    body: (
      form,
    ) => html`${field(form, { name: 'name', label: t`Name`, focus: true, max: 200, placeholder: t`Monitoring`, hint: t`What uses it.` })}
      <fieldset class="field"><legend>${t`May`}</legend>${scopes.map(([name, words, hint]) => tick(form, name, words, hint))}
        ${form.error('scopes') ? html`<p class="hint bad">${form.error('scopes')}</p>` : nothing}</fieldset>
      ${field(form, { name: 'expires', label: t`Ends`, type: 'datetime-local', optional: true })}`,
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
      openSheet({ title: t`The key “${made.name}”`, body: () => secret(made.key) });
    },
  });
}

/** @param {Key} k */
function revoke(k) {
  openForm({
    key: `revoke:${k.id}`,
    title: t`Revoke “${k.name}”?`,
    action: t`Revoke the key`,
    danger: true,
    plain: true,
    values: {},
    body: () =>
      html`<p>${t`Programs that use ${html`<code>${k.prefix}…</code>`} are refused from now on.`} ${k.last_used_at ? t`It was last used ${ago(k.last_used_at)}.` : nothing}</p>`,
    send: () => call('DELETE', `/api-keys/${k.id}/`),
    done: () => {
      toast(t`“${k.name}” is revoked.`, 'good');
      list.load();
    },
  });
}
