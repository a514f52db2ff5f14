import { html, repeat } from '../../vendor/lit-html.js';
import { Remote, empty, heading, pageNumber, pager, PAGE_SIZE } from './list.js';
import * as database from '../database.js';
import { choose, field } from '../form.js';
import { toast } from '../model.js';
import { call } from '../request.js';
import { chooseServices } from './picker.js';
import { forgetTemplates } from './template.js';
import { icon } from '../icon.js';
import { openForm } from '../dialog.js';
import { stateName } from '../words.js';
import { t } from '../../language.js';

/** @typedef {import('./template.js').Template} Template */

const list = new Remote();

/** The templates of incidents, to be made before they are needed. */
export function templates() {
  const add = html`<button type="button" class="button" @click=${() => edit()}>${icon('plus')}${t`Make a template`}</button>`;
  return html`${heading(t`Templates`, add, html`<p class="faint">${t`Words for incidents, written while nothing burns. What stands in {{braces}} is filled in when it is used.`}</p>`)}
    ${list.show(`/templates/?page=${pageNumber()}&page_size=${PAGE_SIZE}`).draw((data) =>
      data.results.length
        ? html`<div class="scroll"><table class="list"><thead><tr><th scope="col">${t`Template`}</th><th scope="col" class="wide-only">${t`For`}</th><th scope="col"><span class="sr">${t`Actions`}</span></th></tr></thead>
            <tbody>${repeat(/** @type {Template[]} */ (data.results), (template) => template.id, row)}</tbody></table></div>${pager(data)}`
        : empty(t`No template yet`, t`Think of the last three incidents: what did you write first?`, add),
    )}`;
}

/** @param {Template} template */
const row = (template) => html`<tr>
  <td class="main"><span class="strong">${template.name}</span><span class="faint block clip">${template.title}</span></td>
  <td class="wide-only faint">${template.status ? stateName(template.status) : t`Any message`}</td>
  <td class="tools"><button type="button" class="quiet-button" aria-label=${t`Edit ${template.name}`} title=${t`Edit`} @click=${() => edit(template)}>${icon('edit')}</button
    ><button type="button" class="quiet-button" aria-label=${t`Delete ${template.name}`} title=${t`Delete`} @click=${() => remove(template)}>${icon('trash')}</button></td>
</tr>`;

function afresh() {
  forgetTemplates();
  list.load();
}

/** @param {Template} [template] */
function edit(template) {
  openForm({
    key: template ? `template:${template.id}` : 'template',
    title: template ? t`Edit “${template.name}”` : t`Make a template`,
    action: t`Save`,
    values: {
      name: template?.name ?? '',
      title: template?.title ?? '',
      body: template?.body ?? '',
      status: template?.status ?? '',
      services: template?.services.map((s) => s.id) ?? [],
    },
    body: (
      form,
    ) => html`${field(form, { name: 'name', label: t`Name`, focus: true, max: 200, placeholder: t`Database is slow` })}
      ${field(form, { name: 'title', label: t`Title`, optional: true, max: 200, placeholder: t`{{service}} is slow` })}
      ${field(form, { name: 'body', label: t`Message`, rows: 6, max: 20000, optional: true, placeholder: t`Since {{time}} … We will write again within the hour.` })}
      ${choose(form, { name: 'status', label: t`For`, options: [['', t`Any message`], ...['investigating', 'identified', 'monitoring', 'resolved'].map((s) => /** @type {[string, string]} */ ([s, stateName(s)]))] })}
      ${chooseServices(form, { id: 'suggested-hint', legend: t`Suggested services` })}`,
    send: async ({ services, ...v }) => {
      // A suggested state that was there stays with its service.
      const body = {
        ...v,
        services: services.map((/** @type {string} */ id) => template?.services.find((s) => s.id === id) ?? { id }),
      };
      await (template
        ? call('PATCH', `/templates/${template.id}/`, { body, headers: { 'If-Match': `"${template.version}"` } })
        : call('POST', '/templates/', { body }));
      await database.remove('drafts', template ? `template:${template.id}` : 'template');
    },
    done: (form) => {
      toast(t`“${form.values.name}” is saved.`, 'good');
      afresh();
    },
  });
}

/** @param {Template} template */
function remove(template) {
  openForm({
    key: `delete_template:${template.id}`,
    title: t`Delete this template?`,
    action: t`Delete the template`,
    danger: true,
    plain: true,
    values: {},
    body: () =>
      html`<p><strong>“${template.name}”</strong> ${t`is gone then. Incidents that were written with it keep their words.`}</p>`,
    send: () => call('DELETE', `/templates/${template.id}/`),
    done: afresh,
  });
}
