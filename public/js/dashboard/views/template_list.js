import { html, live, repeat } from '../../vendor/lit-html.js';
import { Remote, empty, heading, pageNumber, pager, PAGE_SIZE } from './list.js';
import * as database from '../database.js';
import { choose, field } from '../form.js';
import { model, toast } from '../model.js';
import { call } from '../request.js';
import { forgetTemplates } from './template.js';
import { icon } from '../icon.js';
import { openForm } from '../dialog.js';
import { stateName } from '../words.js';

/** @typedef {import('../form.js').Form} Form */
/** @typedef {import('./template.js').Template} Template */

const list = new Remote();

/** The templates of incidents, to be made before they are needed. */
export function templates() {
  const add = html`<button type="button" class="button" @click=${() => edit()}>${icon('plus')}Make a template</button>`;
  return html`${heading('Templates', add, html`<p class="faint">Words for incidents, written while nothing burns. What stands in {{braces}} is filled in when it is used.</p>`)}
    ${list.show(`/templates/?page=${pageNumber()}&page_size=${PAGE_SIZE}`).draw((data) =>
      data.results.length
        ? html`<div class="scroll"><table class="list"><thead><tr><th scope="col">Template</th><th scope="col" class="wide-only">For</th><th scope="col"><span class="sr">Actions</span></th></tr></thead>
            <tbody>${repeat(/** @type {Template[]} */ (data.results), (t) => t.id, row)}</tbody></table></div>${pager(data)}`
        : empty('No template yet', 'Think of the last three incidents: what did you write first?', add),
    )}`;
}

/** @param {Template} t */
const row = (t) => html`<tr>
  <td class="main"><span class="strong">${t.name}</span><span class="faint block clip">${t.title}</span></td>
  <td class="wide-only faint">${t.status ? stateName(t.status) : 'Any message'}</td>
  <td class="tools"><button type="button" class="quiet-button" aria-label="Edit ${t.name}" title="Edit" @click=${() => edit(t)}>${icon('edit')}</button
    ><button type="button" class="quiet-button" aria-label="Delete ${t.name}" title="Delete" @click=${() => remove(t)}>${icon('trash')}</button></td>
</tr>`;

function afresh() {
  forgetTemplates();
  list.load();
}

/** @param {Template} [t] */
function edit(t) {
  openForm({
    key: t ? `template:${t.id}` : 'template',
    title: t ? `Edit “${t.name}”` : 'Make a template',
    action: 'Save',
    values: {
      name: t?.name ?? '',
      title: t?.title ?? '',
      body: t?.body ?? '',
      status: t?.status ?? '',
      services: t?.services.map((s) => s.id) ?? [],
    },
    body: (
      form,
    ) => html`${field(form, { name: 'name', label: 'Name', focus: true, max: 200, placeholder: 'Database is slow' })}
      ${field(form, { name: 'title', label: 'Title', optional: true, max: 200, placeholder: '{{service}} is slow' })}
      ${field(form, { name: 'body', label: 'Message', rows: 6, max: 20000, optional: true, placeholder: 'Since {{time}} … We will write again within the hour.' })}
      ${choose(form, { name: 'status', label: 'For', options: [['', 'Any message'], ...['investigating', 'identified', 'monitoring', 'resolved'].map((s) => /** @type {[string, string]} */ ([s, stateName(s)]))] })}
      ${suggested(form)}`,
    send: async ({ services, ...v }) => {
      // A suggested state that was there stays with its service.
      const body = {
        ...v,
        services: services.map((/** @type {string} */ id) => t?.services.find((s) => s.id === id) ?? { id }),
      };
      await (t
        ? call('PATCH', `/templates/${t.id}/`, { body, headers: { 'If-Match': `"${t.version}"` } })
        : call('POST', '/templates/', { body }));
      await database.remove('drafts', t ? `template:${t.id}` : 'template');
    },
    done: (form) => {
      toast(`“${form.values.name}” is saved.`, 'good');
      afresh();
    },
  });
}

/** @param {Form} form */
function suggested(form) {
  const chosen = /** @type {string[]} */ (form.values.services);
  return html`<fieldset class="field picker" aria-describedby="suggested-hint"><legend>Suggested services</legend>
    <div class="rows">${model.view?.services.map(
      (s) =>
        html`<div class="pick ${chosen.includes(s.id) ? 'on' : ''}"><label><input type="checkbox" .checked=${live(chosen.includes(s.id))} @change=${(
          /** @type {Event} */ e,
        ) =>
          form.set(
            'services',
            /** @type {HTMLInputElement} */ (e.target).checked ? [...chosen, s.id] : chosen.filter((id) => id !== s.id),
          )} /><span class="grow">${s.name}</span></label></div>`,
    )}</div>
    <p class="hint" id="suggested-hint"></p></fieldset>`;
}

/** @param {Template} t */
function remove(t) {
  openForm({
    key: `delete_template:${t.id}`,
    title: 'Delete this template?',
    action: 'Delete the template',
    danger: true,
    plain: true,
    values: {},
    body: () =>
      html`<p><strong>“${t.name}”</strong> is gone then. Incidents that were written with it keep their words.</p>`,
    send: () => call('DELETE', `/templates/${t.id}/`),
    done: afresh,
  });
}
