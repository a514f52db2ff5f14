import { html, nothing, repeat } from '../../vendor/lit-html.js';
import { Remote } from './list.js';
import { ago, exact } from '../time.js';
import { call } from '../request.js';
import { field } from '../form.js';
import { icon } from '../icon.js';
import { markdown } from '../markdown.js';
import { model, toast } from '../model.js';
import { openForm } from '../dialog.js';
import { t } from '../../language.js';

/** @typedef {{id: string, body: string, author: {id: string, name: string}, created_at: string, updated_at: string, version: number}} Note */

const list = new Remote();

/** What people of the organisation tell each other about an incident. @param {{id: string}} incident */
export function notes(incident) {
  const path = `/incidents/${encodeURIComponent(incident.id)}/notes/`;
  return html`<section class="panel" aria-labelledby="notes"><h2 id="notes">${t`Private notes`}</h2>
    <p class="faint">${t`Only members read them: no visitor, subscriber or feed.`}</p>
    ${list.show(`${path}?page_size=100`).draw((data) =>
      data.results.length
        ? html`<ol class="plain notes">${repeat(
            /** @type {Note[]} */ (data.results),
            (n) => n.id,
            (n) => row(path, n),
          )}</ol>`
        : nothing,
    )}
    <div><button type="button" class="button small" @click=${() => write(path)}>${t`Write a note`}</button></div></section>`;
}

/** @param {string} path @param {Note} n */
function row(path, n) {
  const mine = n.author.id === `user:${model.identity?.user.id}`;
  return html`<li><p class="facts"><span class="strong">${n.author.name}</span><time class="faint" title=${exact(n.created_at)}>${ago(n.created_at)}</time>${n.version > 1 ? html`<span class="faint" title=${exact(n.updated_at)}>${t`changed`}</span>` : nothing}${
    mine
      ? html`<button type="button" class="quiet-button small" aria-label=${t`Edit your note of ${exact(n.created_at)}`} title=${t`Edit`} @click=${() => write(path, n)}>${icon('edit')}</button
        ><button type="button" class="quiet-button small" aria-label=${t`Delete your note of ${exact(n.created_at)}`} title=${t`Delete`} @click=${() => remove(path, n)}>${icon('trash')}</button>`
      : nothing
  }</p>${markdown(n.body)}</li>`;
}

/** @param {string} path @param {Note} [n] */
function write(path, n) {
  openForm({
    key: n ? `note:${n.id}` : `note:${path}`,
    title: n ? t`Edit your note` : t`Write a private note`,
    action: t`Save`,
    values: { body: n?.body ?? '' },
    body: (form) =>
      field(form, {
        name: 'body',
        label: t`Note`,
        rows: 6,
        max: 20000,
        focus: true,
        hint: t`Markdown. Only members read it; the audit log keeps it.`,
      }),
    send: (v, form) =>
      n
        ? call('PATCH', `${path}${n.id}/`, { body: v, headers: { 'If-Match': `"${n.version}"` } })
        : call('POST', path, { body: { id: form.ids.id, ...v } }),
    done: async (form) => {
      await form.discard();
      toast(t`Your note is saved.`, 'good');
      list.load();
    },
  });
}

/** @param {string} path @param {Note} n */
function remove(path, n) {
  openForm({
    key: `delete_note:${n.id}`,
    title: t`Delete your note?`,
    action: t`Delete the note`,
    danger: true,
    plain: true,
    values: {},
    body: () => html`<p>${t`Your note of ${exact(n.created_at)} is gone then. The audit log keeps what it said.`}</p>`,
    send: () => call('DELETE', `${path}${n.id}/`),
    done: () => list.load(),
  });
}
