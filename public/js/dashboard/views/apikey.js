import { html, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, heading, pageNumber, pager } from './list.js';
import { choose, field } from '../form.js';
import { secret } from './secret.js';
import { openForm, openSheet } from '../dialog.js';
import { ago, exact, fromInput } from '../time.js';
import { call } from '../request.js';
import { icon } from '../icon.js';
import { toast } from '../model.js';

/** @typedef {{id: string, name: string, prefix: string, scopes: string[], created_at: string, expires_at: string|null, last_used_at: string|null}} Key */

const list = new Remote();

export function keys() {
  const add = html`<button type="button" class="button" @click=${addKey}>${icon('plus')}Make a key</button>`;
  return html`${heading('API keys', add, html`<p class="faint">For programs. A key acts for the organisation, not for a person. <a href="/api/docs" target="_blank" rel="noopener">How to use it</a></p>`)}
    ${list.show(`/api-keys/?page=${pageNumber()}&page_size=${PAGE_SIZE}`).draw((data) =>
      data.results.length
        ? html`<div class="scroll"><table class="list"><thead><tr><th scope="col">Key</th><th scope="col">May</th><th scope="col" class="wide-only">Last used</th><th scope="col" class="wide-only">Ends</th><th scope="col"><span class="sr">Actions</span></th></tr></thead>
            <tbody>${repeat(data.results, (k) => k.id, row)}</tbody></table></div>${pager(data)}`
        : empty('No key yet', 'Make one for each program that reports here, so that each can be revoked alone.', add))}`;
}

/** @param {Key} k */
const row = (k) => html`<tr>
  <td class="main"><span class="strong">${k.name}</span><code class="faint block">${k.prefix}…</code></td>
  <td>${k.scopes.includes('write') ? 'Read and write' : 'Read'}</td>
  <td class="wide-only faint nowrap">${k.last_used_at ? html`<time title=${exact(k.last_used_at)}>${ago(k.last_used_at)}</time>` : 'Never'}</td>
  <td class="wide-only faint nowrap">${k.expires_at ? html`<time title=${exact(k.expires_at)}>${ago(k.expires_at)}</time>` : 'Never'}</td>
  <td class="tools"><button type="button" class="quiet-button" aria-label="Revoke ${k.name}" title="Revoke" @click=${() => revoke(k)}>${icon('trash')}</button></td>
</tr>`;

function addKey() {
  /** @type {any} */
  let made;
  openForm({
    key: 'api_key',
    title: 'Make an API key',
    action: 'Make the key',
    plain: true,
    values: { name: '', scope: 'write', expires: '' },
    body: (form) => html`${field(form, { name: 'name', label: 'Name', focus: true, max: 200, placeholder: 'Monitoring', hint: 'What uses it.' })}
      ${choose(form, { name: 'scope', label: 'May', options: [['write', 'Read and write'], ['read', 'Read only']] })}
      ${field(form, { name: 'expires', label: 'Ends', type: 'datetime-local', optional: true })}`,
    send: async (v) => {
      const expires = fromInput(v.expires);
      const { data } = await call('POST', '/api-keys/', { body: { name: v.name, scopes: v.scope === 'write' ? ['read', 'write'] : ['read'], ...(expires ? { expires_at: expires } : {}) } });
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
    body: () => html`<p>Programs that use <code>${k.prefix}…</code> are refused from now on. ${k.last_used_at ? `It was last used ${ago(k.last_used_at)}.` : nothing}</p>`,
    send: () => call('DELETE', `/api-keys/${k.id}/`),
    done: () => {
      toast(`“${k.name}” is revoked.`, 'good');
      list.load();
    },
  });
}
