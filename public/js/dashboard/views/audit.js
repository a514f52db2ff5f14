import { html, live, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, heading, pageNumber, pager } from './list.js';
import { ago, exact, fromInput, short, toInput } from '../time.js';
import { download } from '../request.js';
import { icon } from '../icon.js';
import { go, route, withQuery } from '../router.js';
import { toast } from '../model.js';
import { deed, sentence } from '../words.js';
import { t } from '../../language.js';

/**
 * @typedef {object} Entry
 * @property {number} id
 * @property {string} at
 * @property {{kind: string, id: string, name: string}} actor
 * @property {string} action
 * @property {{kind: string, id: string}} object
 * @property {string} [address]
 * @property {any} [before]
 * @property {any} [after]
 * @property {boolean} [abridged]
 */

const list = new Remote();
const people = new Remote();

/** Members of an object that say nothing to a reader of the log. */
const dull = new Set([
  'id',
  'version',
  'updated_at',
  'created_at',
  'status_display',
  'service',
  'from_state',
  'to_state',
  'position',
]);

export function audit() {
  const { query } = route();
  const ask = new URLSearchParams({ page: String(pageNumber()), page_size: String(PAGE_SIZE) });
  for (const name of ['actor', 'object', 'since']) if (query.get(name)) ask.set(name, query.get(name) ?? '');
  const filtered = ['actor', 'object', 'since'].some((n) => query.get(n));
  return html`${heading(t`Audit log`, save(ask), html`<p class="faint">${t`Every change that was accepted: who, when, from where, and what it was before.`}</p>`)}
    <div class="filters">
      ${
        people.show('/members/?page_size=100').data
          ? html`<select aria-label=${t`Who`} @change=${(/** @type {Event} */ e) => go(withQuery({ actor: /** @type {HTMLSelectElement} */ (e.target).value, page: '' }))}>
            <option value="" .selected=${live(!query.get('actor'))}>${t`Anybody`}</option>
            ${people.data?.results.filter((m) => m.state !== 'offered').map((m) => html`<option value=${m.id} .selected=${live(query.get('actor') === m.id)}>${m.name || m.email}</option>`)}
            <option value="system" .selected=${live(query.get('actor') === 'system')}>${t`By itself`}</option></select>`
          : nothing
      }
      <label class="inline-label">${t`Since`} <input type="datetime-local" .value=${live(query.get('since') ? toInput(query.get('since') ?? '') : '')} @change=${(/** @type {Event} */ e) => go(withQuery({ since: fromInput(/** @type {HTMLInputElement} */ (e.target).value) ?? '', page: '' }))} /></label>
      ${query.get('object') ? html`<span class="chip">${t`One object`} <a href=${withQuery({ object: '', page: '' })} aria-label=${t`Show all objects`}>×</a></span>` : nothing}
      ${filtered ? html`<a class="link" href="/dashboard/audit">${t`Show all`}</a>` : nothing}
    </div>
    ${list
      .show(`/audit-log/?${ask}`)
      .draw((data) =>
        data.results.length
          ? html`<div class="scroll"><table class="list audit"><thead><tr><th scope="col">${t`When`}</th><th scope="col">${t`Who`}</th><th scope="col">${t`What`}</th></tr></thead><tbody>${repeat(data.results, (e) => e.id, row)}</tbody></table></div>${pager(data)}`
          : empty(
              t`Nothing found`,
              filtered ? t`No change is like that.` : t`Changes will stand here from the first one on.`,
            ),
      )}`;
}

/** What is shown, in all its pages, as a file. @param {URLSearchParams} ask */
function save(ask) {
  return ['csv', 'jsonl'].map(
    (format) =>
      html`<button type="button" class="button small" @click=${async () => {
        const all = new URLSearchParams(ask);
        for (const name of ['page', 'page_size']) all.delete(name);
        all.set('format', format);
        try {
          await download(`/audit-log/?${all}`, `audit-log.${format}`);
        } catch (error) {
          toast(t`Not saved. ${/** @type {Error} */ (error).message}`, 'bad');
        }
      }}>${icon('down')}${format === 'csv' ? 'CSV' : t`JSON lines`}</button>`,
  );
}

/** @param {Entry} e */
function row(e) {
  const before = parsed(e.before);
  const after = parsed(e.after);
  const name = after?.title ?? after?.name ?? before?.title ?? before?.name ?? '';
  return html`<tr>
    <td class="nowrap top"><time title=${ago(e.at)}>${short(e.at)}</time></td>
    <td class="top"><span class="clip">${e.actor.name || e.actor.id}</span>${e.actor.kind === 'key' ? html` <span class="faint">${t`key`}</span>` : nothing}<span class="faint block">${e.address}</span></td>
    <td class="main top"><details><summary><span class="faint">${deed(e.action)}</span> ${name ? html`<span class="strong">${name}</span>` : nothing}</summary>
      ${difference(before, after)}
      ${e.abridged ? html`<p class="faint">${t`This is a long one: of its timeline only what changed is shown here.`}</p>` : nothing}
      <p><a href=${withQuery({ object: e.object.id, page: '' })}>${t`Everything about this object`}</a></p></details></td>
  </tr>`;
}

/** @param {any} value */
function parsed(value) {
  if (typeof value !== 'string') return value ?? null;
  try {
    return value ? JSON.parse(value) : null;
  } catch {
    return null;
  }
}

/** @param {any} before @param {any} after */
function difference(before, after) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(
    (n) => !dull.has(n) && words(before?.[n]) !== words(after?.[n]),
  );
  if (!names.length) return html`<p class="faint">${t`Nothing to compare.`}</p>`;
  return html`<table class="both"><thead><tr><th scope="col"><span class="sr">${t`Field`}</span></th><th scope="col">${t`Before`}</th><th scope="col">${t`After`}</th></tr></thead>
    <tbody>${names.map((n) => html`<tr><th scope="row">${sentence(n)}</th><td>${words(before?.[n]) || '–'}</td><td>${words(after?.[n]) || '–'}</td></tr>`)}</tbody></table>`;
}

/** @param {any} value @returns {string} */
function words(value) {
  if (value === null || value === undefined || value === '') return '';
  if (Array.isArray(value))
    return value
      .map((v) =>
        typeof v === 'object'
          ? [v.name ?? v.status_display ?? '', v.to_state ?? v.body ?? ''].filter(Boolean).join(': ')
          : String(v),
      )
      .join('; ');
  if (typeof value === 'object') return Object.values(value).join(' ');
  return /^\d{4}-\d\d-\d\dT/.test(String(value)) ? exact(value) : String(value);
}
